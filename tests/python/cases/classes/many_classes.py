"""Attributes and methods at places that meet instances of many classes."""

import sys


class Base:
    shared = "of the class"

    def __init__(self, n):
        self.n = n
        self.other = -n

    def act(self):
        return type(self).__name__, self.n


class First(Base):
    pass


class Second(Base):
    def act(self):
        return "second", self.other


class Third(Base):
    def __init__(self, n):
        self.before = n
        super().__init__(n)


class Slotted:
    __slots__ = ("n", "other")

    def __init__(self, n):
        self.n = n
        self.other = None

    def act(self):
        return "slotted", self.n


class Computed:
    @property
    def n(self):
        return "computed"

    @n.setter
    def n(self, n):
        print("set to", n) if n % 50 == 0 else None

    def act(self):
        return "computed", self.n


class Asked:
    def __getattr__(self, name):
        if name == "n":
            return "asked"
        if name == "act":
            return lambda: ("asked", 0)
        raise AttributeError(name)


class Watching:
    def __getattribute__(self, name):
        return (lambda: ("watching", name)) if name == "act" else name

    def __setattr__(self, name, value):
        object.__setattr__(self, "last", value)


class Shadowing(Base):
    def __init__(self, n):
        super().__init__(n)
        self.act = lambda: ("own", n)


class Special(dict):
    def __init__(self, n):
        self.n = n

    def act(self):
        return "dict", self.n, len(self)


class Meta(type):
    def act(cls):
        return "a class", cls.n


class OfMeta(metaclass=Meta):
    n = "of a class"


KINDS = First, Second, Third, Slotted, Shadowing, Special


def get(instance):
    return instance.n


def act(instance):
    return instance.act()


def put(instance, value):
    instance.n = value


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def visit(instances, rounds=40):
    for i in range(rounds):
        seen = [(get(instance), act(instance)) for instance in instances]
        for instance in instances:
            put(instance, i)
    return seen


instances = [kind(7) for kind in KINDS]
print(visit(instances))
others = [Computed(), Asked(), Watching(), *instances]
print(visit(others))
print(get(OfMeta), act(OfMeta))

# Dicts of instances, made, written, replaced and taken away.
first = instances[0]
first.__dict__["n"] = "through the dict"
print(visit(instances, 1), get(first))
put(first, 5)
print(first.__dict__, get(first))
first.__dict__ = {"n": "another dict", "act": lambda: "from the dict"}
print(get(first), act(first))
put(first, 6)
print(first.__dict__["n"], sorted(first.__dict__))
vars(instances[1])
put(instances[1], 8)
print(vars(instances[1]), get(instances[1]))

# Attributes that are not there any more, or not yet.
del instances[2].n
print(attempt(get, instances[2]))
put(instances[2], 3)
print(get(instances[2]), list(vars(instances[2])))
bare = First.__new__(First)
print(attempt(get, bare), attempt(act, bare))
put(bare, 1)
print(get(bare), act(bare), vars(bare))

# Keys that come later, and hide what a class has.
late = [Second(i) for i in range(3)]
print(visit(late))
late[1].act = lambda: "hides"
print([act(instance) for instance in late], visit([late[0], late[2]]))

# Classes that change.
Second.act = lambda self: ("replaced", self.n)
print(visit(late))
Second.n = property(lambda self: "a property", lambda self, value: None)
print(visit(late, 3))
del Second.n
print(visit(late, 3))
Base.act = lambda self: "of the base"
del Second.act
print(act(late[0]), visit(late, 3))
Base.__getattr__ = lambda self, name: "missing " + name
del late[0].n
print(get(late[0]))
del Base.__getattr__
print(attempt(get, late[0]))
late[2].__class__ = Third
print(act(late[2]), get(late[2]), visit(late[1:]))

# What is dropped when it is overwritten, and how often values are counted.


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name, get(holder) if get(holder) is None else type(get(holder)).__name__)


holder = First(0)
put(holder, None)
for i in range(3):
    put(holder, Noisy(i))
put(holder, None)
value = object()
for instance in [kind(1) for kind in KINDS]:
    before = sys.getrefcount(value)
    put(instance, value)
    got = [get(instance) for _ in range(10)]
    print(sys.getrefcount(value) - before)
    del got, instance
method = First.__dict__.get("act") or Base.__dict__["act"]
before = sys.getrefcount(method)
for _ in range(100):
    act(holder)
print(sys.getrefcount(method) - before)

# Names that are no usual strings.


class Any:
    pass


for i in range(50):
    for name in ("n", "näme", "名", "n" * 50):
        instance = Any()
        setattr(instance, name, i)
        last = getattr(instance, name), attempt(get, instance)
print(last)

# Many classes that come and go.
for i in range(300):
    kind = type("Kind%d" % (i % 7), (Base,), {"act": (lambda i: lambda self: ("made", i))(i)})
    instance = kind(i)
    put(instance, i + 1)
    last = get(instance), act(instance)
    del kind, instance
print(last)
