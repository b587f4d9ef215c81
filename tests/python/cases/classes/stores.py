"""Storing and deleting attributes: every layout, setters, refusals, and who dies when."""
from support import Noisy, mixed, outcome, warm


def store(thing, value):
    thing.x = value
    return thing.x


def store_both(thing):
    thing.x = 1
    thing.y = 2.5
    thing.x, thing.y = thing.y, thing.x
    return thing.x, thing.y


def augment(thing):
    thing.x = 1
    thing.x += 1
    thing.x *= 2.5
    thing.x -= 0.5
    return thing.x


def delete(thing):
    thing.x = 1
    del thing.x
    return thing.x


class Plain:
    pass


class Slots:
    __slots__ = ("x", "y")


class Property:
    @property
    def x(self):
        return "got", self._x

    @x.setter
    def x(self, value):
        if value == "bad":
            raise ValueError("refused")
        self._x = value

    @x.deleter
    def x(self):
        print("deleter")


class ReadOnly:
    x = property(lambda self: "read only")


class Hook:
    def __setattr__(self, name, value):
        object.__setattr__(self, name, ("hooked", value))

    def __delattr__(self, name):
        print("deleting", name)
        object.__delattr__(self, name)


class OwnDict:
    def __init__(self):
        self.__dict__ = {"z": 1, "x": 0}


class Big:
    def __init__(self):
        for index in range(40):
            setattr(self, "a%d" % index, index)


class Descriptor:
    def __get__(self, instance, owner):
        return "descriptor", instance.__dict__.get("kept")

    def __set__(self, instance, value):
        instance.__dict__["kept"] = value


class Described:
    x = Descriptor()


MAKERS = [Plain, Slots, Property, ReadOnly, Hook, OwnDict, Big, Described, lambda: Plain, lambda: 5, lambda: None, lambda: int,
          lambda: len, lambda: (lambda: None)]


def use(function, maker, *rest):
    return outcome(function, maker(), *rest)


for function, rest in ((store, (3,)), (store, ("bad",)), (store_both, ()), (augment, ()), (delete, ())):
    for maker in MAKERS[:8]:
        thing = maker()
        for _ in range(70):
            outcome(function, thing, *rest)
        for other in MAKERS:
            print(function.__name__, use(function, other, *rest))
        warm(lambda: use(function, maker, *rest), times=30)


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def shift(self, dx):
        self.x += dx
        self.y -= dx * 0.5
        return self


def move(n, start):
    vector = Vector(start, start)
    first = vector.x
    for index in range(n):
        vector.shift(0.5)
        vector.x *= 1.25
    return first, vector.x, vector.y


mixed(move, (5, 1.0), (5, 1), (3, 2**70), (0, "a"), (2, "a"))


def deaths():
    thing = Plain()
    thing.x = Noisy("first")
    thing.x = Noisy("second")
    print("replaced")
    thing.x = None
    print("cleared")
    thing.y = Noisy("third")
    del thing.y
    slots = Slots()
    slots.x = Noisy("fourth")
    slots.x = Noisy("fifth")
    print("slots replaced")
    del thing, slots
    print("all gone")


warm(deaths, times=15)


class Finalizes:
    def __init__(self, owner):
        self.owner = owner

    def __del__(self):
        self.owner.x = "set by a finalizer"


def finalizer_changes_the_target():
    owner = Plain()
    owner.x = Finalizes(owner)
    owner.x = "assigned"
    return owner.x


warm(finalizer_changes_the_target)


def many_instances(n):
    made = []
    for index in range(n):
        thing = Plain()
        thing.a = index
        if index % 3 == 0:
            thing.b = index * 2
        thing.c = thing.a + 1
        made.append(thing)
    return sum(thing.a + thing.c for thing in made), sorted(made[-1].__dict__), sorted(made[0].__dict__)


warm(many_instances, 20)
print(many_instances(500))
