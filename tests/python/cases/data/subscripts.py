"""Reading by subscript: every container, every kind of index, in range and out of it."""
from support import mixed, warm


def item(container, index):
    return container[index]


def pair(container, i, j):
    return container[i][j]


def walk(values):
    total = 0
    for index in range(len(values)):
        total += values[index] * values[-1 - index]
    return total


class Getter:
    def __getitem__(self, index):
        return ("got", index)


class Deep:
    def __getitem__(self, index):
        return self.__missing__(index, "default")

    def __missing__(self, index, extra):
        return index, extra


class Missing(dict):
    def __missing__(self, key):
        return "missing " + repr(key)


class Short(list):
    pass


class Index:
    def __index__(self):
        return 1


class BadKey:
    def __hash__(self):
        raise RuntimeError("no hash")


LIST = [10, 20.5, "thirty"]
TUPLE = (10, 20.5, "thirty")
DICT = {0: "zero", "a": 1, 1.5: "float", None: "none"}
ROWS = [(LIST, 0), (LIST, -1), (LIST, 2), (LIST, 3), (LIST, -4), (LIST, True), (LIST, Index()), (LIST, 2**70),
        (LIST, "a"), (LIST, slice(1, 3)), (TUPLE, 0), (TUPLE, 2), (TUPLE, -2), (TUPLE, 9), (DICT, 0), (DICT, "a"),
        (DICT, "b"), (DICT, []), (DICT, BadKey()), ("text", 1), ("text", -1), ("text", 9), ("héllo", 1), ("\u1234x", 0),
        (b"bytes", 0), (bytearray(b"ab"), 1), (Getter(), 4), (Deep(), 4), (Missing(), 3), (Short([1, 2]), 0), (range(5), 2),
        (list, int), (None, 0), (LIST, 256), (LIST, 300)]
for start in (0, 6, 10, 14, 19, 22, 26, 28):
    print("main row", start)
    mixed(item, ROWS[start], *(row for number, row in enumerate(ROWS) if number % 3 == start % 3))
mixed(pair, ([[1, 2], [3, 4]], 1, 0), (((1, 2), [3, 4]), 0, 1), ({0: {1: 5}}, 0, 1), ("ab", 0, 0), ([[]], 0, 0))
mixed(walk, ([1, 2, 3],), ((1.5, 2.5),), ([2**40, 2**50],), ([],), ([1, 2.5, True],))


def generic(kind):
    return kind[int], kind[str, int]


warm(generic, dict)
print(generic(dict), generic(tuple))
