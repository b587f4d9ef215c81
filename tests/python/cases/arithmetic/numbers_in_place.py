"""A float that is overwritten must not be seen to change by anyone who still holds it."""
from support import warm


def share(x, n):
    kept = []
    value = x
    for _ in range(n):
        kept.append(value)
        value = value + 0.25
        value *= 1.5
    return kept, value


warm(share, 1.0, 4)


class Point:
    def __init__(self, x):
        self.x = x


def move(point, n):
    seen = [point.x]
    for _ in range(n):
        point.x += 0.5
        seen.append(point.x)
        point.x = point.x * 2.0
    return seen


def check():
    start = 1.0
    point = Point(start)
    seen = move(point, 5)
    return start, seen, point.x


warm(check)


def in_list(values, n):
    first = values[0]
    for _ in range(n):
        values[0] = values[0] + 1.0
        values[1] -= values[0] * 0.5
    return first, values


def check_list():
    one = 1.0
    return in_list([one, one], 6), one


warm(check_list)


def constants(n):
    value = 1.5
    for _ in range(n):
        value += 1.0
    return value, 1.5, 1.0


warm(constants, 3)
print(constants(100), constants(0))


def arguments(a, b=2.5):
    a += b
    b += a
    return a, b


warm(arguments, 1.0)
print(arguments.__defaults__)


def closure():
    total = 0.0
    history = []

    def step(x):
        nonlocal total
        history.append(total)
        total += x
        return total

    for index in range(5):
        step(index * 0.5)
    return history, total


warm(closure)
