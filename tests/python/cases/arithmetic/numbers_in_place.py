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


def look(*seen):
    return len(seen)


def ints_kept(start, step, n):
    kept = []
    value = start
    for _ in range(n):
        kept.append(value)
        look()
        value += step
        look(value)
        value -= 1
        look()
    return kept, value


for start in (1000, 250, -3, -1000, (1 << 30) - 4, 1 << 30, -(1 << 30), 1 << 60):
    for step in (2, -1, 300, -300, 1 << 29):
        warm(ints_kept, start, step, 6)


def counted(n, kept):
    total = 300
    for index in range(n):
        look()
        total += index
        if index % 3 == 0:
            kept.append(index)
            kept.append(total)
        look(index, total)
    return total


def check_counted():
    kept = []
    return counted(1300, kept), kept[:8], kept[-8:], sum(kept)


warm(check_counted)


def shared_numbers(n):
    same = 0
    for index in range(-20, n):
        look()
        copy = int(str(index))
        look()
        same += copy is index
    return same


warm(shared_numbers, 300)


def frames_see(n):
    import sys

    def caller():
        return sys._getframe(1).f_locals["index"]

    seen = []
    for index in range(1000, 1000 + n):
        look()
        seen.append(caller())
        look(index)
    return seen


warm(frames_see, 6)


def default_is_kept(value=12345):
    before = value
    for _ in range(4):
        look()
        value += 1
        look()
    return before, value


warm(default_is_kept)
print(default_is_kept.__defaults__, default_is_kept.__code__.co_consts)


def counts(n):
    import sys

    seen = []
    for index in range(2000, 2000 + n):
        look()
        seen.append(sys.getrefcount(index))
        other = index
        seen.append(sys.getrefcount(index))
        del other
    return seen


warm(counts, 5)
