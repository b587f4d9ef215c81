"""Calls of Python functions: every shape of signature met by every shape of call."""
from support import mixed, show, warm


def none():
    return "none"


def two(a, b):
    return a, b


def defaults(a, b=2, c=3):
    return a, b, c


def star(*args, **keywords):
    return args, keywords


def keyword_only(a, *, b, c=5):
    return a, b, c


def positional_only(a, b=1, /, c=2):
    return a, b, c


def everything(a, b=2, /, c=3, *rest, d, e=5, **more):
    return a, b, c, rest, d, e, more


FUNCTIONS = [none, two, defaults, star, keyword_only, positional_only, everything]


def call_0(f):
    return f()


def call_1(f):
    return f(1)


def call_2(f):
    return f(1, 2)


def call_3(f):
    return f(1, 2, 3)


def call_keyword(f):
    return f(1, b=2)


def call_keywords(f):
    return f(a=1, b=2)


def call_more(f):
    return f(1, 2, c=3, d=4)


def call_star(f, args=(1, 2)):
    return f(*args)


def call_star_list(f, args=[1]):
    return f(*args, 2)


def call_both(f, args=(1,), keywords={"b": 2}):
    return f(*args, **keywords)


def call_two_mappings(f):
    return f(1, **{"b": 2}, **{"d": 3})


def call_twice(f):
    return f(1, b=2, **{"b": 3})


def call_bad_star(f):
    return f(*5)


def call_bad_mapping(f):
    return f(**{1: 2})


def call_d(f):
    return f(1, d=4)


CALLERS = [call_0, call_1, call_2, call_3, call_keyword, call_keywords, call_more, call_star, call_star_list, call_both,
           call_two_mappings, call_twice, call_bad_star, call_bad_mapping, call_d]


class Callable:
    def __call__(self, *args, **keywords):
        return "called", args, keywords


class Holder:
    def method(self, *args):
        return "method", args

    @staticmethod
    def static(*args):
        return "static", args

    @classmethod
    def of_class(cls, *args):
        return cls.__name__, args


class Made:
    def __init__(self, *args, **keywords):
        self.args = args, keywords

    def __repr__(self):
        return "Made%r" % (self.args,)


OTHERS = [Callable(), Holder().method, Holder.static, Holder.of_class, Made, lambda *args: args, 5, None, max, dict, print]
for caller in CALLERS:
    mixed(caller, *((f,) for f in FUNCTIONS))
    mixed(caller, *((f,) for f in (two, *OTHERS)))


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


warm(fib, 5)
print(fib(18))
warm(ackermann, 1, 2)
print(ackermann(2, 9))
warm(even, 10)
print(even(301))
print(fib(10.0), fib(True))


def changes_defaults(a, b=[]):
    b.append(a)
    return b


warm(lambda: len(changes_defaults(1)), times=5)


def replaced():
    def target(x):
        return x + 1

    def other(x):
        return x * 100

    def use(x):
        return target(x)

    seen = []
    for turn in range(60):
        if turn == 40:
            target.__code__ = other.__code__
        if turn == 50:
            target.__defaults__ = (7,)
        seen.append(use(turn))
    seen.append(target())
    return seen


warm(replaced, times=4)


def argument_deleted(a, b):
    del a
    try:
        return a
    except UnboundLocalError as error:
        return str(error), b


warm(argument_deleted, 1, 2)
show(lambda: none(*[], **{}))
show(two, *(1,), **{"b": 2})


# Arguments from tuples, iterables and dictionaries, good and bad.
def spread(function, args, kwargs):
    return function(*args), function(*args, **kwargs)


def collects(*args, **kwargs):
    return args, sorted(kwargs.items())


def takes(a, b=2, *, c=3):
    return a, b, c


class Counts:
    def __getitem__(self, index):
        if index == 2:
            raise IndexError
        return index * 10


for function in collects, takes, max, dict, "{}-{}".format, Counts:
    mixed(
        spread,
        (function, (1, 2), {}),
        (function, [1, 2], {"c": 4}),
        (function, Counts(), {"c": 4, "b": 1}),
        (function, iter((7, 8)), {3: 4}),
        (function, 5, {}),
        (function, (1,), 6),
        (function, (1,), {"key": str}),
    )


def twice(function, first, second):
    return function(**first, **second)


mixed(twice, (takes, {"a": 1}, {"c": 2}), (takes, {"a": 1}, {"a": 2}), (takes, {"a": 1}, 5), (collects, {"a": 1}, {2: 2}))


def imports_inside(n):
    import string
    import os.path as path
    from math import gcd

    return string.digits, path.basename("a/b"), gcd(n, 12)


def imports_nothing():
    import there_is_no_such_module

    return there_is_no_such_module


warm(imports_inside, 18)
warm(imports_nothing)
