"""Functions that are compiled by name behave as where Cevalry is switched on, which it is not here."""
import sys
import unittest

import cevalry

events = []


class Mortal:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        events.append(f"{self.name} dies")


def lets_go(first, second):
    first = None
    events.append("let go")


def profiled():
    sys.setprofile(lambda frame, event, argument: events.append((event, frame.f_code.co_name)))


def calls_profiled():
    profiled()
    return 1


class CompiledAlone(unittest.TestCase):
    def check(self, function, work, expected):
        self.assertFalse(cevalry.is_enabled())
        cevalry.jit(function)
        for _ in range(12):
            work()
            found, events[:] = events[:], []
            self.assertEqual(found, expected)

    def test_arguments_die_when_they_are_let_go_of(self):
        self.check(
            lets_go,
            lambda: lets_go(Mortal("one"), Mortal("two")),
            ["one dies", "let go", "two dies"],
        )

    @unittest.skipIf(sys.version_info < (3, 12), "the interpreter itself keeps the tuple until the call ends")
    def test_unpacked_arguments_too(self):
        self.check(
            lets_go,
            lambda: lets_go(*(Mortal("one"), Mortal("two"))),
            ["one dies", "let go", "two dies"],
        )

    def test_a_profile_function_is_told_of_frames_that_began_before(self):
        def work():
            calls_profiled()
            sys.setprofile(None)

        self.check(
            calls_profiled,
            work,
            [("return", "profiled"), ("return", "calls_profiled"), ("c_call", "work")],
        )


if __name__ == "__main__":
    unittest.main()
