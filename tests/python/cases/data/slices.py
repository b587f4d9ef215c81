"""Slices: reading, storing and deleting, with every shape of bound."""
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
