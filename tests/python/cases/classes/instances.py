"""Calls of classes: what `__init__` is given, what it may do, and what it must not."""
import sys
from support import mixed, show, warm


class Point:
    def __init__(self, x, y=2, *rest, z=4, **more):
        self.all = x, y, rest, z, sorted(more)


def points(n):
    made = []
    for i in range(n):
        made.append(Point(i).all)
        made.append(Point(i, i + 1).all)
        made.append(Point(i, i + 1, i + 2).all)
        made.append(Point(i, z=5, w=6).all)
        made.append(Point(*[i, 1], **{"z": 3}).all)
    return made


warm(points, 3)
show(lambda: Point())
show(lambda: Point(1, x=2))


class Plain:
    def __init__(self, a, b):
        self.a = a
        self.b = b


def plain(a, b):
    made = Plain(a, b)
    return made.a, made.b


warm(plain, 1, "two")
show(lambda: Plain(1))
show(lambda: Plain(1, 2, 3))


def wrong_count(n):
    try:
        for i in range(n):
            Plain(i)
    except TypeError as error:
        return str(error), error.__traceback__.tb_next


warm(wrong_count, 3)


class Returns:
    def __init__(self, value):
        return value


def returns(value):
    return type(Returns(value)).__name__


warm(returns, None)
for value in 0, "text", [], Returns:
    show(returns, value)


class Fails:
    def __init__(self, value):
        self.value = value
        if value > 2:
            raise ValueError(value)

    def __del__(self):
        print("gone", self.value)


def fails(value):
    return Fails(value).value


mixed(fails, [1, 2, 3])


class Generates:
    def __init__(self):
        yield 1


def generates():
    return Generates()


for _ in range(4):
    show(generates)


class Counts:
    def __init__(self, held, given):
        self.seen = sys.getrefcount(self), sys.getrefcount(held)
        del given


def counts():
    held = object()
    return Counts(held, object()).seen


# From 3.13 on, who has the arguments, and how deep a call is, depends on what was specialised.
SPECIALISES = sys.version_info >= (3, 13)
if not SPECIALISES:
    warm(counts)


class Gone:
    def __del__(self):
        print("gone")


class Drops:
    def __init__(self, given):
        del given
        print("dropped")


def drops():
    Drops(Gone())
    print("made")


if not SPECIALISES:
    for _ in range(3):
        drops()


class Changes:
    def __init__(self, value):
        self.value = value


def other_init(self, value):
    self.value = -value


def changes(value):
    return Changes(value).value


warm(changes, 1)
Changes.__init__ = other_init
warm(changes, 2)
Changes.__init__ = lambda self, value: setattr(self, "value", [value])
warm(changes, 3)
Changes.__init__ = staticmethod(print)
show(changes, 4)


class Callable:
    def __call__(self, *args):
        print("called with", args)


Changes.__init__ = Callable()
show(changes, 5)
Changes.__init__ = property(lambda self: print)
show(changes, 6)
del Changes.__init__
show(changes, 7)
Changes.__new__ = lambda cls, value: value
show(changes, 8)


class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args), "from the metaclass"


class OfMeta(metaclass=Meta):
    def __init__(self, value):
        self.value = value


class OfList(list):
    def __init__(self, value):
        super().__init__([value])


class Slots:
    __slots__ = ("value", "__weakref__")

    def __init__(self, value):
        self.value = value


class Chosen:
    def __new__(cls, value):
        return object.__new__(cls) if value % 2 else value

    def __init__(self, value):
        self.value = value


def kinds(value):
    made = OfMeta(value)
    chosen = Chosen(value)
    return made[0].value, made[1], OfList(value), Slots(value).value, getattr(chosen, "value", chosen)


warm(kinds, 3)
warm(kinds, 4)

import abc


class Abstract(abc.ABC):
    def __init__(self, value):
        self.value = value

    @abc.abstractmethod
    def method(self):
        """Not written."""


def abstract():
    return Abstract(1)


for _ in range(4):
    show(abstract)


class Deep:
    def __init__(self, depth):
        self.below = Deep(depth + 1) if depth < 40 else sys._getframe().f_back.f_code.co_name


def deep():
    made = Deep(0)
    while not isinstance(made.below, str):
        made = made.below
    return made.below


warm(deep)


class Endless:
    deepest = 0

    def __init__(self, depth):
        Endless.deepest = depth
        Endless(depth + 1)


def endless():
    try:
        Endless(1)
    except RecursionError as error:
        return Endless.deepest, str(error)


if not SPECIALISES:
    for _ in range(3):
        print(endless())


class Traced:
    def __init__(self, value):
        self.value = 1 / value


def traced(value):
    return Traced(value).value


for value in 1, 2, 4, 0:
    show(traced, value)
