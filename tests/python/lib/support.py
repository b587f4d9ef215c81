"""What cases use: warm a function up, show outcomes, watch reference counts."""

import gc
import sys
import traceback
import types

# Called with a code object whenever a function has been made warm (`reach.py` adds itself).
on_warm = []

# Enough calls for the interpreter to specialise a function and to try again after a miss.
WARM = 80

COMMON = (None, True, False, Ellipsis, NotImplemented, 0, 1, "", "a", b"", (), int, str, object)


def describe(value):
    """A value with its exact type, deep enough to tell 1 from True and 0.0 from -0.0."""
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        items = sorted(value, key=repr) if kind in (set, frozenset) else value
        return "%s[%s]" % (kind.__name__, ", ".join(map(describe, items)))
    if kind is dict:
        return "dict{%s}" % ", ".join("%s: %s" % (describe(k), describe(v)) for k, v in value.items())
    if kind in (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type):
        return "%s %s" % (kind.__name__, value.__qualname__)
    if kind is int and value.bit_length() > 4000:
        return "int of %d bits, %d modulo 10**9+7" % (value.bit_length(), value % (10**9 + 7))
    if kind.__repr__ is object.__repr__:
        return "%s object" % kind.__name__
    return "%s %r" % (kind.__name__, value)


def outcome(function, *arguments, **keywords):
    """What a call gives, as text: its result, or its traceback."""
    attempted = attempt(function, *arguments, **keywords)
    told = tell(attempted)
    forget(attempted)
    return told


def attempt(function, *arguments, **keywords):
    """What a call gives, in a form that is cheap to compare: text, or an exception and its places."""
    try:
        return "= " + describe(function(*arguments, **keywords)), None
    except BaseException as error:
        places = []
        trace = error.__traceback__
        while trace is not None:
            # Not `tb_lasti`: it changes when the interpreter specialises a call (3.11).
            places.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
            trace = trace.tb_next
        return (type(error), str(error), places), error


def tell(attempted):
    """The text of an attempt."""
    seen, error = attempted
    if error is None:
        return seen
    return "! " + "".join(traceback.format_exception(error)).rstrip()


def forget(attempted):
    """Let an exception that is raised again start with no traceback."""
    if attempted[1] is not None:
        attempted[1].__traceback__ = None


def show(function, *arguments, **keywords):
    """Call once and print what it gives."""
    print(function.__name__, outcome(function, *arguments, **keywords))


def fresh(function):
    """The same function with a code object of its own, so that nothing is specialised yet."""
    code = function.__code__
    copy = types.FunctionType(
        code.replace(), function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def warm(function, *arguments, times=WARM):
    """Call often, and print the outcome whenever it is not that of the call before."""
    before = None
    for turn in range(times):
        now = attempt(function, *arguments)
        if now[0] != before:
            print(function.__name__, "call", turn, tell(now))
            before = now[0]
        forget(now)
    for look in on_warm:
        look(function.__code__)


def mixed(function, *rows):
    """Let each row of arguments warm up a fresh copy, then meet all the others, twice."""
    for index, row in enumerate(rows):
        copy = fresh(function)
        print("%s warm with row %d" % (function.__name__, index))
        warm(copy, *row)
        for _ in range(2):
            for other in rows:
                print("   ", outcome(copy, *other))
        warm(copy, *row)


def collect():
    """Collect garbage, and what only its collection made free."""
    for _ in range(3):
        gc.collect()


def steady(function, *arguments, watch=(), common=COMMON):
    """Print which reference counts a call that runs often changes; none should."""
    for _ in range(WARM):
        attempt(function, *arguments)
    for look in on_warm:
        look(function.__code__)
    watched = (*arguments, *watch, *common)
    collect()
    before = [sys.getrefcount(value) for value in watched]
    blocks = sys.getallocatedblocks()
    for _ in range(50):
        attempt(function, *arguments)
    collect()
    grown = sys.getallocatedblocks() - blocks
    after = [sys.getrefcount(value) for value in watched]
    changed = [
        "%s by %d" % (describe(value), now - then)
        for value, then, now in zip(watched, before, after)
        if abs(now - then) >= 25
    ]
    if grown >= 25:
        changed.append("allocated blocks by %d" % grown)
    print(function.__name__, "changes", ", ".join(changed) or "no count")


class Noisy:
    """An object that says when it dies."""

    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("(%s dies)" % self.name)

    def __repr__(self):
        return "<%s>" % self.name
