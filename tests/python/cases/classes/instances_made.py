"""Calls of classes with an `__init__` written in Python, made where the class is known: what may change
between two calls, and what may go wrong in one."""

import gc
import sys
import traceback


class Pair:
    def __init__(self, left, right):
        self.left = left
        self.right = right


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


class Heir(Pair):
    pass


class Upper(Pair):
    def __init__(self, left, right):
        super().__init__(right, left)


def make(cls, count):
    made = None
    for i in range(count):
        made = cls(i, i + 0.5)
    return made


for cls in (Pair, Slotted, Heir, Upper, Pair):
    made = make(cls, 40)
    print(type(made).__name__, made.left, made.right, sys.getrefcount(made))


class Changing:
    def __init__(self, x):
        self.x = x


def changing(count):
    out = []
    for i in range(count):
        if i == 30:
            Changing.__init__ = lambda self, x: setattr(self, "x", -x)
        if i == 40:
            Changing.__init__.__code__ = (lambda self, x: setattr(self, "x", 1000 + x)).__code__
        if i == 50:
            Changing.__new__ = lambda cls, x: object.__new__(cls) if x % 2 else None
        out.append(getattr(Changing(i), "x", None))
    return out


print(changing(60))


class Meta(type):
    pass


class Turned:
    def __init__(self, x):
        self.x = x


def turned(count):
    out = []
    for i in range(count):
        if i == 30:
            try:
                Turned.__class__ = Meta
            except TypeError as error:
                out.append(str(error))
        out.append(Turned(i).x)
    return out


print(turned(34))


class Strange:
    def __init__(self, x):
        if x == 35:
            raise KeyError(x)
        if x > 36:
            return x


class Dying(Strange):
    def __del__(self):
        log.append("gone")


log = []


def strange(cls, count):
    for i in range(count):
        try:
            cls(i)
        except (KeyError, TypeError) as error:
            lines = traceback.format_exception(error)
            log.append("".join(lines[1:]).replace(__file__, "here"))


strange(Strange, 39)
strange(Dying, 39)
print("\n".join(log[:2]))
print(len(log), log[-3:])


class Counted:
    def __init__(self, x, y):
        self.counts = sys.getrefcount(x) - sys.getrefcount(y)
        self.back = sys._getframe(1).f_code.co_name
        self.mine = sys.getrefcount(self)


def counted(count):
    x, y = object(), object()
    before = sys.getrefcount(x), sys.getrefcount(y)
    made = [Counted(x, y) for _ in range(count)]
    assert before == (sys.getrefcount(x), sys.getrefcount(y))
    init = sys.getrefcount(Counted.__init__), sys.getrefcount(Counted.__init__.__code__)
    again = [Counted(x, y) for _ in range(count)]
    assert init == (
        sys.getrefcount(Counted.__init__),
        sys.getrefcount(Counted.__init__.__code__),
    )
    del again
    return {(c.counts, c.mine) for c in made[-5:]}


print(counted(50))


class Wrong:
    def __init__(self, x):
        self.x = x


def wrong(count):
    out = []
    for i in range(count):
        try:
            if i < 35:
                Wrong(i)
            elif i < 37:
                Wrong()
            else:
                Wrong(i, i)
        except TypeError as error:
            out.append(str(error))
    return out


print(wrong(39))


class Deep:
    def __init__(self, depth):
        self.below = Deep(depth - 1) if depth else None


def depth(made):
    count = 0
    while made is not None:
        made = made.below
        count += 1
    return count


print(depth(Deep(50)), depth(Deep(200)))
try:
    Deep(10**6)
except RecursionError as error:
    print("RecursionError")
print(depth(Deep(100)))


class Collected:
    """Making one starts the collector, whose finalizer gives the class another `__init__`."""

    def __init__(self, x):
        self.x = x


class Trap:
    def __init__(self):
        self.me = self

    def __del__(self):
        def other(self, x):
            self.x = "other"

        Collected.__init__ = other


def collected(count):
    out = []
    for i in range(count):
        if i == 40:
            Trap()
            gc.set_threshold(1)
        out.append(Collected(i).x)
    return out


values = collected(300)
gc.set_threshold(700, 10, 10)
print(values[:40] == list(range(40)), values[-1])


def local(count):
    total = 0
    for i in range(count):

        class Here:
            def __init__(self, x):
                self.x = x

        for k in range(3):
            total += Here(k).x
    return total


print(local(40))


class Keyword:
    def __init__(self, x, y=2, *rest, **more):
        self.all = x, y, rest, more


def keyword(count):
    for i in range(count):
        made = Keyword(i), Keyword(i, 3), Keyword(i, 4, 5), Keyword(i, z=6), Keyword(x=i)
    return [m.all for m in made]


print(keyword(40))


class Later:
    def __init__(self, x):
        yield x


def later(count):
    out = set()
    for i in range(count):
        try:
            Later(i)
        except TypeError as error:
            out.add(str(error))
    return out


print(later(40))
