"""Reading attributes: instances of every layout, slots, properties, descriptors, modules and classes."""
import math
import sys
import types

from support import mixed, warm


def read(thing):
    return thing.x


def read_twice(thing):
    return thing.x, thing.y


def loop(thing, n):
    total = 0
    for _ in range(n):
        total += thing.x
    return total


class Plain:
    def __init__(self):
        self.x = 1
        self.y = 2


class Reversed:
    def __init__(self):
        self.y = 3
        self.x = 4


class Slots:
    __slots__ = ("x", "y", "unset")

    def __init__(self):
        self.x, self.y = 5, 6


class SlotsAndDict(Slots):
    def __init__(self):
        super().__init__()
        self.z = 7


class ClassAttribute:
    x = "on the class"
    y = 8


class Both(ClassAttribute):
    def __init__(self):
        self.x = "on the instance"


class SlotsClassAttribute:
    __slots__ = ()
    x = "no dict at all"
    y = 17


class Property:
    @property
    def x(self):
        return self._x

    @property
    def y(self):
        raise ValueError("no y")

    def __init__(self):
        self._x = 9


class Hooked:
    def __getattr__(self, name):
        return "hooked " + name


class HookedRaises:
    def __getattr__(self, name):
        raise KeyError(name)


class Overridden:
    def __getattribute__(self, name):
        return "everything " + name


class OverriddenFallsBack:
    def __getattribute__(self, name):
        if name == "x":
            raise AttributeError("hidden")
        return object.__getattribute__(self, name)

    def __getattr__(self, name):
        return "fallback " + name


class NonData:
    def __get__(self, instance, owner):
        return "non-data", owner.__name__


class Data(NonData):
    def __set__(self, instance, value):
        instance.__dict__["set"] = value


class Described:
    x = NonData()
    y = Data()

    def __init__(self):
        self.__dict__["x"] = "instance wins"
        self.__dict__["y"] = "instance loses"


class DescribedUnset:
    x = NonData()
    y = Data()


class Meta(type):
    x = "from the metaclass"

    @property
    def y(cls):
        return "metaclass property", cls.__name__


class OfMeta(metaclass=Meta):
    pass


class Big:
    def __init__(self):
        for index in range(50):
            setattr(self, "a%d" % index, index)
        self.x, self.y = 10, 11


class OwnDict:
    def __init__(self):
        self.__dict__ = {"x": 12, "y": 13}


class Deleted:
    def __init__(self):
        self.x = self.y = 1
        del self.x


class Text(str):
    x = property(lambda self: "text property")
    y = len


class Error(Exception):
    x = y = 3


module = types.ModuleType("module")
module.x, module.y = 14, 15
empty_module = types.ModuleType("empty")
hooked_module = types.ModuleType("hooked")
hooked_module.__getattr__ = lambda name: "module hook " + name

dict_seen = Plain()
dict_seen.__dict__
late = Plain()
late.z = 1
function = lambda: None
function.x = function.y = 16

THINGS = [Plain(), Reversed(), Slots(), SlotsAndDict(), ClassAttribute(), SlotsClassAttribute(), Both(), Property(), Hooked(), HookedRaises(), Overridden(),
          OverriddenFallsBack(), Described(), DescribedUnset(), Big(), OwnDict(), Deleted(), Text("t"), Error(), module, empty_module,
          hooked_module, dict_seen, late, function, ClassAttribute, Described, OfMeta, Property, Slots, 5, None, "text", 2 + 3j]
for main in THINGS:
    mixed(read, (main,), (Plain(),), (Slots(),), (ClassAttribute(),), (5,))
    warm(read_twice, main, times=20)
mixed(read, *((thing,) for thing in THINGS))
mixed(loop, (Plain(), 5), (Slots(), 5), (module, 5), (OwnDict(), 5), (Both(), 2), (Property(), 3))
for thing in THINGS:
    warm(loop, thing, 3, times=3)


def modules():
    return math.pi, math.floor(2.5), sys.maxsize, math.sqrt(16.0)


def c_attributes(z, e):
    return z.real, z.imag, e.args, e.__class__, z.__class__.__name__, [].__len__(), "a".join


warm(modules)
warm(lambda: repr(c_attributes(1 + 2j, ValueError(1))[:6]))


def changes_layout():
    seen = []
    thing = Plain()
    for turn in range(80):
        if turn == 30:
            thing.z = 1
        if turn == 40:
            thing.__dict__["x"] = "through the dict"
        if turn == 50:
            del thing.x
        if turn == 55:
            Plain.x = "class"
        if turn == 60:
            thing.x = "back"
        if turn == 65:
            del Plain.x
            thing.__dict__ = {"x": "new dict"}
        if turn == 70:
            thing.__dict__.clear()
        try:
            seen.append(thing.x)
        except AttributeError as error:
            seen.append(str(error))
    return seen


warm(changes_layout, times=3)


def slot_then_property():
    class Local:
        __slots__ = ("x",)

    thing = Local()
    thing.x = 1
    seen = []
    for turn in range(60):
        if turn == 40:
            Local.x = property(lambda self: "property now")
        seen.append(thing.x)
    return seen


warm(slot_then_property, times=3)


class Node:
    def __init__(self, value, following=None):
        self.value = value
        self.following = following


def sum_of(node):
    total = 0
    while node is not None:
        total += node.value
        node = node.following
    return total


def linked(values):
    node = None
    for value in values:
        node = Node(value, node)
    return sum_of(node)


mixed(linked, ([1, 2, 3],), ([1.5, 2],), (range(200),), (["a"],), ([2**62, 2**62],))
