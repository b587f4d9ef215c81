"""List, tuple, set and dict displays, with stars, and comprehensions of every kind."""
from support import mixed, show, warm


def lists(a, b):
    return [], [a], [a, b], [*a, *b], [1, *a, 2, *b, 3], [1, 2, 3], [[a], (b,)]


def tuples(a, b):
    return (), (a,), (a, b), (*a, *b), (1, *a, 2), (1, 2, 3)


def sets(a, b):
    return {1, 2, 3}, {*a, *b}, {1, *a}, {"x"}


def dicts(a, b):
    return {}, {"a": a, "b": b}, {**a, **b}, {"x": 1, **a, "y": 2}, {"k": 1, "l": a, "m": 2}


def comprehensions(values):
    return (
        [v * 2 for v in values],
        {v for v in values},
        {v: v * 2 for v in values},
        tuple(v for v in values if v),
        [a * b for a in values for b in values if a != b],
        [[w for w in values] for v in values],
        [(lambda: v)() for v in values],
    )


def squares(n):
    return [i * i for i in range(n)], sum(i * i for i in range(n)), {i: i * i for i in range(n)}, {i % 3 for i in range(n)}


def shadow(x):
    values = [x for x in range(x)]
    return x, values


def constant_sets(x):
    return x in {1, 2, "three"}, x in [1, 2], x in (1, 2, 3), x not in {4}


class Unhashable:
    __hash__ = None


class Mapping:
    def keys(self):
        return ["p", "q"]

    def __getitem__(self, key):
        return key * 2


mixed(lists, ([1], (2,)), ("ab", {3}), (range(2), {4: 5}), ([1], 5), (None, [1]))
mixed(tuples, ([1], (2,)), ("ab", {3}), (5, []))
mixed(sets, ([1], (2,)), ("ab", [[]]), ([1], 5))
mixed(dicts, ({"x": 1}, {"y": 2}), (Mapping(), {}), ({}, Mapping()), ({}, 5), ([], {}), ({1: 2}, {1: 3}))
mixed(comprehensions, ([1, 2, 3],), ((1.5, 0.0),), ("abc",), ([],), (5,), ([[]],), ([None],))
warm(squares, 10)
print(squares(100))
mixed(shadow, (3,), (0,))
mixed(constant_sets, (1,), ("three",), (4,), (1.0,), ([],))
show(lambda: {Unhashable(): 1})
show(lambda: {1, Unhashable()})
show(lambda: {v: 1 for v in [[]]})


def long_list():
    return [1, 2, 3, "a", "b", None, True, 1.5, (1, 2), 10**20, *range(3), b"x"]


warm(long_list)
warm(lambda: list(long_list()) is not long_list())


def failing(values):
    return [10 // v for v in values]


mixed(failing, ([1, 2],), ([1, 0],), ([1.5],))


def from_class():
    class Table:
        base = 10
        rows = [1, 2, 3]
        first = [row for row in rows]
        pairs = {row: row for row in rows}

    return Table.first, Table.pairs


warm(from_class)
