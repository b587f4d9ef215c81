"""Comparisons, as values and as conditions, of every kind of operand."""
from support import mixed, outcome, warm


def values(a, b):
    return a < b, a <= b, a == b, a != b, a > b, a >= b


def branches(a, b):
    found = []
    if a < b:
        found.append("<")
    if a <= b:
        found.append("<=")
    if a == b:
        found.append("==")
    if a != b:
        found.append("!=")
    if a > b:
        found.append(">")
    if a >= b:
        found.append(">=")
    return found


def equality(a, b):
    if a == b:
        return "equal"
    if not a != b:
        return "not unequal"
    return "other"


def loops(a, b):
    steps = 0
    while a < b:
        a += 1
        steps += 1
        if steps > 10:
            break
    return steps


def chained(a, b, c):
    return a < b < c, a == b == c, not a < b <= c


def identity(a, b):
    return a is b, a is not b


class Partial:
    def __init__(self, answer):
        self.answer = answer

    def __lt__(self, other):
        return self.answer

    __eq__ = __gt__ = __lt__

    def __hash__(self):
        return 1


class Refuses:
    def __bool__(self):
        raise ValueError("no truth here")


NAN = float("nan")
for function in (values, branches):
    mixed(function, (1, 2), (1.5, 2.5), ("a", "b"), (2, 1.0), (2**62, 2**62 + 1), (-(2**30), 2**30), (True, False),
          (NAN, NAN), ((1, 2), (1, 3)), ([1], [1]), (2**64, 1e20), ("é", "e"))
    mixed(function, (1, 2), (1, "a"), (None, None), ({1}, {1, 2}))
for function in (equality,):
    mixed(function, ("a", "a"), ("a", "bc"), (1, 1), (1, 2), (1.0, 1.0), ("a", 1), (NAN, NAN), (None, 0))
    text = "".join(["a", "b"])
    mixed(function, (text, "ab"), ("ab" * 40, "ab" * 40), ("", ""), ("\u1234", "\u1234"))
for function in (loops,):
    mixed(function, (0, 5), (0.5, 5.5), (2**62 - 2, 2**62 + 2), (-1, 2.5), (0, True), ("a", 1))
mixed(chained, (1, 2, 3), (1.5, 1.5, 1.5), ("a", "b", "a"), (1, "a", 2), (Partial([]), 2, 3), (Partial(Refuses()), 1, 2))
mixed(identity, (None, None), (1, True), ((), ()), (NAN, NAN))
for answer in (True, False, [], "x", None, Refuses()):
    print(outcome(branches, Partial(answer), Partial(answer)).splitlines()[-1])
print(equality(Partial(0), 1), equality(1, Partial(1)))
