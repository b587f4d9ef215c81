"""Classes whose subscripts are Python functions, and what may happen to those functions."""
from support import mixed, warm


class Grid:
    def __init__(self, width, height):
        self.width = width
        self.cells = [0.0] * (width * height)

    def at(self, x, y):
        if 0 <= x < self.width and y >= 0:
            return y * self.width + x
        raise IndexError((x, y))

    def __getitem__(self, xy):
        x, y = xy
        return self.cells[self.at(x, y)]

    def __setitem__(self, xy, value):
        x, y = xy
        self.cells[self.at(x, y)] = value


def fill(grid, n, factor):
    for y in range(1, n):
        for x in range(1, n):
            grid[x, y] = (factor * 0.25 * (grid[x - 1, y] + grid[x, y - 1]) + 1.5) * (1.0 - factor) * grid[x, y] + x
    return sum(grid.cells)


for _ in range(6):
    mixed(fill, [(Grid(4, 4), 4, 0.5), (Grid(3, 9), 3, 2), (Grid(2, 2), 3, 0.5), (Grid(4, 2), 4, 1.25), ({}, 3, 1.0)])


def get(thing, key):
    return thing[key]


def put(thing, key, value):
    thing[key] = value
    return getattr(thing, "seen", thing)


class Base:
    seen = ()

    def __getitem__(self, key):
        return "base", key

    def __setitem__(self, key, value):
        self.seen = key, value
        return "ignored"


class Derived(Base):
    pass


class Default:
    def __getitem__(self, key, more=2):
        return key, more

    def __setitem__(self, key, value, more=2):
        self.seen = key, value, more


class Star:
    def __getitem__(self, *keys, **words):
        return keys, words

    def __setitem__(*all):
        all[0].seen = all[1:]


class Lazy:
    def __getitem__(self, key):
        yield key
        yield key


class Raises:
    def __getitem__(self, key):
        raise KeyError(key)

    def __setitem__(self, key, value):
        raise ValueError(key, value)


class Static:
    @staticmethod
    def __getitem__(key):
        return "static", key

    @classmethod
    def __setitem__(cls, key, value):
        cls.seen = key, value


class Few:
    def __getitem__(self):
        return 1

    def __setitem__(self, key):
        return 1


class Listed(list):
    def __getitem__(self, key):
        return "listed", list.__getitem__(self, key)


class Named(dict):
    def __setitem__(self, key, value):
        dict.__setitem__(self, key, [value])


class Closing:
    def make(self, key):
        return lambda: (self, key)

    def __getitem__(self, key):
        return (lambda: key)()


def things():
    return [Base(), Derived(), Default(), Star(), Lazy(), Raises(), Static(), Few(), Listed([1, 2, 3]), Named(), Closing(),
            [1, 2, 3], {1: 2}, (1, 2), object, 5]


for thing in things():
    name = type(thing).__name__
    warm(lambda: list(get(thing, 1)) if name == "Lazy" else str(type(get(thing, 1))) if name not in ("Raises", "Few", "type",
                                                                                                     "int") else None)
for _ in range(4):
    mixed(get, [(thing, 1) for thing in things() if not isinstance(thing, Lazy)])
    mixed(put, [(thing, 1, 2) for thing in things()])


class Changing:
    count = 0

    def __getitem__(self, key):
        Changing.count += 1
        return key, Changing.count


def many(thing, n):
    return [thing[i] for i in range(n)]


def changes():
    thing = Changing()
    out = many(thing, 5)
    Changing.count = 0
    original = Changing.__getitem__
    Changing.__getitem__ = lambda self, key: ("new", key)
    out += many(thing, 3)
    Changing.__getitem__ = original
    out += many(thing, 3)
    code = original.__code__
    original.__code__ = (lambda self, key, more=None: ("code", key, more)).__code__
    original.__defaults__ = (4,)
    out += many(thing, 3)
    original.__code__ = code
    original.__defaults__ = None
    thing.__class__ = Base
    out += many(thing, 3)
    Changing.count = 0
    return out


for _ in range(6):
    mixed(changes, [()])


class Drops:
    """The method and the object's last reference go while the method runs."""

    def __init__(self):
        self.box = [self]

    def __getitem__(self, key):
        box = self.box
        self.box = None
        box.clear()
        return "dropped", key


def drop(n):
    return [Drops().box[0][i] for i in range(n)]


mixed(drop, [(9,)] * 8)


class Deep:
    def __getitem__(self, n):
        return 0 if n == 0 else 1 + self[n - 1]


warm(get, Deep(), 9)
mixed(get, [(Deep(), 150)] * 3)
