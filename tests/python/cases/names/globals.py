"""Globals and builtins: found, shadowed, deleted and replaced while code that uses them is hot."""
import builtins
import types

from support import mixed, show, warm

number = 1


def read():
    return number


def read_builtin():
    return len([1, 2])


def write(value):
    global number
    number = value
    return number


def delete():
    global number
    del number


def unknown():
    return not_defined_anywhere  # noqa: F821


def bump(n):
    global counter
    counter = 0
    for _ in range(n):
        counter += 1
    return counter


def bump_float(n):
    global level
    level = 0.0
    for _ in range(n):
        level += 0.5
    return level


warm(read)
for value in (2, "text", 2.5, None):
    print(write(value), read())
warm(write, 3)
delete()
show(read)
show(delete)
write(4)
show(read)
warm(unknown)
warm(read_builtin)
len = lambda x: "shadowed"
show(read_builtin)
warm(read_builtin, times=10)
del len
show(read_builtin)
builtins.not_defined_anywhere = "now a builtin"
show(unknown)
not_defined_anywhere = "now a global"
show(unknown)
del not_defined_anywhere
show(unknown)
del builtins.not_defined_anywhere
show(unknown)
warm(bump, 10)
print(bump(500))
warm(bump_float, 10)
print(bump_float(500))


def changes_in_loop(n):
    seen = []
    for turn in range(n):
        if turn == 30:
            globals()["number"] = "changed"
        if turn == 40:
            builtins.abs = lambda x: "patched"
        if turn == 50:
            builtins.abs = real_abs
            del globals()["number"]
        if turn == 55:
            globals()["number"] = 5
        try:
            seen.append((number, abs(-turn)))
        except NameError as error:
            seen.append(str(error))
    return seen


real_abs = abs
warm(changes_in_loop, 60, times=4)


def grows_globals(n):
    for index in range(n):
        globals()["made_%d" % index] = index
        read()
    return read(), made_5  # noqa: F821


warm(grows_globals, 50, times=3)

# Functions over other namespaces: a plain dict, a dict subclass, and builtins of their own.
source = "def f():\n    return value, len('abc')\n"


def in_namespace(namespace):
    exec(source, namespace)
    f = namespace["f"]
    seen = []
    for turn in range(40):
        if turn == 30:
            namespace["value"] = "later"
        seen.append(f())
    return seen[0], seen[-1]


class Namespace(dict):
    def __missing__(self, key):
        return "missing " + key


mixed(in_namespace, ({"value": 1},), ({"value": 2.5, "len": str.upper},), ({"value": 1, "__builtins__": {"len": id.__class__}},),
      ({},), (Namespace(value=3),), ({"value": 1, "__builtins__": {}},))


def rebound_globals(function):
    copy = types.FunctionType(function.__code__, {"number": "other globals", "__builtins__": builtins})
    return [function(), copy()] * 2


warm(rebound_globals, read)


def class_names():
    class Local:
        number = "class"
        seen = number
        later = [number for _ in range(1)]

    return Local.seen, Local.later


warm(class_names)


def exec_locals():
    namespace = {}
    exec("a = 1\nb = a + number\ndel a\ndef g(): return 7\nc = g()", globals(), namespace)
    return sorted(k for k in namespace if k != "g"), namespace["b"], eval("number", {"number": "given"}), eval("b + c", {}, namespace)


write(10)
warm(exec_locals)


def exec_missing():
    exec("del nothing_here", {}, {})


warm(exec_missing)
exec("for i in range(100):\n    total = i * 2.5\nprint(total, i)", {})


class Chained(dict):
    def __getitem__(self, key):
        return key.upper()


print(eval("abc + d", {}, Chained()))
exec(compile("x: int = 5\ny: 'str'\nprint(sorted(__annotations__))", "<annotations>", "exec"), {})
exec(compile("1 + 1\n", "<single>", "single"))
exec(compile("from os.path import *\nprint(callable(join))", "<star>", "exec"), {})
