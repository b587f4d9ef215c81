"""Last references to instances that compiled code drops: what goes with them, in which order, and who sees
it."""

import gc
import sys
import threading
import weakref


class Told:
    """Says when it goes."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("goes:", self.name)


class Plain:
    pass


class Pair:
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Empty:
    __slots__ = ()


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class SlotsBelow(Pair):
    __slots__ = ("more",)


class SlotsAbove(Slotted):
    pass


class Weakable:
    __slots__ = ("left", "right", "__weakref__")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class Final(Pair):
    def __del__(self):
        print("final:", sorted(vars(self)))


class FinalHeir(Final):
    pass


class Listed(list):
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Wrong(Exception):
    def __init__(self, left, right):
        self.left = left
        self.right = right


def drop(cls, *args):
    made = cls(*args)
    made = None
    return made


# Values go in the order of the class's names, not in that in which the instance got them.
def in_order(cls):
    first = cls()
    first.one, first.two, first.three = Told("one"), Told("two"), Told("three")
    second = cls()
    second.three, second.one = Told("second three"), Told("second one")
    del first
    print("--")
    del second


for turn in range(30):
    if turn in (0, 29):
        in_order(Plain)
    else:
        drop(Pair, turn, turn + 0.5)

CLASSES = (Pair, Slotted, SlotsBelow, SlotsAbove, Weakable, Final, FinalHeir, Listed, Wrong)
for cls in CLASSES:
    for turn in range(12):
        drop(cls, 1.5, "text")
    print(cls.__name__, sys.getrefcount(cls) < 20)
    drop(cls, Told("left"), Told("right"))
for turn in range(30):
    drop(Empty)
    drop(Plain)
    drop(object)


# References that others count: instances do not leave any behind, nor take one too many.
def counts(turns):
    cls = type("Local", (Pair,), {})
    value, other = object(), Pair(1, 2)
    before = sys.getrefcount(cls), sys.getrefcount(value), sys.getrefcount(other)
    for _ in range(turns):
        made = cls(value, other)
        made.third = made.left
        del made
    return before == (sys.getrefcount(cls), sys.getrefcount(value), sys.getrefcount(other))


print([counts(n) for n in (1, 10, 500)])


# Long chains: the native stack does not grow with them.
class Node:
    def __init__(self, next):
        self.next = next


class SlottedNode:
    __slots__ = ("next",)

    def __init__(self, next):
        self.next = next


def chain(length, *classes):
    node = None
    for i in range(length):
        node = classes[i % len(classes)](node)
    marker = weakref.ref(Pair(1, 2))
    last = Node(node)
    del node
    last = None
    return marker


class Wide:
    def __init__(self, left, right):
        self.left, self.right = left, right
        self.rest = (self.left,)


def tree(depth):
    return Wide(tree(depth - 1), tree(depth - 1)) if depth else None


def drop_tree(depth):
    made = tree(depth)
    made = [made]
    made.clear()
    made = tree(depth)
    made = None
    return made


def all_chains():
    chain(200_000, Node)
    chain(50_000, Node, SlottedNode)
    chain(50_000, Node, lambda node: [node])
    chain(50_000, Node, Node, lambda node: {"node": (node,)})
    chain(3_000, Node, lambda node: Final(node, None) if node is None else Node(node))
    drop_tree(11)


all_chains()
all_chains()
thread = threading.Thread(target=all_chains)
thread.start()
thread.join()
print("chains")


class Counted:
    """Finalizers in the middle of a chain, and which instances they find."""

    gone = 0

    def __init__(self, next):
        self.next = next

    def __del__(self):
        Counted.gone += 1
        drop(Pair, self.next, 1)


for length in (10, 100, 5_000):
    Counted.gone = 0
    chain(length, Counted, Node)
    print(length, Counted.gone)


# Weak references.
def weakly(cls, told):
    made = cls(Told("left"), Told("right"))
    print("attributes", [type(v).__name__ for v in (made.left, made.right)])
    first = weakref.ref(made, lambda ref: told.append(("first", ref() is None)))
    second = weakref.ref(made, lambda ref: told.append(("second", ref() is None)))
    proxy = weakref.proxy(made)
    plain = weakref.ref(made)
    made = None
    try:
        proxy.left
    except ReferenceError as error:
        print(error)
    print(told, first() is second() is plain() is None)


for cls in (Pair, Weakable, SlotsBelow, Final, Listed):
    for _ in range(2):
        weakly(cls, [])


def weak_before(turns):
    """One that had weak references and has none any more."""
    for _ in range(turns):
        made = Pair(1, [2])
        weakref.ref(made)
        made = None
    return turns


print(weak_before(40))


# Objects that come back.
kept = []


class Back:
    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __del__(self):
        kept.append(self)


class Returning:
    """A value that keeps another value of the instance that goes."""

    def __init__(self, other):
        self.other = other

    def __del__(self):
        kept.append(self.other)


def come_back(turns):
    for turn in range(turns):
        drop(Back, turn, Told("of one that comes back") if turn == 3 else None)
        drop(Pair, Returning(Pair(turn, turn)), turn)


come_back(20)
print(len(kept), [(type(k).__name__, k.left) for k in kept[:4]])
kept.clear()
print(len(kept))


# Dicts.
def with_dict(way):
    made = Pair(Told("left"), Told("right"))
    attributes = None
    if way == 0:
        attributes = vars(made)
    elif way == 1:
        vars(made)["more"] = Told("more")
    elif way == 2:
        made.__dict__ = {"left": Told("other left")}
    elif way == 3:
        del made.__dict__
    elif way == 4:
        del made.left
        made.left = Told("new left")
    elif way == 5:
        for i in range(60):
            setattr(made, f"name{i}", i)
    made = None
    print("dropped", way, sorted(attributes) if attributes else attributes)


for way in range(7):
    with_dict(way)


# Exceptions that are being handled, and one that is on its way.
class Loud:
    def __del__(self):
        try:
            raise KeyError("inside")
        except KeyError as error:
            print("handled", error, type(sys.exc_info()[1]).__name__)


def raising(turn):
    made = Pair(Loud() if turn == 39 else None, turn)
    try:
        made.nothing
    except AttributeError as error:
        print(turn, error) if turn == 39 else None
        made = None
        print(turn, type(sys.exc_info()[1]).__name__) if turn == 39 else None
        raise ValueError(turn)
    finally:
        other = Pair(Loud() if turn == 39 else None, turn)
        del other


for turn in range(40):
    try:
        raising(turn)
    except ValueError as error:
        caught = error
print(repr(caught), repr(caught.__context__))


class Fails:
    def __init__(self, left):
        self.left = left
        raise ValueError("not made")


class BadFinalizer:
    def __del__(self):
        raise RuntimeError("from a finalizer")


def not_made(value):
    try:
        Fails(value)
    except ValueError as error:
        return str(error)


for _ in range(20):
    not_made(1)
print(not_made(Told("value of what was not made")))
hook = sys.unraisablehook
sys.unraisablehook = lambda told: print("unraisable", told.exc_value)
for _ in range(3):
    drop(Pair, BadFinalizer(), Told("behind what fails"))
sys.unraisablehook = hook


# What the collector counts and sees.
def tracked(turns):
    gc.collect()
    gc.disable()
    held = [[] for _ in range(5000)]
    before = gc.get_count()[0]
    for i in range(turns):
        made = Pair(i, None)
        made = None
    after = gc.get_count()[0]
    many = [Pair(i, None) for i in range(1000)]
    full = gc.get_count()[0]
    while many:
        last = many.pop()
        del last
    emptied = gc.get_count()[0]
    found = sum(type(o) is Pair for o in gc.get_objects())
    gc.enable()
    # Calls and loops may take an object or two of their own.
    small = [abs(after - before) < 5, abs(emptied - after) < 5]
    return small, full - after >= 1000, found, len(held)


for turns in (10, 100, 1000):
    print(tracked(turns))


class Finder:
    """Looks for the instance that goes, which nobody can find any more."""

    def __init__(self, cls):
        self.cls = cls

    def __del__(self):
        print("found", sum(type(o) is self.cls for o in gc.get_objects()), gc.get_referrers(self) == [])


class Sought:
    pass


def seek(turns):
    for turn in range(turns):
        made = Sought()
        made.value = Finder(Sought) if turn == turns - 1 else turn
        made.other = Pair(made.value, turn)
        made.other = None
        made = None


seek(30)


# Dropping while the collector tells that it runs, and what it then finds.
def in_callback(phase, info):
    drop(Pair, Pair(phase, 1.5), [])
    drop(Plain)


def cycles(turns):
    for _ in range(turns):
        one, two = Pair(None, 1), Pair(None, 2)
        one.left, two.left = two, one
        other = Pair(one, two)
        del one, two, other
    return gc.collect() >= 2


gc.collect()
gc.callbacks.append(in_callback)
print([cycles(n) for n in (1, 30, 300)])
gc.callbacks.remove(in_callback)


class Collects:
    def __del__(self):
        gc.collect()


def collect_inside(turns):
    for turn in range(turns):
        drop(Pair, Collects() if turn % 10 == 9 else turn, Pair(turn, 1))
    return turns


print(collect_inside(40))


# Classes that go with their last instance, and that change while one goes.
class Meta(type):
    def __del__(cls):
        print("class goes:", cls.__name__)


def last_of(name, base):
    cls = Meta(name, (base,), {})
    made = cls()
    made.one, made.two = Told("one of " + name), 2
    del cls
    gc.collect()
    cls = type(made)
    ref = weakref.ref(cls)
    del cls
    made = None
    gc.collect()
    return ref() is None


for i in range(4):
    print(last_of(f"Dying{i}", (Plain, object)[i % 2]))


class Changes:
    """Gives the class of what goes more names, another base, or a finalizer."""

    def __init__(self, cls, way):
        self.cls, self.way = cls, way

    def __del__(self):
        if self.way == "names":
            other = self.cls()
            for i in range(20):
                setattr(other, f"later{i}", i)
        elif self.way == "base":
            self.cls.__bases__ = (Plain,)
        elif self.way == "finalizer":
            self.cls.__del__ = lambda self: print("came too late")
        elif self.way == "class":
            self.cls.more = 1
        print("changed", self.way)


def change(way):
    cls = type("Changing", (Pair,), {"__init__": lambda self: None})
    for turn in range(20):
        made = cls()
        made.left, made.right = turn, Told("right") if turn == 19 else turn
        if turn == 19:
            made.left = Changes(cls, way)
        made = None


for way in ("names", "base", "finalizer", "class"):
    change(way)


# A finalizer that comes, and goes.
class Later:
    def __init__(self, name):
        self.name = name


def later(name):
    made = Later(name)
    made = None


for _ in range(30):
    later("before")
Later.__del__ = lambda self: print("finalizer of", self.name)
for _ in range(2):
    later("between")
del Later.__del__
for _ in range(30):
    later("after")


# Instances of another class than they were made of.
class Other(Pair):
    def __del__(self):
        print("as another:", vars(self))


def another(turns):
    for turn in range(turns):
        made = Pair(turn, 2)
        if turn == turns - 1:
            made.__class__ = Other
        made = None


another(30)


# Floats, more than the interpreter keeps for later, and what is only like one.
class Half(float):
    def __del__(self):
        print("half goes:", float(self))


def floats(count):
    held = []
    for i in range(count):
        held.append(Pair(i * 0.25, i * 0.75))
    total = 0.0
    while held:
        last = held.pop()
        total += last.left + last.right
        last = None
    for i in range(count):
        first = i * 0.5
        second = (first, -first)
        second = first = None
    return total, [i * 1.5 for i in range(3)]


for count in (1, 60, 1000):
    print(floats(count))
drop(Pair, Half(1.5), 2.5)
drop(Pair, 2.5, Half(3.5))


# In threads at once.
def busy(turns, seen):
    for turn in range(turns):
        drop(Pair, Pair(turn, [turn]), {turn: Pair(1, 2)})
    seen.append(turns)


seen = []
threads = [threading.Thread(target=busy, args=(2000, seen)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(seen)
