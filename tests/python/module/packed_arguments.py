"""Arguments that a call of compiled code hands over packed live as long as in the interpreter."""
import functools
import sys
import types
import unittest
import weakref

import cevalry


class Thing:
    """Something that a weak reference can watch."""


def let_go(thing, *more):
    """How many references the argument has, and whether it dies when it is let go of."""
    count = sys.getrefcount(thing)
    watch = weakref.ref(thing)
    del thing
    return count, watch() is None, more


def in_order(one, other):
    pass


def calls(function):
    """A call for each way to hand arguments over, all from code that is not compiled."""
    kept = [Thing()]
    yield function(*[Thing()])
    yield function(*[Thing(), 1, 2])
    yield function(*(Thing(),))
    yield function(*kept)
    yield function(*{Thing()})
    yield function(*map(lambda make: make(), [Thing]))
    yield function(*(make() for make in [Thing]))
    yield function(*iter([Thing()]))
    yield function(*[Thing()], 3)


def die(function):
    died = []

    def noted(name):
        thing = Thing()
        weakref.finalize(thing, died.append, name)
        return thing

    function(*[noted("one"), noted("other")])
    function(*map(noted, ["third", "fourth"]))
    function(*(noted("fifth"), noted("sixth")))
    return died


def stop(*arguments):
    """Says a few times what it was given, then that it is enough."""
    stop.rounds += 1
    return "enough" if stop.rounds % 4 == 0 else arguments


stop.rounds = 0


def copy_of(function):
    made = types.FunctionType(function.__code__, globals(), function.__name__)
    cevalry.jit(made)
    return made


class PackedArguments(unittest.TestCase):
    def test_arguments_that_the_callee_lets_go_of(self):
        compiled = copy_of(let_go)
        for _ in range(4):
            self.assertEqual(list(calls(compiled)), list(calls(let_go)))

    def test_order_in_which_arguments_die(self):
        compiled = copy_of(in_order)
        for _ in range(4):
            self.assertEqual(die(compiled), die(in_order))

    def test_arguments_of_what_is_iterated_over(self):
        compiled = copy_of(stop)
        again = functools.partial(compiled, "one", 5)
        for _ in range(4):
            given = compiled(*iter(again, "enough"))
            self.assertEqual(given, (("one", 5),) * 3)
            self.assertEqual(again.args, ("one", 5))
            stop.rounds = 0


if __name__ == "__main__":
    unittest.main()
