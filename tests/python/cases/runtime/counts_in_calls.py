"""What a C function sees of its arguments' reference counts, once its calls are specialised."""
import sys


def of_local(thing):
    return sys.getrefcount(thing)


def of_new():
    things = [1, 2]
    return sys.getrefcount(things)


def of_two_names():
    one = two = {}
    return sys.getrefcount(one), sys.getrefcount(two)


def over_values(values):
    counts = []
    for value in values:
        counts.append(sys.getrefcount(value))
    return counts


def between_others(thing):
    mine = [thing]
    return [mine, sys.getrefcount(mine), (mine, sys.getrefcount(mine), mine)][1:3][1][1]


def given_and_kept(function, thing):
    mine = [thing]
    return function(mine)


class Thing:
    def counted(self):
        return sys.getrefcount(self)


def of_attribute(thing):
    return sys.getrefcount(thing.name), sys.getrefcount(thing.counted.__func__)


thing = Thing()
thing.name = ["a"]
for _ in range(30):
    found = (of_new(), of_two_names(), over_values([[], {}]), between_others(3),
             given_and_kept(sys.getrefcount, 1), thing.counted(), of_attribute(thing))
print(found)


def warm_then_compiled():
    """The same, where instructions are specialised before anything is compiled."""
    for _ in range(3000):
        found = (of_new(), of_two_names(), over_values([[], {}]), between_others(3),
                 given_and_kept(sys.getrefcount, 1), of_attribute(thing))
    return found


for _ in range(60):
    found = warm_then_compiled()
print(found)
