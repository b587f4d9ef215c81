"""Float arithmetic: signed zeros, infinities, NaN, and mixtures with other numbers."""
import math

from support import describe, mixed, warm


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def divide(a, b):
    return a / b


def poly(x, y):
    return x * x * y + x / 3.0 - y * 2.0 + 1.5


class Real(float):
    def __sub__(self, other):
        return "Real.__sub__"


INF = float("inf")
NAN = float("nan")
EDGES = [0.0, -0.0, 1.0, -1.5, 1e308, 5e-324, INF, -INF, NAN, 3, 2**53 + 1, True]

for function in (add, subtract, multiply, divide, poly):
    warm(function, 1.5, 2.5)
    for a in EDGES:
        for b in EDGES:
            try:
                print(function.__name__, a, b, describe(function(a, b)))
            except ArithmeticError as error:
                print(function.__name__, a, b, type(error).__name__, error)
    mixed(function, (1.5, 2.5), (1, 2), (1.5, 2), (2, 1.5), (2**1030, 1.0), (Real(1.5), 2.0), (2.0, Real(1.5)),
          (1.5, "x"), (None, 1.5))


def orbit(steps, dt):
    x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
    for _ in range(steps):
        r3 = (x * x + y * y) ** 1.5
        vx -= dt * x / r3
        vy -= dt * y / r3
        x += dt * vx
        y += dt * vy
    return x, y, vx, vy


warm(orbit, 20, 0.01)
print(orbit(5000, 0.01))


def running(values):
    total = 0.0
    largest = -INF
    for value in values:
        total += value
        if value > largest:
            largest = value
    return total, largest


warm(running, [1.5, 2.5])
print(running([0.1] * 1000))
print(running([1.0, 2, 3.5, True, 2**80]))
print(running([NAN, 1.0, INF]))


def keep(x):
    a = x + 1.0
    b = a
    a = a * 2.0
    return a, b, x


warm(keep, 1.0)
print(keep(5e-324), keep(-0.0), math.copysign(1, keep(-1.0)[1]))


def swap(x, y, n):
    for _ in range(n):
        x, y = y, x + y * 0.5
    return x, y


warm(swap, 1.0, 2.0, 5)
print(swap(1.0, 2.0, 200), swap(1, 2, 10))
