"""`isinstance`: built-in classes and others, those that change, and objects that say otherwise."""

import abc
import sys


def tests():
    """Functions that have met nothing yet."""

    def one(thing, kind):
        return isinstance(thing, kind)

    def number(thing):
        if isinstance(thing, int):
            return "int"
        return isinstance(thing, float)

    def walk(things, kind):
        return [isinstance(thing, kind) for thing in things]

    def either(thing):
        return isinstance(thing, (int, str))

    return one, number, walk, either


class Base:
    pass


class Derived(Base):
    pass


class Other:
    pass


class Liar:
    @property
    def __class__(self):
        return Base


class Hidden:
    def __getattribute__(self, name):
        if name == "__class__":
            raise RuntimeError("no class")
        return object.__getattribute__(self, name)


class Own:
    __class__ = property(lambda self: int)


class Meta(type):
    def __instancecheck__(cls, instance):
        return "asked"[0] == "a" and instance == 3


class Asked(metaclass=Meta):
    pass


class Abstract(abc.ABC):
    pass


Abstract.register(Other)


class Number(int):
    pass


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


THINGS = [1, True, 2.5, "text", None, (), [], Base(), Derived(), Other(), Liar(), Own(), Number(4), Base, int, abc]
KINDS = [int, bool, float, str, tuple, list, type, object, type(None), type(abc), Base, Derived, Other, Asked, Abstract, Number]

for kind in KINDS:
    one, number, walk, either = tests()
    print(kind.__name__, [attempt(one, thing, kind) for thing in THINGS * 2] == walk(THINGS, kind) * 2, walk(THINGS, kind))
    print([one(thing, kind) for thing in THINGS[::-1]])
one, number, walk, either = tests()
print([number(thing) for thing in THINGS], [either(thing) for thing in THINGS])
print(attempt(one, Hidden(), Base), attempt(one, Hidden(), Hidden), attempt(one, 1, 2), attempt(one, 1, None))

# One place for each pair, and classes that change.
one, *_ = tests()
thing = Derived()
print([one(thing, Base) for _ in range(5)])
Derived.__bases__ = (Other,)
print([one(thing, Base) for _ in range(5)], one(Derived(), Other))
Derived.__bases__ = (Base,)
print([one(thing, Base) for _ in range(5)])
thing.__class__ = Other
print([one(thing, Base) for _ in range(5)])
thing.__class__ = Derived
Derived.unrelated = 1
print([one(thing, Derived) for _ in range(5)], [one(thing, Other) for _ in range(5)])


class Late(Other):
    pass


late = Late()
print([one(late, int) for _ in range(5)])
Late.__bases__ = (Own,)
print([one(late, int) for _ in range(5)])
Late.__bases__ = (Other,)
print([one(late, int) for _ in range(5)])

# Classes that come and go, at one place.
one, *_ = tests()
last = None
for i in range(100):
    kind = type(f"Made{i}", (), {})
    if not (one(kind(), kind) and not one(last, kind)):
        print("wrong", i)
    last = kind()
    del kind
print(one(last, object))

# A name that comes to mean something else.
kind = int


def by_global(thing):
    return isinstance(thing, kind)


print([by_global(3) for _ in range(10)])
kind = str
print([by_global(3) for _ in range(10)])
isinstance_before, isinstance = isinstance, lambda thing, kind: "replaced"
print(by_global(3))
isinstance = isinstance_before
print(by_global("3"))
before = sys.getrefcount(Base)
for _ in range(100):
    one(thing, Base)
print(sys.getrefcount(Base) - before)
