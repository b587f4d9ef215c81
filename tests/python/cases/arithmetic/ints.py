"""Integer arithmetic: digits, overflow of every machine width, and types that look like int."""
from support import mixed, warm


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def chain(a, b):
    return a * b + a - b + 1


class Whole(int):
    def __add__(self, other):
        return "Whole.__add__"

    def __rmul__(self, other):
        return "Whole.__rmul__"


EDGES = [0, 1, -1, 255, 256, 257, -5, -6, 2**15, 2**30 - 1, 2**30, -(2**30), 2**31, 2**60 - 1, 2**60, 2**62 - 1,
         2**62, -(2**62), 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30]

for function in (add, subtract, multiply, chain):
    warm(function, 3, 4)
    for a in EDGES:
        for b in EDGES:
            print(function.__name__, a, b, function(a, b))
    mixed(function, (3, 4), (2.5, 0.5), (True, 2), (2**70, 1), (1 + 2j, 1), (Whole(5), 2), (2, Whole(5)))
    mixed(function, (3, None), (3, 4), ("x", 3))


def total(n, step):
    result = 0
    for index in range(n):
        result += index * step
    return result


warm(total, 50, 1)
for step in (1, 2**20, 2**31, 2**55, 2**58, 2**63, 2**100, -1, -(2**60), 0.5, True):
    print(step, total(1000, step))


def grow(start, times):
    values = []
    for _ in range(times):
        values.append(start)
        start = start * 3 - 1
    return values


warm(grow, 1, 10)
print(grow(1, 100))
print(grow(-7, 60))


def count_down(n):
    steps = 0
    while n:
        n -= 1
        steps += 1
    return steps


warm(count_down, 5)
print(count_down(5000))
print(count_down(True))
