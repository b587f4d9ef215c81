"""Tracing that was on for a while: functions compiled before it are called after it, from a caller that ran all along."""
import contextlib
import sys


def work(x):
    return x + 1


def starred(*arguments, **named):
    return len(arguments) + len(named)


def closure(function):
    def inside(x):
        return function(x)

    return inside


class Thing:
    def __init__(self, x):
        self.x = x

    @property
    def doubled(self):
        return self.x * 2


def for_a_while():
    sys.settrace(lambda *event: None)
    work(0)
    sys.settrace(None)


def profiled_for_a_while():
    sys.setprofile(lambda *event: None)
    work(0)
    sys.setprofile(None)


@contextlib.contextmanager
def manager():
    yield 3


def outer(through, inside):
    before = work(1), starred(1, a=2), inside(-3), Thing(4).doubled
    through()
    after = work(1), starred(1, a=2), inside(-3), Thing(4).doubled
    with manager() as value:
        pass
    return before, after, value


inside = closure(abs)
for through in lambda: None, for_a_while, profiled_for_a_while, lambda: list(map(lambda f: f(), [for_a_while])):
    for _ in range(3):
        print(outer(through, inside))
