"""Storing and deleting items and attributes, and what is left when that fails."""
from support import Noisy, mixed, warm


def store(container, index, value):
    container[index] = value
    return container


def delete(container, index):
    del container[index]
    return container


def augment(container, index):
    container[index] += 1
    container[index] *= 2
    return container


def swap(container, i, j):
    container[i], container[j] = container[j], container[i]
    return container


def fill(n):
    values = [0] * n
    for index in range(n):
        values[index] = index * index
    return values


def histogram(words):
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


class Setter:
    def __setitem__(self, index, value):
        if index == "bad":
            raise KeyError("cannot set")
        self.last = index, value

    def __delitem__(self, index):
        raise IndexError("cannot delete")


class Recorder(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, ("recorded", value))


mixed(store, ([1, 2, 3], 0, "x"), ([1, 2, 3], -1, 5.5), ([1, 2, 3], 3, 0), ([1, 2], -3, 0), ([1, 2], 2**70, 0),
      ({}, "k", 1), ({}, [], 1), ((1, 2), 0, 1), ("ab", 0, "c"), (bytearray(b"ab"), 0, 99), (bytearray(b"ab"), 0, 999),
      (Setter(), 1, 2), (Setter(), "bad", 2), (Recorder(), 1, 2), ([1], True, 2), ([1], "a", 2), (None, 0, 0))
mixed(swap, ([1, 2, 3], 0, 2), ({"a": 1, "b": 2}, "a", "b"), ([1, 2], 0, 5))
for function, rows in (
    (delete, [lambda: ([1, 2, 3], 0), lambda: ({1: 2, 3: 4}, 3), lambda: ({}, 3), lambda: ([], 0), lambda: ((1,), 0),
              lambda: (Setter(), 1), lambda: (bytearray(b"ab"), 1)]),
    (augment, [lambda: ([1, 2, 3], 0), lambda: ({1: 2.5}, 1), lambda: ({}, 3), lambda: ([2**62], 0),
               lambda: (["a"], 0), lambda: ((1,), 0)]),
):
    for row in rows:
        warm(lambda: function(*row()))
    for row in rows:
        warm(lambda: function(*row()), times=3)
warm(fill, 50)
warm(histogram, "the cat and the dog and the bird".split())


def replace_noisy():
    values = [Noisy("first"), Noisy("second")]
    values[0] = Noisy("third")
    print("stored in a list")
    table = {"k": Noisy("fourth")}
    table["k"] = Noisy("fifth")
    print("stored in a dict")
    del values[1]
    print("deleted")
    del table["k"]
    print("done")


for _ in range(3):
    replace_noisy()
warm(lambda: replace_noisy(), times=12)
