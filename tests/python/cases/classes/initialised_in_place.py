"""Instances whose small `__init__` needs no frame: everything that shows how they were made, and what
makes it need one."""

import gc
import signal
import sys
import traceback


class Point:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z


class Again(Point):
    """Sets attributes more than once, and its own name."""

    def __init__(self, x):
        self.x = x
        self.y = x
        self.x = self.y
        self.z = self


class Nested:
    def __init__(self, x):
        self.first = x
        self.point = Point(x, x, 1.5)


class Picky:
    def __init__(self, x):
        if x is None:
            x = 7
        y = x + 1
        self.x = x
        self.y = y


class Nothing:
    def __init__(self):
        pass


class Rebound:
    def __init__(self, other):
        self.x = 1
        self = other
        self.x = 2


class Guarded:
    def __init__(self, x):
        self.x = x

    def __setattr__(self, name, value):
        object.__setattr__(self, name, (value,))


class Watched:
    seen = []

    def __init__(self, x):
        self.x = x
        self.x = None

    def __del__(self):
        Watched.seen.append("gone")


def counts(point):
    return sys.getrefcount(point), sys.getrefcount(point.x), list(vars(point))


def made(count):
    thing = object()
    before = sys.getrefcount(thing)
    total = 0.0
    kept = []
    for i in range(count):
        a = Point(total * 0.5, total + 0.25, thing)
        b = Point(a, a, a)
        c = Again(a.x)
        d = Nested(b)
        e = Picky(i if i % 3 else None)
        f = Nothing()
        total = a.x + c.x * 0.125 + d.point.z + e.y
        kept = [b.x, c.z, f]
    shown = [counts(b), counts(d.point), sys.getrefcount(c), sys.getrefcount(f)]
    return total, shown, sys.getrefcount(thing) - before, kept[0] is a, kept[1] is c


print(made(200))
print(made(200))


def rebound(count):
    other = Rebound.__new__(Rebound)
    xs = []
    for i in range(count):
        r = Rebound(other)
        xs.append(r.x + other.x * 10 + i - i)
    return set(xs), sys.getrefcount(other)


print(rebound(150))


def guarded(count):
    for i in range(count):
        g = Guarded(i)
    return g.x


print(guarded(150))


def watched(count):
    for i in range(count):
        w = Watched([])
        if i == 140:
            Watched.x = property(lambda self: "class", lambda self, value: Watched.seen.append(value))
    return w.x


print(watched(150), len(Watched.seen), Watched.seen[-3:])


def mixed(count):
    """Other arguments than before, a wrong number of them, and another `__init__`."""
    out = []
    for i in range(count):
        try:
            p = Point(i, "s", None) if i % 2 else Point(i * 0.5, (), 2**70)
            if i == 120:
                p = Point(1, 2)
            if i == 130:
                Point.__init__ = lambda self, x, y, z: setattr(self, "x", -1)
            out.append(p.x)
        except TypeError as error:
            out.append(traceback.format_exception_only(error)[0].strip())
    return out[110:]


print(mixed(140))


class Later:
    def __init__(self, x):
        self.a = x
        self.b = x


def grown(count):
    """The class's instances get more names than they had when the loop was compiled."""
    out = []
    for i in range(count):
        one = Later(i)
        if i > 100:
            setattr(one, f"extra{i}", i)
        if i == 130:
            one.__dict__
        if i == 140:
            out.append(vars(one))
    return out, vars(one)


print(grown(160))


def collected(count):
    """The collector runs as often as it would."""
    gc.collect()
    before = [stats["collections"] for stats in gc.get_stats()]
    keep = []
    for i in range(count):
        keep.append(Later(i))
    after = [stats["collections"] for stats in gc.get_stats()]
    return [b - a for a, b in zip(before, after)], sum(map(gc.is_tracked, keep)), gc.get_count()[0] < 5000


print(collected(3000), collected(3000))


class Cycle:
    def __init__(self, other):
        self.other = other
        self.me = self


def cycles(count):
    """The collector runs between the call and whatever is done with the new instance."""
    total = 0
    for i in range(count):
        total += len(str(Cycle(i).me.other)) + Cycle((i,)).other[0] % 3
        c = Cycle(c) if i % 50 else Cycle(None)
    return total, c.me is c, c.other.other.me.other is c.other.other.other


print(cycles(6000))


class Holder:
    def __init__(self, value):
        self.value = value


def taken(count):
    """A signal's handler takes away what an operator's left operand comes from."""
    holder = Holder([0])
    handled = []

    def handle(number, frame):
        holder.value = ["new"] * len(handled)
        handled.append(number)

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        turns = 0
        while len(handled) < count:
            turns += len(holder.value + Holder([1]).value) > 0
            holder.value = [turns]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return turns > 0


print(taken(20))


def traced(count):
    events = []

    def trace(frame, event, argument):
        if frame.f_code.co_name == "__init__":
            events.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    for i in range(count):
        if i == count - 2:
            sys.settrace(trace)
        Later(i)
    sys.settrace(None)
    return events


print(traced(120))


def deep(n):
    p = Later(n)
    return deep(n - 1) + p.a if n else 0


print([deep(40) for _ in range(8)][-1])
depth = 0


def deepest():
    global depth
    depth += 1
    Later(depth)
    deepest()


def exhausted():
    global depth
    depth = 0
    try:
        deepest()
    except RecursionError:
        return depth > 900


print([exhausted() for _ in range(3)])
