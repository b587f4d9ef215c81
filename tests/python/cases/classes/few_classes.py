"""Attributes and methods at places that meet instances of two or three classes."""

import sys


def places():
    """Functions that have met nothing yet."""

    def get(instance):
        return instance.n

    def act(instance):
        return instance.act()

    def put(instance, value):
        instance.n = value

    def add(instance, value):
        instance.n += value
        return instance.n

    return get, act, put, add


def family(count=3):
    class Base:
        def __init__(self, n):
            self.n = n
            self.other = -n

        def act(self):
            return type(self).__name__, self.n

    kinds = []
    for i in range(count):
        kinds.append(type(f"Kind{i}", (Base,), {}))
    kinds[-1].act = lambda self: ("its own", self.other)
    return Base, kinds


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def visit(functions, instances, rounds=30):
    get, act, put, add = functions
    for i in range(rounds):
        seen = []
        for instance in instances:
            put(instance, i)
            seen.append((get(instance), act(instance), add(instance, 1)))
    return seen


for count in 1, 2, 3, 4:
    base, kinds = family(count)
    functions = places()
    instances = [kind(i) for i, kind in enumerate(kinds)]
    print(visit(functions, instances))
    print(visit(functions, instances[::-1]))

# What an instance has under the name of a method: later than the place was compiled.
base, kinds = family()
functions = get, act, put, add = places()
instances = [kind(i) for i, kind in enumerate(kinds)]
print(visit(functions, instances))
instances[1].act = lambda: "own"
print(visit(functions, instances))
del instances[1].act
print(visit(functions, instances))
another = kinds[1](5)
print(act(another), visit(functions, [another, instances[0]]))

# Instances that come by a dict, and attributes that are not there.
functions = get, act, put, add = places()
base, kinds = family()
instances = [kind(i) for i, kind in enumerate(kinds)]
print(visit(functions, instances))
instances[0].__dict__["n"] = 50
print(get(instances[0]), add(instances[0], 2), vars(instances[0]))
instances[1].__dict__ = {"n": "new"}
print(get(instances[1]), act(instances[1]))
put(instances[1], 1.5)
print(vars(instances[1]))
del instances[2].n
print([attempt(get, instance) for instance in instances], attempt(add, instances[2], 1))
put(instances[2], 4)
print(get(instances[2]), list(vars(instances[2])))
bare = kinds[0].__new__(kinds[0])
print(attempt(get, bare), attempt(act, bare))
put(bare, 3)
print(get(bare), act(bare), vars(bare))

# Classes that change.
functions = get, act, put, add = places()
base, kinds = family()
instances = [kind(i) for i, kind in enumerate(kinds)]
print(visit(functions, instances))
kinds[1].act = lambda self: ("replaced", self.n)
print(visit(functions, instances))
kinds[0].n = property(lambda self: 7, lambda self, value: None)
print(visit(functions, instances))
del kinds[0].n
print(visit(functions, instances))
base.act = lambda self: "of the base"
print(visit(functions, instances))
instances[0].__class__ = kinds[2]
print(visit(functions, instances))
base.__getattribute__ = lambda self, name: object.__getattribute__(self, name)
print(visit(functions, instances))

# Numbers and other objects, how often they are counted, and when they die.
class Noisy:
    def __del__(self):
        print("gone")


functions = get, act, put, add = places()
base, kinds = family()
instances = [kind(i) for i, kind in enumerate(kinds)]
print(visit(functions, instances))
value = object()
for instance in instances:
    before = sys.getrefcount(value)
    put(instance, value)
    got = [get(instance) for _ in range(10)]
    print(sys.getrefcount(value) - before)
    del got, instance
for i in range(3):
    for instance in instances:
        put(instance, Noisy())
        instance.other = get(instance)
for instance in instances:
    put(instance, None)
    instance.other = None
    print("here")
for instance in instances:
    put(instance, 2.5)
    for i in range(20):
        add(instance, 0.5)
    print(get(instance))
functions_before = [sys.getrefcount(kind.act) for kind in kinds]
for i in range(50):
    for instance in instances:
        act(instance)
print([sys.getrefcount(kind.act) - was for kind, was in zip(kinds, functions_before)])

# Objects of C, which have a dict only if somebody asks for it.
import io


class Buffer(io.BytesIO):
    def getvalue(self):
        return "its own", super().getvalue()


def value_of(thing):
    return thing.getvalue()


def append(thing, item):
    thing.append(item)


buffers = [io.BytesIO(b"bytes"), io.StringIO("text"), Buffer(b"derived")]
for _ in range(20):
    seen = [value_of(buffer) for buffer in buffers]
print(seen)
buffers[0].__dict__
print([value_of(buffer) for buffer in buffers])
buffers[0].getvalue = lambda: "in its dict"
buffers[2].getvalue = lambda: "in the other's"
print([value_of(buffer) for buffer in buffers], value_of(io.BytesIO(b"another")))
del buffers[0].getvalue
print([value_of(buffer) for buffer in buffers])
del Buffer.getvalue
del buffers[2].getvalue
print([value_of(buffer) for buffer in buffers], attempt(value_of, 5))
buffers[1].close()
print(attempt(value_of, buffers[1]))
from array import array
from collections import deque

lists = [[], deque(), array("i")]
for i in range(20):
    for thing in lists:
        append(thing, i)
print(lists, attempt(append, (), 1))
