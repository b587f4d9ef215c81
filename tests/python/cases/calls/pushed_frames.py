"""Calls whose callee differs in what its frames look like, at one place each."""

import sys


def one(a, b):
    return a, b


def two(a, b):
    first = a
    second = b
    third = [first, second]
    return third


def with_default(a, b, c="default"):
    return a, b, c


def by_name(a, b, *, c="by name"):
    return a, b, c


def gathering(a, *rest):
    return a, rest


def with_cell(a, b):
    def inner():
        return a + b

    return inner()


def making(a, b):
    yield a
    yield b


def many_locals(a, b):
    c = d = e = f = g = h = i = j = k = l = m = n = o = p = q = r = s = a
    if b == -1:
        late = 1
    try:
        return late
    except UnboundLocalError:
        return c, s


def failing(a, b):
    raise ValueError(sys._getframe().f_code.co_name, sys._getframe(1).f_code.co_name)


class Left:
    def act(self, value):
        return "left", value


class Right:
    def act(self, value):
        local = value
        other = local
        return "right", other


class Unbound:
    def __init__(self):
        self.act = one.__get__(3)


def call(function, a, b):
    return function(a, b)


def act(instance, value):
    return instance.act(value)


def show(result):
    print(list(result) if hasattr(result, "__next__") else result)


def missing(function):
    try:
        function(1)
    except TypeError as error:
        return str(error)


FUNCTIONS = one, two, with_default, by_name, gathering, with_cell, making, many_locals
for function in FUNCTIONS:
    for n in range(60):
        result = call(function, n, n + 1)
    show(result)
for n in range(200):
    for function in FUNCTIONS:
        result = call(function, n, n + 1)
show(result)
for n in range(100):
    for instance in Left(), Right(), Unbound():
        result = act(instance, n)
print(result)
for n in range(60):
    message = missing(one), missing(by_name)
print(*message)
for n in range(60):
    try:
        call(failing, 1, 2)
    except ValueError as error:
        message = error.args
        line = error.__traceback__.tb_next.tb_next.tb_lineno
print(message, line - failing.__code__.co_firstlineno)

# A function that becomes another one keeps its place.
for code in one.__code__, many_locals.__code__, two.__code__:
    call.__globals__["one"].__code__ = code
    for n in range(60):
        result = call(one, n, n)
    print(result)

# The stack of frames ends in the middle of a chunk that is full.
def deep(n, function):
    if n == 0:
        return call(function, 1, 2)
    return call_deep(n - 1, function)


def call_deep(n, function):
    return deep(n, function)


sys.setrecursionlimit(20000)
for n in (10, 500, 2000, 10, 2001, 2002, 2003):
    print(deep(n, two))
