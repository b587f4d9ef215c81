"""Small whole programs of the kinds that people run."""
import heapq
import json
import random
import re
from collections import Counter, defaultdict, namedtuple


def nbody(steps):
    bodies = [
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 39.47841760435743),
        ([4.84143144246472090, -1.16032004402742839, -0.103622044471123109], [0.606326392995832, 2.81198684491626, -0.02521836165988763], 0.03769367487038949),
        ([8.34336671824457987, 4.12479856412430479, -0.403523417114321381], [-1.01077434617879, 1.82566237123041, 0.00841576137658415], 0.01128632613),
    ]
    for _ in range(steps):
        for index, (position, velocity, mass) in enumerate(bodies):
            for other, (position2, velocity2, mass2) in enumerate(bodies):
                if other <= index:
                    continue
                dx = position[0] - position2[0]
                dy = position[1] - position2[1]
                dz = position[2] - position2[2]
                mag = 0.001 * ((dx * dx + dy * dy + dz * dz) ** -1.5)
                velocity[0] -= dx * mass2 * mag
                velocity[1] -= dy * mass2 * mag
                velocity[2] -= dz * mass2 * mag
                velocity2[0] += dx * mass * mag
                velocity2[1] += dy * mass * mag
                velocity2[2] += dz * mass * mag
        for position, (vx, vy, vz), mass in bodies:
            position[0] += 0.001 * vx
            position[1] += 0.001 * vy
            position[2] += 0.001 * vz
    return bodies


def spectral(n):
    def element(i, j):
        return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(u):
        return [sum(element(i, j) * u_j for j, u_j in enumerate(u)) for i in range(n)]

    u = [1.0] * n
    for _ in range(3):
        u = times(u)
    return u[0], u[-1]


def fannkuch(n):
    count = list(range(1, n + 1))
    best = 0
    permutation = list(range(n))
    r = n
    while True:
        while r != 1:
            count[r - 1] = r
            r -= 1
        if permutation[0] != 0:
            flips = 0
            current = permutation[:]
            k = current[0]
            while k:
                current[: k + 1] = current[k::-1]
                flips += 1
                k = current[0]
            best = max(best, flips)
        while r != n:
            permutation.insert(r, permutation.pop(0))
            count[r] -= 1
            if count[r] > 0:
                break
            r += 1
        else:
            return best
        r += 1 if r == n else 0


def queens(n):
    def place(row, columns, left, right):
        if row == n:
            return 1
        found = 0
        for column in range(n):
            if column not in columns and row + column not in left and row - column not in right:
                found += place(row + 1, columns | {column}, left | {row + column}, right | {row - column})
        return found

    return place(0, frozenset(), frozenset(), frozenset())


def mandelbrot(size):
    rows = []
    for y in range(size):
        row = ""
        for x in range(size):
            z = 0j
            c = complex(2.0 * x / size - 1.5, 2.0 * y / size - 1.0)
            for turn in range(20):
                if abs(z) > 2.0:
                    break
                z = z * z + c
            row += " .:-=+*#%@"[turn // 2]
        rows.append(row)
    return rows


def dijkstra():
    graph = defaultdict(list)
    rng = random.Random(5)
    for _ in range(300):
        graph[rng.randrange(60)].append((rng.randrange(60), rng.random()))
    distances = {0: 0.0}
    heap = [(0.0, 0)]
    while heap:
        distance, node = heapq.heappop(heap)
        if distance > distances.get(node, float("inf")):
            continue
        for following, weight in graph[node]:
            candidate = distance + weight
            if candidate < distances.get(following, float("inf")):
                distances[following] = candidate
                heapq.heappush(heap, (candidate, following))
    return sorted(distances.items())[:10]


def tokens(text):
    pattern = re.compile(r"\s*(?:(\d+\.?\d*)|(.))")
    return [(float(number) if number else None, operator) for number, operator in pattern.findall(text)]


class Parser:
    def __init__(self, text):
        self.tokens = tokens(text)
        self.place = 0

    def peek(self):
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            operator = self.peek()
            self.place += 1
            right = self.product()
            value = value + right if operator == "+" else value - right
        return value

    def product(self):
        value = self.atom()
        while self.peek() and self.peek() in "*/":
            operator = self.peek()
            self.place += 1
            right = self.atom()
            value = value * right if operator == "*" else value / right
        return value

    def atom(self):
        number, operator = self.tokens[self.place]
        self.place += 1
        if number is not None:
            return number
        if operator == "(":
            value = self.sum()
            self.place += 1
            return value
        if operator == "-":
            return -self.atom()
        raise SyntaxError(operator)


Card = namedtuple("Card", "suit rank")


def cards():
    rng = random.Random(3)
    deck = [Card(suit, rank) for suit in "SHDC" for rank in range(13)]
    rng.shuffle(deck)
    hands = [sorted(deck[index::4]) for index in range(4)]
    return hands[0], Counter(card.suit for card in deck[:20])


class Life:
    def __init__(self, cells):
        self.cells = set(cells)

    def step(self):
        neighbours = Counter((x + dx, y + dy) for x, y in self.cells for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
        self.cells = {cell for cell, count in neighbours.items() if count == 3 or count == 2 and cell in self.cells}
        return self


def life():
    world = Life([(1, 0), (2, 1), (0, 2), (1, 2), (2, 2)])
    for _ in range(20):
        world.step()
    return sorted(world.cells)


def sort(values):
    if len(values) < 2:
        return values
    pivot, *rest = values
    return sort([v for v in rest if v < pivot]) + [pivot] + sort([v for v in rest if v >= pivot])


def sieve(n):
    flags = [True] * (n + 1)
    flags[0] = flags[1] = False
    for i in range(2, int(n**0.5) + 1):
        if flags[i]:
            flags[i * i :: i] = [False] * len(flags[i * i :: i])
    return sum(flags)


def hash_of(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


print(nbody(100))
print(spectral(20))
print(fannkuch(6))
print(queens(6))
print("\n".join(mandelbrot(24)))
print(dijkstra())
print(Parser("2 * (3 + 4) - -5 / (1 + 1)").sum())
print(cards())
print(life())
print(sort([5, 3, 9, 1, 5, 2.5, 7]))
print(sieve(5000))
print(hash_of(bytes(range(256)) * 4))
print(json.dumps(json.loads('{"a": [1, 2.5, null, true], "b": {"c": "text"}}'), indent=1, sort_keys=True))
for _ in range(20):
    nbody(2), spectral(5), fannkuch(4), queens(4), life(), cards(), Parser("1+2*3").sum(), sort([3, 1, 2]), sieve(50)
print(nbody(3)[0][0], spectral(6), fannkuch(5), queens(5), sort(list(range(40, 0, -1)))[:3])
