"""Where everything is compiled at first sight, the interpreter specialises all the same."""
import dis
import sys
import unittest

import cevalry

# After so many calls the interpreter has specialised what runs in each of them.
WARM = 2 if sys.version_info >= (3, 12) else 8


class Point:
    def __init__(self, x):
        self.x = x


def straight(point, number):
    return point.x + number, number < 3


def looped(items, number):
    last = None
    for item in items:
        last = item[0] + number
    return last


def nothing(point, number):
    return number


def installed(code):
    return [instruction.opname for instruction in dis.get_instructions(code, adaptive=True)]


class WarmUp(unittest.TestCase):
    def setUp(self):
        self.addCleanup(cevalry.disable)

    def after(self, function, calls, *arguments):
        """A fresh copy of a function that was called so often, and how often compiled code was left."""
        copy = type(function)(function.__code__.replace(), globals())
        before = cevalry.stats()["exits"]
        for _ in range(calls):
            copy(*arguments)
        after = cevalry.stats()["exits"]
        return copy, sum(after.values()) - sum(before.values())

    def check(self, function, *arguments):
        for calls in range(WARM, WARM + 3):
            with self.subTest(function=function.__name__, calls=calls):
                cevalry.disable()
                alone, _ = self.after(function, calls, *arguments)
                cevalry.enable(threshold=0)
                compiled, exits = self.after(function, calls, *arguments)
                cevalry.disable()
                self.assertEqual(installed(compiled), installed(alone))
                self.assertEqual(exits, 1)

    def test_the_interpreter_specialises_as_without(self):
        self.check(straight, Point(1), 2)
        self.check(looped, [[1], [2]], 2)
        self.check(nothing, None, 2)

    def test_the_first_call_is_compiled(self):
        cevalry.enable(threshold=0)
        copy, exits = self.after(straight, 1, Point(1), 2)
        self.assertEqual(exits, 0)
        self.assertIn("RETURN_VALUE                   RETURN_VALUE", cevalry.explain(copy))

    def test_what_was_specialised_is_compiled_as_that(self):
        cevalry.enable(threshold=0)
        copy, exits = self.after(straight, 30, Point(1), 2)
        self.assertEqual(exits, 1)
        self.assertIn("LOAD_ATTR_INSTANCE_VALUE", cevalry.explain(copy))


if __name__ == "__main__":
    unittest.main()
