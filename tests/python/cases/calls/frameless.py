"""Small functions that may run without frames: nothing shows that they do."""

import array
import gc
import signal
import sys
import threading


def quotient(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def inside(x, low, high):
    if low <= x < high:
        return x - low
    raise IndexError(x)


def text(x):
    return "text"


def big(x):
    return 123456789012345678901234567890


def number(x):
    return 2.5


def same(x):
    return x


def none(x):
    pass


def swapped(a, b):
    a, b = b, a
    return a - b


def late(x):
    if x > 990:
        y = x
    return y


class Grid:
    def __init__(self, w, h):
        self.w = w
        self.h = h
        self.data = array.array("d", [0.0]) * (w * h)
        self.names = ["a", "b", "c"]

    def place(self, x, y):
        if 0 <= x < self.w and 0 <= y < self.h:
            return y * self.w + x
        raise IndexError("%s, %s" % (x, y))

    def __getitem__(self, at):
        x, y = at
        return self.data[self.place(x, y)]

    def __setitem__(self, at, v):
        x, y = at
        self.data[self.place(x, y)] = v

    def __add__(self, other):
        return other + self.w if other != 3 else NotImplemented

    def __mul__(self, other):
        return NotImplemented

    def width(self):
        return self.w

    def name(self, i):
        return self.names[i]

    def itself(self):
        return self


def loop(function, *all):
    out = []
    for args in all:
        try:
            out.append(function(*args))
        except Exception as error:
            out.append((type(error).__name__, str(error), error.__traceback__.tb_next.tb_lineno))
    return out


def quotients(n, a, b):
    s = 0.0
    for i in range(n):
        s += quotient(i, a) * quotient(b, i)
    return s


def insides(n, low, high):
    s = 0
    for i in range(n):
        s += inside(i, low, high)
    return s


def constants(n):
    for i in range(n):
        a = text(i)
        b = big(i)
        c = number(i)
        d = none(i)
        assert text(i) is a and big(i) is b and number(i) is c
    return a, b, c, d


def identities(n):
    kept = None
    for i in range(n):
        x = i * 0.5
        y = same(x)
        z = same(same(i))
        assert y is x
        kept = same(kept)
        kept = same([y, z])
    return kept


def swaps(n):
    s = 0
    for i in range(n):
        s = s + swapped(i, s)
    return s


def lates(n):
    s = 0
    for i in range(n):
        try:
            s += late(i)
        except UnboundLocalError as error:
            s += error.__traceback__.tb_next.tb_lineno
    return s


def grids(n, w):
    g = Grid(w, w)
    for i in range(n):
        g[i % w, i // w % w] = i * 0.5
        g[0, 0] += g[i % w, 0] + g.width()
        assert g.itself() is g and g.itself().itself().width() == w
    return g[0, 0], g[w - 1, 0], g.name(-1), g.name(1)


def outside(n, w):
    g = Grid(w, w)
    found = []
    for i in range(n):
        try:
            g[i, i] = 1.0
        except IndexError as error:
            frames = []
            traceback = error.__traceback__
            while traceback:
                frames.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
                traceback = traceback.tb_next
            found.append((i, frames, str(error)))
    return found[:2], len(found)


def added(n):
    g = Grid(2, 2)
    s = 0
    for i in range(n):
        try:
            s += g + i % 5
        except TypeError as error:
            s += len(str(error))
    return s


def refused(n):
    g = Grid(2, 2)
    x = 0.25
    out = []
    for i in range(n):
        try:
            out.append(g * (x * i))
        except TypeError as error:
            out.append(str(error))
    return len(out), out[-1]


# Each is warm before what calls it is compiled.
for turn in range(3):
    print(loop(quotient, *((i, 3) for i in range(12)), (-1, 0), (0.5, 1), (1 << 70, 2), ("a", 1), (True, False))[-5:])
    print(loop(inside, *((i, 2, 9) for i in range(12)), (0.5, 0, 1.0), ("b", "a", "c"))[-6:])
    print(round(quotients(200, 5, 7), 12), round(quotients(50, 5.5, 1 << 66), 12), loop(quotients, (3, -1, 0)))
    print(insides(40, -3, 50), loop(insides, (20, 0, 10)))
    print(constants(40), identities(40), swaps(200), loop(swapped, ("a", 1), (1.5, 2)))
    print(lates(1000), grids(300, 5), outside(9, 5), added(40), refused(20))


# What dies does so when the call ends, in the frame of the caller.
class Dying:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        print("dies", self.name, frame.f_code.co_name)

    def named(self):
        return self.name


def taking(a, b):
    return b


def dying(n):
    for i in range(n):
        print(taking(Dying(("first", i)), i), Dying(("second", i)).named())
        x = taking(i, Dying(("third", i)))
        print("between")
        x = taking(x, i)
    print("end", x)


for i in range(20):
    taking(i, i)
for turn in range(3):
    dying(3)


# References to arguments, function and result.
def references(n):
    thing = object()
    counts = set()
    for i in range(n):
        x = taking(i, thing)
        counts.add((sys.getrefcount(thing), sys.getrefcount(taking) - sys.getrefcount(taking.__code__)))
    return len(counts)


for turn in range(3):
    print(references(30))
before = sys.getrefcount(taking), sys.getrefcount(taking.__code__)
references(100)
print(before == (sys.getrefcount(taking), sys.getrefcount(taking.__code__)))


# A constant of a function that is gone.
def constant_that_stays(n):
    kept = []
    for i in range(n):
        exec("def made(x): return 'a string of %d' + '' if x < 0 else (%d.25, 'tuple')" % (i, i), globals())
        for k in range(12):
            x = made(k)
        kept.append(x)
        del globals()["made"]
        gc.collect()
    return kept[0], kept[-1], x


print(constant_that_stays(4), constant_that_stays(4))


def calls_made(n):
    exec("def made(x): return 1234567.25", globals())
    for i in range(20):
        made(i)

    def calling():
        for i in range(n):
            x = made(i)
        globals()["made"] = None
        gc.collect()
        return x, [x] * 2

    return calling(), calling.__name__


for turn in range(3):
    print(calls_made(30))


# Too deep is too deep.
def deep(n):
    if n == 0:
        return taking(n, 1)
    return deep(n - 1) + taking(0, 1)


def deepest():
    low, high = 1, 4000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            deep(middle)
            low = middle
        except RecursionError:
            high = middle - 1
    return low


deep(50)
limit = sys.getrecursionlimit()
sys.setrecursionlimit(300)
print([deepest() for turn in range(4)])
sys.setrecursionlimit(limit)


# Functions that change.
def other(a, b):
    return ("other", a)


def changing(n):
    out = []
    for i in range(n):
        out.append(taking(i, -i))
        if i == n // 2:
            taking.__code__, other.__code__ = other.__code__, taking.__code__
    return out[n // 2 - 1 : n // 2 + 2]


for turn in range(4):
    print(changing(30))


class Changing:
    value = 1

    def get(self):
        return self.value


def methods(n):
    thing, out = Changing(), []
    for i in range(n):
        out.append(thing.get())
        if i == n // 3:
            thing.value = 2
        if i == n // 2:
            Changing.get = lambda self: (self.value, "new")
        if i == n - 3:
            del Changing.get
            Changing.get = lambda self: 0.5
    del Changing.get
    Changing.get = GET
    return out


GET = Changing.get
for i in range(20):
    Changing().get()
for turn in range(3):
    print(methods(20))


# Tools see every call.
def traced(n):
    seen = []

    def trace(frame, event, arg):
        seen.append((event, frame.f_code.co_name))
        return trace

    s = 0
    for i in range(n):
        s += quotient(i, 1)
        if i == n // 2:
            sys.settrace(trace)
            s += quotient(i, 2)
        s += taking(i, 2)
    sys.settrace(None)
    return round(s, 9), seen


class Sneaky:
    def __init__(self):
        self.seen = []

    def trace(self, frame, event, arg):
        self.seen.append((event, frame.f_code.co_name))
        return self.trace

    watching = property(None, lambda self, on: sys.settrace(self.trace if on else None))


def sneaky(n):
    thing, s = Sneaky(), 0
    for i in range(n):
        s += taking(s, i)
        thing.watching = i == 4
        s += taking(i, s)
    thing.watching = False
    return s, [seen for seen in thing.seen if seen[1] == "taking"]


def profiled(n):
    seen = []
    for i in range(n):
        taking(i, 1)
        if i == n - 2:
            sys.setprofile(lambda frame, event, arg: seen.append((event, frame.f_code.co_name)))
    sys.setprofile(None)
    return seen


for turn in range(3):
    print(traced(6))
    print(profiled(20))
    print(sneaky(10))


# A signal's handler sees the frames that there would be.
def with_signals(n):
    names = set()

    def handler(number, frame):
        names.add(frame.f_code.co_name)

    old = signal.signal(signal.SIGALRM, handler)
    s = 0
    for i in range(n):
        if i % 50 == 0:
            signal.raise_signal(signal.SIGALRM)
        s += taking(i, 1)
    signal.signal(signal.SIGALRM, old)
    return s, names


for turn in range(3):
    print(with_signals(300))


def in_threads():
    results = []

    def work():
        results.append((round(quotients(3000, 2, 3), 9), grids(300, 4)))

    threads = [threading.Thread(target=work) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(set(results)), results[0]


interval = sys.getswitchinterval()
sys.setswitchinterval(1e-5)
print(in_threads())
sys.setswitchinterval(interval)


# Closures, keywords' places, branches that alternate, values of other types by turns.
def outer(k):
    def inner(x):
        return x + k if x & 1 else x - k

    s = 0
    for i in range(60):
        s = s * 3 + inner(i) & 0xFFFFFF
    return s


def by_turns(n):
    out = []
    for i in range(n):
        out.append(same((i, i * 0.5, str(i), None)[i & 3]))
        out.append(swapped((i, i * 0.5, 1 << 65, True)[i & 3], i))
    return out


for turn in range(3):
    print(outer(turn), by_turns(9))
