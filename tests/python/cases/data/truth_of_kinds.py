"""Conditions on objects of many types at one place, in loops that see one type first."""


class Sized:
    def __len__(self):
        return 2


class Int(int):
    def __bool__(self):
        return False


def count(values):
    true = 0
    for value in values:
        if value:
            true += 1
        if not value:
            true += 100
    return true


def until_false(values):
    seen = []
    value = values[0]
    while value:
        seen.append(value)
        value = values[len(seen)]
    return seen, value


def negated(values):
    return [not value for value in values]


BIG = 1 << 80
KINDS = [
    [1, 2, 0, -3, BIG, -BIG, 1 << 30, 1 << 62],
    [1.5, 0.0, -0.0, float("nan"), 2],
    ["", "a", "ä", "\u4e2d", ""],
    [[], [0], (), (0,), [[]]],
    [{}, {1: 2}, set(), {0}, frozenset()],
    [None, True, False, b"", b"x", range(0), range(1)],
    [Sized(), Int(5), object(), 3, Int(0)],
]

for kind in KINDS:
    print(count(kind * 5), negated(kind))
    for _ in range(3):
        print(count(kind))
mixed = [value for kind in KINDS for value in kind]
print(count(mixed), count(mixed[::-1]))
print(until_false([3, BIG, 1, 0]), until_false(["a", "b", ""]), until_false([[1], (2,), {3: 4}, []]))
print(until_false([1.0, 2, "x", None]))


class Raises:
    def __bool__(self):
        raise ValueError("no truth")


for values in ([1, 2, Raises()], ["a", Raises()]):
    try:
        count(values)
    except ValueError as error:
        print(error, error.__traceback__.tb_next.tb_lineno)


def shrink(items):
    turns = 0
    while items:
        items.pop()
        turns += 1
    return turns


print(shrink([1, 2, 3]), shrink({1, 2}), shrink(list(range(50))))
