"""Operators and subscripts whose methods are written in Python, and who is asked first."""
import operator
import sys
from support import show, warm

NAMES = "add sub mul truediv floordiv mod matmul and or xor lshift rshift".split()


def method(name):
    def call(self, other):
        if other == 13 or getattr(other, "value", None) == 13:
            return NotImplemented
        if other == 14:
            raise ValueError(name, other)
        return name, self.value, getattr(other, "value", other)

    call.__name__ = call.__qualname__ = name
    return call


class Plain:
    def __init__(self, value):
        self.value = value


class Both(Plain):
    pass


for name in NAMES:
    for full in ("__%s__" % name,):
        setattr(Plain, full, method(full))
    for full in ("__%s__" % name, "__r%s__" % name):
        setattr(Both, full, method(full))


class Below(Plain):
    """Goes first where it stands on the right, since it has a reflected method of its own."""

    def __radd__(self, other):
        return "reflected", self.value


class Number(float):
    def __mul__(self, other):
        return NotImplemented if other == 2.0 else ("times", float(self), other)


class Text(str):
    def __add__(self, other):
        return "text", str(self), other

    def __mod__(self, other):
        return "format", str(self), other


class Sequence(list):
    def __add__(self, other):
        return NotImplemented

    def __mul__(self, other):
        return NotImplemented


class NoFunction:
    __add__ = print
    __sub__ = staticmethod(lambda *all: all)
    __mul__ = classmethod(lambda cls, other: (cls.__name__, other))
    __mod__ = None


def every(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, a @ b, a & b, a | b, a ^ b, a << b, a >> b


def one(a, b):
    return a + b


def times(a, b):
    return a * b


def rest(a, b):
    return a % b


def in_place(a, b):
    a += b
    return a


for left in Plain(1), Both(2), Below(3):
    for right in 5, 2.5, True, Plain(4), Both(5), Below(6):
        warm(every, left, right)
for left in 5, 2.5, "a", [1], None:
    show(one, left, Both(1))
    show(one, left, Plain(1))
for right in 13, 14, 13.0, Plain(13), Both(13), Below(13), "text", None, [1], (1,):
    for function in one, times, rest, in_place:
        for left in Plain(1), Both(2), Below(3):
            for _ in range(3):
                show(function, left, right)
for right in 2.0, 3.0, 2, 3, Number(2.0), "a":
    warm(times, Number(1.5), right)
for left in Text("a"), Text("%s"):
    for right in "b", 1, 2.5, Text("c"):
        warm(one, left, right)
        warm(rest, left, right)
for right in [1], 2, Sequence([3]), 2.0:
    for _ in range(3):
        show(one, Sequence([0]), right)
        show(times, Sequence([0]), right)
for right in 1, 2.0, NoFunction():
    for function in one, times, rest, operator.sub:
        for _ in range(3):
            show(lambda: type(function(NoFunction(), right)))


class Box:
    def __init__(self):
        self.items = {}

    def __getitem__(self, key):
        if key == "missing":
            raise KeyError(key)
        return self.items.get(key, key)

    def __setitem__(self, key, value):
        if value is None:
            raise ValueError(key)
        self.items[key] = value
        return "nobody sees this"

    def __delitem__(self, key):
        del self.items[key]


class Odd:
    __getitem__ = classmethod(lambda cls, key: key)

    def __setitem__(self, *arguments):
        print(arguments[1:])


def subscripts(box, key, value):
    before = box[key]
    box[key] = value
    after = box[key], box[key, 1]
    return before, after


warm(subscripts, Box(), 1, "one")
warm(subscripts, Odd(), 1, "one")
for key, value in ("missing", 1), (2, None), ([], 1):
    for _ in range(3):
        show(subscripts, Box(), key, value)


def changes(box):
    return box[3], box + 3


class Changing:
    def __getitem__(self, key):
        return "before", key

    def __add__(self, other):
        return "before", other


warm(changes, Changing())
Changing.__getitem__ = lambda self, key: ("after", key)
Changing.__add__ = lambda self, other: ("after", other)
warm(changes, Changing())
Changing.__getitem__ = len
Changing.__len__ = lambda self: 4
show(changes, Changing())
del Changing.__getitem__, Changing.__add__
show(changes, Changing())


class Deep:
    def __getitem__(self, depth):
        return self[depth - 1] if depth else sys._getframe(1).f_code.co_name

    def __add__(self, depth):
        return self + (depth - 1) if depth else sys._getframe(1).f_code.co_name


def deep():
    return Deep()[50], Deep() + 50


warm(deep)


class Endless:
    depth = 0

    def __add__(self, other):
        Endless.depth = other
        return self + (other + 1)

    def __getitem__(self, key):
        Endless.depth = key
        return self[key + 1]


def endless():
    seen = []
    for act in (lambda: Endless() + 1), (lambda: Endless()[1]):
        try:
            act()
        except RecursionError as error:
            seen.append((Endless.depth, str(error)))
    return seen


for _ in range(3):
    print(endless())
