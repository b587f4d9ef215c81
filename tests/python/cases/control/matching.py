"""Pattern matching: values, sequences, mappings, classes, captures, guards and alternatives."""
import dataclasses

from support import mixed


@dataclasses.dataclass
class Point:
    x: object
    y: object


class Partial:
    __match_args__ = ("a", "b")

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class BadArgs:
    __match_args__ = ["a"]
    a = 1


class Names:
    RED = "red"


def value(subject):
    match subject:
        case 0 | 1:
            return "small"
        case 2.5:
            return "two and a half"
        case "text":
            return "text"
        case None:
            return "None"
        case True:
            return "True"
        case Names.RED:
            return "red"
        case -3 | 1 + 2j:
            return "signed"
        case _:
            return "other"


def sequence(subject):
    match subject:
        case []:
            return "empty"
        case [single]:
            return "one", single
        case [1, *rest]:
            return "one and rest", rest
        case [first, *_, last] if first == last:
            return "same ends", first
        case (a, b, *rest):
            return "two", a, b, rest
        case _:
            return "no sequence"


def mapping(subject):
    match subject:
        case {"kind": "a", "value": v}:
            return "a", v
        case {"kind": kind, **rest}:
            return kind, rest
        case {1: {"deep": [x, y]}}:
            return x, y
        case {}:
            return "some mapping"
        case _:
            return "no mapping"


def classes(subject):
    match subject:
        case Point(x=0, y=0):
            return "origin"
        case Point(0, y):
            return "on y", y
        case Point(x, y) if x == y:
            return "diagonal", x
        case Point():
            return "point"
        case Partial(a, b=5):
            return "partial", a
        case int(n) | float(n):
            return "number", n
        case str() as s:
            return "string", s
        case [Point(x=x), Point(y=y)]:
            return "points", x, y
        case BadArgs(a):
            return a
        case _:
            return "nothing"


def too_many(subject):
    match subject:
        case Point(1, 2, 3):
            return "never"


def not_a_class(subject):
    maker = 5
    match subject:
        case maker():
            return "never"


def duplicate(subject):
    match subject:
        case Point(1, x=1):
            return "never"


def twice(subject, key):
    match subject:
        case {Names.RED: 1, "red": 2}:
            return "never"
    return key


mixed(value, *((s,) for s in (0, 1, 2.5, "text", None, True, "red", -3, 1 + 2j, [], 1.0, False)))
mixed(sequence, *((s,) for s in ([], (1,), [1, 2, 3], (5, 6, 5), [5, 6], "ab", b"ab", range(3), {1: 2}, None, (1,), [7, 8, 9, 10])))
mixed(mapping, *((s,) for s in ({"kind": "a", "value": 1}, {"kind": "b", "z": 1}, {1: {"deep": (1, 2)}}, {}, [], {"kind": 1})))
mixed(classes, *((s,) for s in (Point(0, 0), Point(0, 5), Point(3, 3), Point(1, 2), Partial(a=1, b=5), Partial(a=1), Partial(),
                                5, 2.5, True, "s", [Point(1, 2), Point(3, 4)], (Point(1, 2),), None, BadArgs())))
mixed(too_many, (Point(1, 2),), (5,))
mixed(not_a_class, (5,))
mixed(duplicate, (Point(1, 2),), (5,))
mixed(twice, ({"red": 1}, 0), ({}, 0))
