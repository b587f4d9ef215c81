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


CALLS = (
    "*[Noted(1), Noted(2)]",
    "*(Noted(1), Noted(2))",
    "Noted(1), *[Noted(2)]",
    "Noted(1), Noted(2), *()",
    "*[Noted(1), Noted(2)], **{'named': Noted(3)}",
    "Noted(1), *(Noted(2),), **{'named': Noted(3)}",
    "Noted(1), **{'other': Noted(2), 'named': Noted(3)}",
    "*[Noted(1)], **{}",
    "**dict(one=Noted(1), other=Noted(2))",
    "*map(Noted, [1, 2]), named=Noted(3)",
    "*(Noted(number) for number in [1, 2]), named=Noted(3)",
    "*[Noted(1)], **{'unknown': Noted(2), 'another': Noted(3)}",
    "*[Noted(1), Noted(2), Noted(3)], **{'unknown': Noted(4)}",
    "*[Noted(1), Noted(2), Noted(3)]",
    "*kept, **keywords",
)


class Noted:
    """Says when it dies."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        LOG.append("dies %s" % self.number)


LOG = []


def one_by_one(one, other=None, *, named=None):
    LOG.append([sys.getrefcount(value) for value in (one, other, named) if value is not None])
    del one
    LOG.append("first")
    del other
    LOG.append("second")
    del named
    LOG.append("end")


def together(*arguments, **keywords):
    LOG.append([sys.getrefcount(value) for value in arguments])
    LOG.append([sys.getrefcount(value) for value in keywords.values()])
    arguments = None
    LOG.append("first")
    keywords = None
    LOG.append("end")


def life_and_death(start, function):
    """What is seen of the arguments of calls that an interpreted function makes: it starts Cevalry in
    the middle."""
    lines = ["def make(start, function, kept, keywords):", " for round in range(4):"]
    lines.append("  if round == 1: start()")
    for call in CALLS:
        lines += ["  try: function(%s)" % call, "  except TypeError as error: LOG.append(str(error))"]
    space = dict(globals())
    exec("\n".join(lines), space)
    LOG.clear()
    space["make"](start, function, (Noted("kept"),), {"named": Noted("too")})
    return list(LOG)


class PackedArguments(unittest.TestCase):
    def test_life_and_death(self):
        for function in one_by_one, together:
            expected = life_and_death(lambda: None, function)
            made = types.FunctionType(
                function.__code__.replace(), globals(), function.__name__, function.__defaults__
            )
            made.__kwdefaults__ = function.__kwdefaults__
            self.assertEqual(life_and_death(lambda: cevalry.jit(made), made), expected)

    def test_life_and_death_in_the_middle(self):
        for function in one_by_one, together:
            expected = life_and_death(lambda: None, function)
            given = life_and_death(lambda: cevalry.enable(threshold=0), function)
            cevalry.disable()
            self.assertEqual(given, expected)

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
