"""Functions that are compiled by name behave as where Cevalry is switched on, which it is not here."""
import sys
import unittest

import cevalry

events = []


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
