"""Calls with keywords: which argument is for which parameter, what is called by turns at one place, and
what does not fit."""
import sys


def three(a, b, c):
    return a, b, c


def other_names(c, a, b):
    return c, a, b


def by_name(a, *, b, c):
    return a, b, c


def optional(a, b=2, c=3):
    return a, b, c


def gathering(a, *rest, b=2, **named):
    return a, rest, b, sorted(named.items())


def positional(a, b, /, c):
    return a, b, c


def generator(a, b, c):
    yield a, b, c


def ordered(function, count):
    got = None
    for i in range(count):
        got = function(i, c=i + 2, b=i + 1)
    return got


def fewer(function, count):
    got = None
    for i in range(count):
        got = function(a=i, c=i + 2)
    return got


def unknown(function, count):
    got = None
    for i in range(count):
        got = function(i, c=i + 2, d=i + 1)
    return got


def twice(function, count):
    got = None
    for i in range(count):
        got = function(i, i + 1, i + 2, a=i + 3)
    return got


FUNCTIONS = [three, other_names, by_name, optional, gathering, positional, generator]


def shown(call, function, count):
    try:
        got = call(function, count)
    except TypeError as error:
        return str(error)
    return list(got) if function is generator else got


for call in ordered, fewer, unknown, twice:
    for function in FUNCTIONS:
        print(call.__name__, function.__name__, shown(call, function, 40))

# One place that meets all of them.
print([shown(ordered, function, 3) for function in FUNCTIONS * 3])


class Plain:
    def method(self, x, flag=False):
        return x, flag


class Slots:
    __slots__ = ("method",)


class Called:
    def __call__(self, x, flag=None):
        return "called", x, flag


class Made:
    def __init__(self, x, flag=None):
        self.x, self.flag = x, flag


def methods(objects, turns):
    got = []
    for i in range(turns):
        for thing in objects:
            got.append(thing.method(i, flag=i & 1 == 0))
    return got[-len(objects) :]


held = Slots()
held.method = Plain().method
function = Slots()
function.method = lambda x, flag: ("function", flag)
callable_ = Slots()
callable_.method = Called()
print(methods([Plain()], 30))
print(methods([Plain(), held, function, callable_, Plain()], 30))


def made(count):
    things = [Made(flag=i, x=-i) for i in range(count)]
    return things[-1].x, things[-1].flag


print(made(40))


def references(count):
    x, y = object(), object()
    before = sys.getrefcount(x), sys.getrefcount(y), sys.getrefcount(three)
    for _ in range(count):
        three(c=x, b=y, a=x)
        optional(x, c=y)
        by_name(c=x, a=y, b=x)
    return before == (sys.getrefcount(x), sys.getrefcount(y), sys.getrefcount(three))


print(references(40))


class Dies:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


log = []


def drops(a, b, c):
    del b
    log.append("b")
    del a
    log.append("a")


def dying(count):
    for _ in range(count):
        log.clear()
        drops(Dies("first"), c=Dies("third"), b=Dies("second"))
    return list(log)


print(dying(40))


def replaced(count):
    def target(a, b):
        return a, b

    def reversed_(b, a):
        return b, a

    got = []
    for i in range(count):
        if i == count // 2:
            target.__code__ = reversed_.__code__
        got.append(target(b=i, a=-i))
    return got[0], got[-1], len(got)


print(replaced(40))


def frame_of(a, b):
    return sys._getframe().f_locals["b"], sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno


def frames(count):
    for i in range(count):
        got = frame_of(
            b=i,
            a=1,
        )
    return got


print(frames(40))


def raising(a, b):
    raise ValueError(a, b)


def caught(count):
    for i in range(count):
        try:
            raising(b=i, a=0)
        except ValueError as error:
            got = error.args, error.__traceback__.tb_next.tb_lineno - raising.__code__.co_firstlineno
    return got


print(caught(40))
