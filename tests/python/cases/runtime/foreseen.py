"""Branches of one instruction that go one way for a while, and then another."""

import builtins


class Calls:
    def __init__(self, x=0):
        self.x = x

    def method(self, x):
        return ("method", x)

    @classmethod
    def of_class(cls, x):
        return (cls.__name__, x)

    @staticmethod
    def alone(x):
        return ("static", x)

    def __call__(self, x):
        return ("instance", x)


class Raises:
    def __call__(self, x):
        raise ValueError(x)


def function(x):
    return ("function", x)


def closure(y):
    def inner(x):
        return ("closure", x, y)

    return inner


def generator(x):
    yield x


def variadic(*args, **kwargs):
    return ("variadic", args, sorted(kwargs.items()))


def call(f, x):
    return f(x)


def call_keyword(f, x):
    return f(x=x)


def describe(value):
    return type(value).__name__ if not isinstance(value, (tuple, int, str)) else value


callables = [
    function,
    function,
    abs,
    abs,
    Calls,
    Calls().method,
    Calls.of_class,
    Calls.alone,
    Calls(),
    closure(3),
    generator,
    variadic,
    lambda x: ("lambda", x),
    [].append,
    "{}".format,
    dict.fromkeys,
    Raises(),
    None,
]

for order in (callables, callables[::-1]):
    for f in order * 3:
        for way in (call, call_keyword):
            try:
                print(describe(way(f, 5)))
            except Exception as error:
                print(type(error).__name__, error)

# Each site of its own, so that each starts with another kind.
for first in callables:
    names = {}
    exec("def site(f, x):\n    return f(x)\n", names)
    for f in [first, first, *callables, first]:
        try:
            print(describe(names["site"](f, 7)))
        except Exception as error:
            print(type(error).__name__, error)


class Looked(dict):
    def __missing__(self, name):
        return ("missing", name)


source = """
def look():
    return len, anything
"""

# The same code with builtins of different kinds.
code = compile(source, "<look>", "exec")
kinds = [
    {"len": 1, "anything": 2},
    Looked(len=3),
    builtins.__dict__,
    Looked(),
]
function_code = next(c for c in code.co_consts if hasattr(c, "co_code"))
for kind in kinds * 3:
    for order in range(3):
        names = {"__builtins__": kind}
        exec(code, names)
        # The code object is shared between the functions.
        look = type(function)(function_code, names)
        try:
            print(look())
        except NameError as error:
            print(error)


def unbound(flag):
    if flag:
        value = 1

    def inner():
        return value

    return inner


for flag in [True] * 5 + [False] * 3 + [True] * 2:
    try:
        print(unbound(flag)())
    except NameError as error:
        print(error)
