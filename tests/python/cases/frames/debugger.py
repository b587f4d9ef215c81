"""pdb: breakpoints set while loops run, stepping, conditions, values changed by hand, and taken away again."""
import io
import pdb
import re
import sys


def helper(x):
    y = x * 2
    return y + 1


def loop(n, at, debugger):
    total = 0
    for index in range(n):
        if index == at:
            debugger.set_trace()
        total += helper(index)
        half = total / 2
    return total, half


def floats(n, at, debugger):
    x = 0.5
    while x < n:
        x = x * 1.5
        if at < x < at * 1.5:
            debugger.set_trace()
        y = x + 1.0
    return x, y


def numbers(n, at, debugger):
    for index in range(n):
        if index == at:
            debugger.set_trace()
        yield index * 2


def line(function, text):
    """The number of the first line of a function that has this text."""
    with open(__file__) as source:
        lines = source.read().splitlines()
    first = function.__code__.co_firstlineno
    return next(n for n in range(first, len(lines)) if text in lines[n - 1])


def session(function, *arguments, commands):
    out = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("\n".join(commands) + "\n"), stdout=out, nosigint=True, readrc=False)
    debugger.use_rawinput = False
    try:
        result = function(*arguments, debugger)
    except pdb.bdb.BdbQuit:
        result = "quit"
    finally:
        sys.settrace(None)
        debugger.clear_all_breaks()
        pdb.bdb.Breakpoint.clearBreakpoints()
    print(function.__name__, "gave", result)
    print(re.sub(r"\S*/debugger\.py", "debugger.py", out.getvalue()))


class Ignored:
    def set_trace(self):
        pass


def all_numbers(n, at, debugger):
    return list(numbers(n, at, debugger))


for turn in range(60):
    loop(20, 5, Ignored())
    floats(100, 5, Ignored())
    all_numbers(10, 5, Ignored())
for turn in range(3):
    stop = "%s:%d" % (__file__, line(loop, "half = total"))
    session(loop, 8, 3, commands=["p index, total", "b " + stop, "c", "p index, total", "c", "p index, total", "cl 1", "c"])
    session(loop, 8, 3, commands=["n", "s", "s", "n", "p x, y", "r", "u", "p total", "c"])
    session(loop, 8, 3, commands=["b %s, index == 6" % stop, "c", "p total", "cl 1", "c"])
    session(loop, 8, 3, commands=["!total = 1000", "n", "n", "p total", "c"])
    session(floats, 300, 20, commands=["p x", "!x = 250.0", "n", "n", "p x, y", "c"])
    session(floats, 300, 20, commands=["b helper", "n", "n", "n", "cl 1", "w", "q"])
    session(all_numbers, 6, 2, commands=["p index", "s", "s", "r", "c"])
    print(loop(20, 5, Ignored()), floats(100, 5, Ignored()), all_numbers(10, 5, Ignored()))
