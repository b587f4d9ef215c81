"""A number lies on the stack while a local's object is made of it: one reference, not two."""

from support import steady


class Old:
    def __init__(self, size):
        self.size = size

    def __getitem__(self, index):
        if index < self.size:
            return index
        raise IndexError(index)


def counted():
    """An exception in what C calls makes a frame object, and the local is written for it."""
    for i in range(19):
        i += len(list(Old(4)))


def beyond_the_small():
    for i in range(1000, 1019):
        i += len(list(Old(4)))


def floats():
    x = 0.5
    while x < 9.0:
        y = x + 0.25
        x = y + len(list(Old(4)))


for function in (counted, beyond_the_small, floats):
    steady(function, watch=range(19))
