"""Attributes and methods of instances that have a dict, where one place meets many classes."""


class Base:
    kind = "class attribute"

    def method(self):
        return "method"

    def other(self):
        return "other"


def family(n):
    return [type(f"Kind{i}", (Base,), {}) for i in range(n)]


def read(instance):
    return instance.value


def call(instance):
    return instance.method()


def kind(instance):
    return instance.kind


def filled(cls, value):
    instance = cls()
    instance.first = 1
    instance.__dict__["not an identifier"] = 2
    instance.value = value
    for i in range(40):
        setattr(instance, f"more{i}", i)
    return instance


classes = family(6)
instances = [filled(cls, i) for i, cls in enumerate(classes)]
for _ in range(4):
    print([read(i) for i in instances], [call(i) for i in instances], {kind(i) for i in instances})

# What an instance has of its own comes before what its class has, unless that is a data descriptor.
for i, instance in enumerate(instances):
    instance.method = lambda i=i: f"own {i}"
    instance.kind = f"own kind {i}"
for _ in range(3):
    print([call(i) for i in instances], [kind(i) for i in instances])
for instance in instances[::2]:
    del instance.method, instance.kind
for _ in range(3):
    print([call(i) for i in instances], [kind(i) for i in instances])
classes[0].method = property(lambda self: lambda: "property")
classes[1].value = property(lambda self: "value property")
for _ in range(3):
    print([call(i) for i in instances], [read(i) for i in instances])


def missing(instance):
    try:
        return instance.nothing
    except AttributeError as error:
        return str(error)


for _ in range(3):
    print([missing(i) for i in instances[:2]])

# Dicts of other kinds, and names that are equal without being the same.
class Loud(dict):
    def __missing__(self, key):
        return "missing " + key

    def __getitem__(self, key):
        return "loud"


class Odd(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        print("compared")
        return str.__eq__(self, other)


loud = classes[2]()
loud.__dict__ = Loud(value="loud value")
odd = classes[3]()
odd.__dict__ = {Odd("value"): "odd", 1: 2}
equal = classes[4]()
equal.__dict__ = {"".join(["val", "ue"]): "equal"}
keyed = classes[5]()
keyed.__dict__ = {1: 2, "value": "among numbers"}
for _ in range(3):
    print([read(i) for i in (loud, odd, equal, keyed)])

# A dict that goes, and one that comes.
gone = filled(classes[2], "gone")
del gone.__dict__
for _ in range(2):
    try:
        print(read(gone))
    except AttributeError as error:
        print(error)
gone.value = "again"
print(read(gone), read(gone))

# Methods that are looked up while dicts grow, shrink and are made anew.
for size in (1, 5, 6, 11, 22, 43, 86):
    grown = classes[5]()
    grown.__dict__.update({f"key{i}": i for i in range(size)})
    assert call(grown) == "method"
    grown.value = size
    assert read(grown) == size
    for i in range(size):
        delattr(grown, f"key{i}")
        assert read(grown) == size and call(grown) == "method"
print("done")


class Watched:
    """Whose old values see what the instance holds while they go."""

    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def __del__(self):
        print(self.name, "goes from", sorted(vars(self.owner)), type(self.owner.value).__name__)


class Dicts(dict):
    def __setitem__(self, key, value):
        print("never called")


class Left:
    pass


class Right:
    pass


class Guarded:
    @property
    def value(self):
        return self.__dict__["hidden"]

    @value.setter
    def value(self, v):
        self.__dict__["hidden"] = v


def store(objects, v):
    for o in objects:
        o.value = v


made = [Left(), Right(), Guarded()]
for o in made:
    o.__dict__["other"] = 1
for turn in range(30):
    store(made, turn)
print([o.value for o in made])
for o in made[:2]:
    o.value = Watched(o, type(o).__name__)
del o
store(made, None)
made[0].__dict__ = Dicts(value=1)
made[1].__dict__ = {}
store(made, "put")
print([sorted(vars(o).items()) for o in made])
Left.value = property(lambda self: "computed")
try:
    store(made, 2)
except AttributeError as error:
    print(type(error).__name__, made[1].value)
del Left.value
Right.__setattr__ = lambda self, name, v: print("set", name, v)
store(made, 3)
print(made[0].value, made[1].value, made[2].value)


class Left:
    pass


class Right(Left):
    late = "class"


class Odd(dict):
    def __getitem__(self, key):
        return "item"

    def __missing__(self, key):
        return "missing"


def dicted(cls, **names):
    made = cls()
    made.__dict__.update(names)
    for i in range(40):
        setattr(made, f"n{i}", i)
    return made


def read(things):
    out = []
    for thing in things:
        try:
            out.append((thing.a, thing.b, thing.n39))
        except AttributeError as error:
            out.append(str(error))
    return out


def several():
    """Places that meet instances of several classes, which have dicts, and what changes those."""
    x, y, z = dicted(Left, a=1, b=2), dicted(Right, b=3, a=4), dicted(Left, b=5, c=6, a=7)
    things = [x, y, z]
    shown = []
    for i in range(200):
        if i == 150:
            del x.a
            x.a = "again"
        if i == 155:
            y.__dict__ = Odd(y.__dict__)
        if i == 160:
            z.__dict__[1] = "no string"
        if i == 165:
            del y.b
        if i == 170:
            Right.b = property(lambda self: "property")
        if i == 175:
            x.__dict__ = {"n39": -1, "b": 1, "a": 0}
        if i == 180:
            x.__dict__ = {}
        if i == 185:
            z.__class__ = Right
        if i % 5 == 0 or i > 149:
            seen = read(things)
            if not shown or shown[-1] != seen:
                shown.append(seen)
    return shown


for line in several():
    print(line)
