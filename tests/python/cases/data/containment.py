"""`in` and `not in` for every container."""
from support import mixed


def inside(value, container):
    return value in container, value not in container


def branch(value, container):
    if value in container:
        return "in"
    if value not in container:
        return "not in"


class Contains:
    def __contains__(self, value):
        return [] if value == 1 else "yes"


class Iterates:
    def __iter__(self):
        return iter([1, 2.5, "x"])


class Legacy:
    def __getitem__(self, index):
        if index > 3:
            raise IndexError
        return index


class Refuses:
    __contains__ = None


class BadEq:
    def __eq__(self, other):
        raise ZeroDivisionError("compared")

    __hash__ = object.__hash__


CONTAINERS = [{1: 2, "a": 3}, {1, "a"}, frozenset({1}), [1, "a", None], (1, 2.5), "abc", b"abc", range(3), Contains(),
              Iterates(), Legacy(), Refuses(), 5, {1: 2}.keys(), {1: 2}.values(), dict, set]
for function in (inside, branch):
    for value in (1, "a", 2.5, None, True, []):
        mixed(function, *((value, container) for container in CONTAINERS))
mixed(inside, (1, {1: 2}), (BadEq(), [1]), (BadEq(), {1}), ([], {1}), ([], {1: 2}), ("a", "bcd"), (1, "bcd"))
