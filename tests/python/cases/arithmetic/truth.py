"""Truth of every kind of value, in conditions, `and`, `or`, `not`, conditional expressions and `assert`."""
from support import mixed


def condition(a):
    if a:
        return "yes"
    return "no"


def loop(a, limit):
    steps = 0
    while a:
        steps += 1
        if steps == limit:
            break
    return steps


def both(a, b):
    return a and b


def either(a, b):
    return a or b


def mix(a, b):
    return (a and b) or (not a and not b) or "neither"


def ternary(a, b):
    return "first" if a else "second" if b else "third"


def none_tests(a):
    found = []
    if a is None:
        found.append("is None")
    if a is not None:
        found.append("is not None")
    while a is None:
        found.append("loop")
        a = 1
    while a is not None:
        a = None
    return found


def asserted(a):
    assert a, "message"
    assert a
    return "passed"


class Sized:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size


class Truthful:
    def __init__(self, answer):
        self.answer = answer

    def __bool__(self):
        return self.answer


class Plain:
    pass


VALUES = [(True,), (False,), (None,), (0,), (1,), (2**80,), (0.0,), (-1.5,), ("",), ("a",), ([],), ([1],), ((),), ((0,),),
          ({},), ({1: 2},), (set(),), (Sized(0),), (Sized(2),), (Truthful(True),), (Truthful(False),), (Plain(),),
          (Plain,), (len,), (float("nan"),)]
for function in (condition, none_tests, asserted):
    mixed(function, *VALUES)
mixed(condition, (True,), (Truthful(3),), (Sized(-1),), (1,))
mixed(loop, (True, 3), (0, 3), ([1], 2), ("a", 2), (None, 1), (1.5, 2))
for function in (both, either, mix, ternary):
    mixed(function, (True, False), (False, True), (0, ""), ([], 3), (None, None), ("a", 1.5), (Truthful(False), Plain))


# Objects whose class does not say, until it does.
class Silent:
    pass


class Slotted:
    __slots__ = ()


class Inherits(Silent):
    pass


def choose(thing):
    if thing:
        return "true"
    return "false" if not thing else "never"


def loop(things):
    return ["yes" if thing else "no" for thing in things] + [not thing for thing in things]


things = [Silent(), Slotted(), Inherits(), object(), len, choose, Silent]
for _ in range(10):
    print([choose(thing) for thing in things], loop(things))
Silent.__bool__ = lambda self: False
print([choose(thing) for thing in things], loop(things))
Inherits.__len__ = lambda self: 3
print([choose(thing) for thing in things], loop(things))
del Silent.__bool__
print([choose(thing) for thing in things], loop(things))
Inherits.__len__ = lambda self: 0
print([choose(thing) for thing in things], loop(things))
Slotted.__bool__ = lambda self: 5
try:
    choose(things[1])
except TypeError as error:
    print(error)
things[1] = Silent()
print([choose(thing) for thing in things], loop(things))
