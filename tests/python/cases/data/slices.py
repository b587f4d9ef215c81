"""Slices: reading, storing and deleting, with every shape of bound."""
import sys

from support import mixed


def read(container, start, stop):
    return container[start:stop]


def stepped(container, start, stop, step):
    return container[start:stop:step]


def shapes(container):
    return container[:], container[1:], container[:2], container[-2:], container[::-1], container[1:-1]


def write(container, start, stop, value):
    container = container.copy()
    container[start:stop] = value
    return container


def write_stepped(container, step, value):
    container = container.copy()
    container[::step] = value
    return container


def delete(container, start, stop):
    container = container.copy()
    del container[start:stop]
    return container


def add_to(container, value):
    container = container.copy()
    container[1:2] += value
    return container


def flip(values, count):
    values = values[:]
    for size in range(2, count):
        values[:size] = values[size - 1 :: -1]
    return values


class Sliced:
    def __getitem__(self, index):
        return "got", index

    def copy(self):
        return self

    def __setitem__(self, index, value):
        print("set", index, value)

    def __delitem__(self, index):
        print("deleted", index)


CONTAINERS = [[1, 2, 3, 4, 5], (1, 2, 3, 4, 5), "abcde", b"abcde", bytearray(b"abcde"), range(5), Sliced(), {1: 2}, None]
mixed(read, *((container, 1, 3) for container in CONTAINERS))
mixed(read, *(([1, 2, 3], start, stop) for start in (None, 0, -1, 5, 2**80, "a") for stop in (None, 2, -5, 1.5)))
mixed(stepped, *((container, None, None, -2) for container in CONTAINERS))
mixed(stepped, ([1, 2, 3], 0, 3, 0), ([1, 2, 3], 0, 3, 2), ([1, 2, 3], 0, 3, None))
mixed(shapes, *((container,) for container in CONTAINERS))
mixed(write, ([1, 2, 3], 1, 2, "xyz"), ([1, 2, 3], 0, 0, ()), (bytearray(b"abc"), 0, 1, b"zz"), ((1, 2), 0, 1, ()),
      ([1, 2], 0, 1, 5), (Sliced(), 0, 1, "v"), ([], None, None, range(3)))
mixed(write_stepped, ([1, 2, 3], 2, "ab"), ([1, 2, 3], 2, "abc"), ([1, 2, 3], 0, "abc"))
mixed(delete, ([1, 2, 3, 4], 1, 3), ([1, 2], None, None), (bytearray(b"abc"), 0, 1), ({1: 2}, 0, 1), (Sliced(), 4, 5))
mixed(add_to, ([1, 2, 3], [9]), (Sliced(), ("w",)), ([1, 2, 3], "xy"), ([1], 5))
mixed(flip, ([1, 2, 3, 4, 5], 5), (["a"], 3))


LOG = []


def logged():
    log = LOG[:]
    LOG.clear()
    return log


class Item:
    """An item that tells when it goes, and what the list is then."""

    def __init__(self, name, home=None):
        self.name = name
        self.home = home

    def __repr__(self):
        return self.name

    def __del__(self):
        LOG.append((self.name, len(self.home), str(self.home[0]) if self.home else None))


def replace(values, start, stop, new):
    values[start:stop] = new
    return values


def replace_by_copy(values, other, count):
    values[:count] = other[:count]
    return values


def replace_by_own(values, count):
    values[:count] = values
    return values


def remove(values, start, stop):
    del values[start:stop]
    return values


def items(names):
    home = []
    home.extend(Item(name, home) for name in names)
    return home


def order():
    """Items go when the list is as it will be, the last one first."""
    for replaced in ("abc", "abcdefgh" * 6):
        home = items(replaced)
        replace(home, 0, len(replaced), ["new"] * len(replaced))
        # Nothing is left to the collector, which may come at any time.
        remove(home, None, None)
        home = items(replaced)
        replace(home, 1, 3, (1, 2))
        replace(home, 1, 1, [3])
        replace(home, 0, 2, home)
        remove(home, 1, None)
        remove(home, None, None)
    home = items("xyz")
    other = items("uvw")
    replace_by_copy(home, other, 2)
    LOG.append((repr(home), sys.getrefcount(other), [sys.getrefcount(item) for item in other]))
    replace_by_own(home, 2)
    del home[:], other[:]
    return logged()


class Seen:
    """A container that looks at the slices that it is given."""

    def __init__(self):
        self.last = None

    def __getitem__(self, index):
        again = index is self.last
        self.last = index
        bounds = index.start, index.stop, index.step
        del index
        return again, [sys.getrefcount(bound) - 1 for bound in bounds if type(bound) is Bound]

    def __setitem__(self, index, value):
        LOG.append(("same", index is self.last, index, value))

    def __delitem__(self, index):
        self.last = None


class Bound:
    """A bound that tells when it is asked, and when it goes."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        LOG.append(("asked", self.value))
        return self.value

    def __repr__(self):
        return "Bound(%r)" % self.value

    def __del__(self):
        LOG.append(("gone", self.value))


def look(container, start, stop, step):
    one = container[start:stop]
    two = container[Bound(1) : Bound(2) : step]
    return one, two, container[start::step], logged()


def change(container):
    container[1:2] += ("more",)
    del container[2:]
    return logged()


def keep(container, start):
    container[start : start + 300]
    kept = container.last
    return kept.start is start, kept.start == start, kept.stop - kept.start


def whole(container):
    """What is all of a tuple, string or bytes is the object itself."""
    return [container[:] is container, container[0:] is container, container[:99] is container, container[0:0] == container]


def counted(values):
    before = sys.getrefcount(values[0]), sys.getrefcount(None)
    for _ in range(500):
        values[:2]
        values[::-1]
        values[1:2] = values[1:2]
        values[:] = [values[0], values[1], values[2]]
        del values[3:]
    return [after - first for after, first in zip((sys.getrefcount(values[0]), sys.getrefcount(None)), before)]


def in_pieces(text):
    """A slice on the stack while other things happen."""
    found = []
    for end in range(len(text)):
        found.append(({text[:end]: 1}, text[end:][::2], Getter()[1:end, end:], Getter()[1:end, found[-1:]]))
    return found


class Getter:
    def __getitem__(self, index):
        return index


def keyed(mapping):
    return mapping[1:2]


mixed(order, ())
mixed(look, (Seen(), Bound(3), Bound(4), 1), ([0, 1, 2, 3, 4], Bound(1), Bound(3), -1), ("abcdef", 1, Bound(9), 2))
mixed(change, (Seen(),), ([1, 2, 3],))
mixed(keep, (Seen(), 10**6), (Seen(), 2**62), (Seen(), 5))
mixed(whole, ((1, 2, 3),), ("text",), (b"text",), ("",), ((),), (b"",), ("é\u1234",))
mixed(in_pieces, ("some text",))
mixed(keyed, ({slice(1, 2): 5} if sys.version_info >= (3, 12) else {},), ({},), (int,))
print([count for count in counted([object(), object(), object()]) if abs(count) > 50])
