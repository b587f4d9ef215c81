"""Sun and planets under Newton's law, step by step: `cargo xtask demo` runs it both ways.

    python planets.py           prints the energy of the system and the time it took
    python planets.py --code    prints the machine code that Cevalry makes of the hot loop
"""

import sys
import time

YEARS = 100
STEPS_A_YEAR = 3000

# Position, velocity and mass of each body: sun, Jupiter, Saturn.
BODIES = [
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 39.47841760435743],
    [4.841431442464721, -1.1603200440274284, -0.10362204447112311,
     0.606326392995832, 2.81198684491626, -0.02521836165988763, 0.03769367487038949],
    [8.34336671824458, 4.124798564124305, -0.4035234171143214,
     -1.0107743461787924, 1.8256623712304119, 0.008415761376584154, 0.011286326131968767],
]


def advance(bodies, pairs, steps, dt):
    """Move all bodies through `steps` steps of `dt` years."""
    for _ in range(steps):
        for a, b in pairs:
            dx = a[0] - b[0]
            dy = a[1] - b[1]
            dz = a[2] - b[2]
            square = dx * dx + dy * dy + dz * dz
            pull = dt / (square * square**0.5)
            a[3] -= dx * b[6] * pull
            a[4] -= dy * b[6] * pull
            a[5] -= dz * b[6] * pull
            b[3] += dx * a[6] * pull
            b[4] += dy * a[6] * pull
            b[5] += dz * a[6] * pull
        for body in bodies:
            body[0] += dt * body[3]
            body[1] += dt * body[4]
            body[2] += dt * body[5]


def energy(bodies, pairs):
    """Kinetic and potential energy of the system."""
    total = 0.0
    for x, y, z, vx, vy, vz, mass in bodies:
        total += 0.5 * mass * (vx * vx + vy * vy + vz * vz)
    for a, b in pairs:
        distance = sum((a[axis] - b[axis]) ** 2 for axis in range(3)) ** 0.5
        total -= a[6] * b[6] / distance
    return total


def main():
    pairs = [(a, b) for index, a in enumerate(BODIES) for b in BODIES[index + 1 :]]
    if "--code" in sys.argv:
        import cevalry

        # The interpreter goes first: compiled code follows the types that it has met.
        advance(BODIES, pairs, 1000, 0.001)
        compiled = cevalry.compile(advance)
        compiled(BODIES, pairs, 1000, 0.001)
        print(cevalry.disassemble(compiled, hot=True))
        return
    start = time.perf_counter()
    for _ in range(YEARS):
        advance(BODIES, pairs, STEPS_A_YEAR, 1 / STEPS_A_YEAR)
    seconds = time.perf_counter() - start
    print("energy %.9f" % energy(BODIES, pairs))
    print("%.3f s" % seconds)


if __name__ == "__main__":
    main()
