"""Unpacking: by two, by many, with a star, nested, and of the wrong size."""
from support import mixed, warm


def two(value):
    a, b = value
    return b, a


def three(value):
    a, b, c = value
    return c, b, a


def one(value):
    (a,) = value
    return a


def nested(value):
    (a, b), [c, (d,)] = value
    return a, b, c, d


def star_middle(value):
    first, *middle, last = value
    return first, middle, last


def star_first(value):
    *head, tail = value
    return head, tail


def star_only(value):
    [*everything] = value
    return everything


def loop(pairs):
    return [a + b for a, b in pairs]


def swap3(a, b, c):
    a, b, c = c, a, b
    return a, b, c


def many(value):
    a, b, c, d, e, f, g, h = value
    return h, g, f, e, d, c, b, a


class Counted:
    def __init__(self, size):
        self.size = size

    def __iter__(self):
        for index in range(self.size):
            yield index
            print("made", index)


class Getitem:
    def __getitem__(self, index):
        if index > 1:
            raise IndexError
        return index


class Broken:
    def __iter__(self):
        return 5


VALUES = [((1, 2),), ([3, 4],), ("ab",), ({1: 2, 3: 4},), (range(2),), ((1, 2, 3),), ([1, 2, 3],), ("abc",), ((),), ([1],),
          ((1,),), ([],), (Counted(2),), (Counted(3),), (Counted(6),), (Getitem(),), (Broken(),), (None,), (5,), ((i for i in "xy"),)]
for function in (two, three, one, star_middle, star_first, star_only):
    mixed(function, *VALUES[:3], *VALUES[5:8])
    for main in (VALUES[0], VALUES[1], VALUES[5], VALUES[6], VALUES[10]):
        mixed(function, main, *VALUES[8:])
mixed(nested, (((1, 2), [3, (4,)]),), (([1, 2], (3, "d")),), (((1, 2), [3, ()]),), (((1,), [3, (4,)]),))
mixed(loop, ([(1, 2), (3, 4)],), ([[1, 2], (3.5, 4)],), ({(1, 2): 0},), ([(1, 2), (1, 2, 3)],), (["ab"],))
mixed(swap3, (1, 2, 3), (1.5, "a", None))
mixed(many, (range(8),), (list(range(8)),), (tuple("abcdefgh"),), ("abc",))


def attributes(value):
    class Box:
        pass

    Box.a, Box.b, table = *value, {}
    table["x"], *table["y"] = value
    return Box.a, Box.b, table


warm(attributes, (1, 2))


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


warm(fibonacci, 10)
for n in (45, 46, 90, 91, 92, 93, 94, 200):
    print(fibonacci(n))
