"""Who holds arguments while a function runs: counts and lifetimes, for calls from Python and from C."""
import functools
import sys

from support import Noisy, fresh, show, warm

# Not the builtin itself: a call of it is specialised, and then need not count its argument.
count = functools.partial(sys.getrefcount)


def plain(a, b):
    return count(a), count(b)


def drops(a, b=None):
    a = None
    print("  a is gone")
    del b
    print("  b is gone")


def captures(a, b):
    def inner():
        return a

    found = count(a), count(b)
    a = None
    print("  captured a is gone")
    return found


def makes(a):
    found = count(a)
    a = None
    yield found


class Thing:
    def method(self, a):
        return count(self), count(a)

    @classmethod
    def of_class(cls, a):
        return count(a)

    @staticmethod
    def static(a):
        return count(a)

    def __call__(self, a):
        return count(a)


def caller(flag):
    thing, other = Noisy("thing"), Noisy("other")
    found = [plain(thing, other)]
    found.append(plain(thing if flag else other, other if flag else thing))
    found.append(plain(plain and thing, thing and other))
    found.append([plain(thing, other), (plain, thing, plain(thing, other)), {1: plain(thing, plain(thing, other))}])
    found.append(captures(thing, other))
    found.append(list(makes(thing)))
    try:
        raise ValueError
    except ValueError:
        found.append(plain(thing, other))
    for each in thing, other:
        found.append(plain(each, plain(each, each)))
    with open("/dev/null") as file:
        found.append(plain(thing, file))
    return found


def temporaries():
    drops(Noisy("first"))
    drops(Noisy("first"), Noisy("second"))
    captures(Noisy("captured"), 1)
    return 0


def through_c():
    thing = Noisy("thing")
    found = [list(map(plain, [thing], [thing])), functools.partial(plain)(thing, thing)]
    found += [functools.partial(plain, thing)(thing), sorted([thing, thing], key=lambda a: count(a))]
    found += [functools.reduce(plain, [thing, thing]), max([thing, thing], key=count)]
    found.append([type(item).__name__ for item in found])
    return found[0], found[1], found[2], found[4]


def methods():
    thing = Thing.__new__(Thing)
    argument = Noisy("argument")
    bound = thing.method
    return [thing.method(argument), bound(argument), Thing.method(thing, argument), thing.of_class(argument),
            thing.static(argument), thing(argument)]


def in_generator():
    thing = Noisy("thing")
    yield plain(thing, thing)
    yield plain(thing, (yield 0) or thing)
    drops(Noisy("first"), Noisy("second"))


def recursive(depth, thing):
    if depth == 0:
        return [count(thing)]
    return [count(thing)] + recursive(depth - 1, thing)


def wrong():
    thing = Noisy("thing")
    found = []
    for arguments in ((thing,), (thing, thing, thing)):
        try:
            plain(*arguments)
        except TypeError as error:
            found.append(str(error))
    try:
        plain(thing)
    except TypeError as error:
        found.append(str(error))
    try:
        plain(thing, c=thing)
    except TypeError as error:
        found.append(str(error))
    return found, count(thing)


for turn in range(3):
    for function in (caller, temporaries, through_c, methods, wrong):
        arguments = (turn % 2,) if function is caller else ()
        show(function, *arguments)
    show(lambda: list(in_generator()))
for function in (caller, temporaries, through_c, methods, wrong):
    arguments = (1,) if function is caller else ()
    warm(function, *arguments, times=30)
    warm(fresh(function), *arguments, times=30)
warm(lambda: list(in_generator()), times=30)
kept = object()
warm(lambda: recursive(5, kept))
warm(lambda: recursive(5, object()))
