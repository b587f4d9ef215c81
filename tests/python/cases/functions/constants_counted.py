"""Constants that are on the stack several times, or come back from a call, are counted once for each."""
import sys


class Odd(dict):
    pass


class Result:
    def __add__(self, other):
        return ("of", "add")

    def __getitem__(self, key):
        return ("of", "getitem")


TUPLE = ("of", "add")


def augment(n):
    things, numbers = Odd({(1.5, 2): 1}), {(1.5, 2): 0}
    while n:
        n -= 1
        things[(1.5, 2)] -= numbers.get((1.5, 2))
    return things


def augment_by_hash(n):
    things = Odd({(1.5, 3): 1})
    while n:
        n -= 1
        things[(1.5, 3)] ^= hash((1.5, 3)) & 1
    return things


def result(n):
    last = None
    adding = Result()
    while n:
        n -= 1
        last = ("of", "add"), adding + adding, adding[0], adding + adding if n else adding[n]
    return last


def kept(n):
    last = None
    x = ("k", 0.5)
    while n:
        n -= 1
        last = x, (x := n), len(("k", 0.5)), x
        x = ("k", 0.5)
    return last


def constants(function):
    return [c for c in function.__code__.co_consts if isinstance(c, tuple)]


for function in augment, augment_by_hash, result, kept, Result.__add__, Result.__getitem__:
    counted = constants(function)
    before = [sys.getrefcount(c) for c in counted]
    if function.__name__.startswith("__"):
        for _ in range(30):
            result(20)
    else:
        for _ in range(30):
            function(20)
    print(function.__name__, [sys.getrefcount(c) - was for c, was in zip(counted, before)])
