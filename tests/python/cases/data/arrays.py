"""Subscripts of arrays of numbers: every item type, every kind of index and value."""
from array import array

from support import mixed, warm


def item(values, index):
    return values[index]


def first_and_last(values):
    return values[0], values[-1], values[-2]


def put(values, index, value):
    values[index] = value
    return values.tolist()


def total(values, n):
    result = 0
    for i in range(n):
        result = result + values[i]
    return result


def scale(values, factor):
    for i in range(len(values)):
        values[i] *= factor
        values[i] += i
    return values.tolist()


class Own(array):
    def __getitem__(self, index):
        return "own", index


class Plain(array):
    pass


FLOATS = array("d", [0.5, -0.0, float("inf"), 1e300])
INTS = {code: array(code, [0, 1, 100, 127]) for code in "bBhHiIlLqQ"}
SIGNED = {code: array(code, [-1, -128, 127]) for code in "bhilq"}
WIDE = array("q", [2**63 - 1, -2**63, 2**62, 2**30, -2**30, 2**60])
OTHERS = [array("f", [0.1, 2.5]), array("u", "text"), Own("d", [1.0]), Plain("i", [5, 6]), array("d")]
ARRAYS = [FLOATS, *INTS.values(), *SIGNED.values(), WIDE, *OTHERS]

for values in ARRAYS:
    warm(item, values, 0)
for values in ARRAYS:
    for index in (0, 1, -1, len(values) - 1, len(values), -len(values), -len(values) - 1, 2**31, 2**40, -2**40, 2**64,
                  True, 1.0, "x", None, slice(1, 3)):
        mixed(item, [(values, index)])
mixed(item, [(values, 0) for values in ARRAYS * 3])
mixed(first_and_last, [(values,) for values in [FLOATS, *SIGNED.values(), WIDE, array("d", [1.0]), (1, 2, 3), [1, 2], "abc"]])
mixed(total, [(FLOATS, 2), (INTS["i"], 4), (INTS["B"], 4), (WIDE, 6), (WIDE, 7), ([1, 2.5, 3], 3), ((1, 2), 2)] * 3)

for code in "bBhHiIlLqQdf":
    warm(put, array(code, [1, 2, 3]), 1, 7)
    for value in (0, -1, 127, 128, 255, 256, -129, 2**15, -2**15 - 1, 2**16, 2**31 - 1, 2**31, 2**32, -2**31 - 1, 2**63 - 1,
                  2**63, -2**63 - 1, 2**80, 0.5, True, "x", None):
        for index in (1, -1, 3):
            mixed(put, [(array(code, [1, 2, 3]), index, value)])
mixed(scale, [(array("d", [1, 2, 3]), 0.5), (array("i", [1, 2, 3]), 2), (array("i", [1, 2, 3]), 0.5), (array("b", [60, 2]), 3),
              ([1, 2.0, 3], 2), (array("d", [1, 2]), 3)] * 3)


def shrink(values):
    """The array gets shorter, and its items move, while it is walked over."""
    seen = []
    for i in range(len(values)):
        seen.append(values[i])
        if i % 3 == 0:
            values.pop()
        if i % 5 == 0:
            values.extend([i] * 40)
            del values[6:]
    return seen


for _ in range(8):
    mixed(shrink, [(array("d", range(6)),), (array("i", range(6)),)])


class Breaker:
    def __init__(self, values):
        self.values = values

    def __float__(self):
        del self.values[:]
        return 1.5


def surprise(make):
    values = array("d", [1, 2, 3])
    values[1] = make(values)
    return values.tolist()


mixed(surprise, [(lambda values: 2.5,)] * 4 + [(Breaker,)] * 4 + [(lambda values: 3,)] * 4)


def exported(values):
    with memoryview(values) as view:
        values[0] = 8
        out = view[0], values[0]
        view[0] = 9
        return out, values[0]


mixed(exported, [(array("i", [1, 2]),), (array("d", [1, 2]),)] * 4)
