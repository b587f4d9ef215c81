"""Values that a function has taken from its locals stay what they were when somebody writes the locals."""
# needs: 3.13
import sys
import weakref

from support import mixed, warm


class Thing:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Thing({self.name})"


def locals_of(depth):
    return sys._getframe(depth + 1).f_locals


def set_in_caller(name, value):
    locals_of(1)[name] = value
    return name


def update_in_caller(name, value):
    locals_of(1).update({name: value})
    return name


def or_in_caller(name, value):
    proxy = locals_of(1)
    proxy |= {name: value}
    return name


def method_in_caller(name, value):
    locals_of(1).__setitem__(name, value)
    return name


def default_in_caller(name, value):
    return locals_of(1).setdefault(name, value)


WAYS = [set_in_caller, update_in_caller, or_in_caller, method_in_caller, default_in_caller]


def listed(write, x):
    return [x, write("x", 5), x]


def alone(write):
    x = Thing("alone")
    return [x, write("x", 5), x]


def twice(write):
    x = Thing("twice")
    return [x, write("x", 5), x, write("x", 6), x]


def through_c(write):
    x = Thing("C")
    return [x, list(map(write, ["x"], [7])), x]


class Writes:
    def __init__(self, write):
        self.write = write

    def __del__(self):
        locals_of(1)["x"] = "from a finalizer"

    def __add__(self, other):
        self.write("other", 1)
        locals_of(1)["x"] = "from an operator"
        return other

    def __hash__(self):
        return 1

    def __eq__(self, other):
        locals_of(1)["table"] = None
        locals_of(1)["x"] = None
        return True


def freed(write):
    x = Thing("freed")
    holder = [Writes(write)]
    return [x, holder.pop() is None, x]


def operand(write):
    x = Writes(write)
    return [x is None, x + 3, x]


def looked_up(write):
    x = Writes(write)
    table = {Writes(write): "value"}
    return [type(table[x]), table is None, x]


def raises(write):
    x = Thing("raises")
    try:
        return [x, write("x", 8), x.missing]
    except AttributeError as error:
        return str(error), x


def in_a_loop(write):
    x = Thing("first")
    out = []
    for n in range(6):
        out.append([x, write("x", Thing(n)) if n % 2 else None, x])
    return out


def generates(write):
    x = Thing("generated")
    for n in range(3):
        yield [x, write("x", Thing(n)), x]


def generated(write):
    return list(generates(write))


def dies(write):
    x = Thing("weak")
    ref = weakref.ref(x)
    out = [(x, write("x", None))[1], ref() is None]
    return out, x


def run(function, write):
    return repr(function(write))


for way in WAYS:
    for value in Thing("given"), 1.5, 3, None, [1, 2]:
        mixed(listed, (way, value))
    for function in alone, twice, through_c, raises, in_a_loop, generated, dies, freed:
        warm(run, function, way)
warm(lambda: [type(v).__name__ for v in operand(set_in_caller)])
warm(lambda: [type(v).__name__ for v in looked_up(set_in_caller)])
