"""Objects that are freed look at the numbers of the function that let go of them."""
import sys

from support import warm

WATCHED = ("i", "total", "half", "yes")
ROUNDS = 6


class Looks:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        seen = sys._getframe(1).f_locals
        print(self.name, [(name, seen[name]) for name in WATCHED if name in seen])


class Silent:
    def __del__(self):
        pass


def one_after_the_other(make, rounds):
    total, half = 0, 0.5
    for i in range(rounds):
        total += i
        half += 0.25
        yes = total > 5
        a, b, c = make("a"), make("b"), make("c")
        a = None
        half *= 2.0
        b = i
        c, a = a, c
        a = b = c = total
    return total, half, yes


def all_at_once(make, rounds):
    total, half = 0, 1.0
    a = b = c = d = None
    for i in range(rounds):
        total += 3
        half -= 0.125
        a, b, c, d = [make("p"), make("q"), make("r"), make("s")]
        a, b, c, d = d, c, b, a
    a = b = c = d = None
    return total, half


def silent(name):
    return Silent()


for function in (one_after_the_other, all_at_once):
    warm(function, silent, ROUNDS)
    print(function(Looks, ROUNDS))
    print(function(silent, ROUNDS))
    print(function(Looks, ROUNDS))
