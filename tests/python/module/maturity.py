"""The interpreter gets its chance to specialise an instruction before that is compiled."""
import unittest

import cevalry


class Point:
    def __init__(self, x):
        self.x = x


def straight(point, often):
    if often:
        return point.x + 1
    return point.x - 1


def looped(point, n):
    total = 0
    for i in range(n):
        total += point.x
    return total


def members(function, name):
    """What the instructions of that name were compiled as."""
    lines = cevalry.explain(function).splitlines()
    return [line.split(name, 1)[1].split() for line in lines if f" {name} " in line]


class Maturity(unittest.TestCase):
    def setUp(self):
        cevalry.enable()
        self.addCleanup(cevalry.disable)

    def test_new_ways_are_compiled_specialised(self):
        cevalry.jit(straight)
        point = Point(1)
        for _ in range(50):
            self.assertEqual(straight(point, True), 2)
        first, second = members(straight, "LOAD_ATTR")
        self.assertIn("LOAD_ATTR_INSTANCE_VALUE", first)
        self.assertNotIn("LOAD_ATTR", first)
        self.assertIn("reached", second)
        for _ in range(50):
            self.assertEqual(straight(point, False), 0)
        _, second = members(straight, "LOAD_ATTR")
        self.assertIn("LOAD_ATTR_INSTANCE_VALUE", second)
        self.assertNotIn("LOAD_ATTR", second)

    def test_what_ran_briefly_is_compiled_specialised(self):
        cevalry.jit(looped)
        point = Point(2)
        for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100):
            self.assertEqual(looped(point, n), 2 * n)
        (found,) = members(looped, "LOAD_ATTR")
        self.assertIn("LOAD_ATTR_INSTANCE_VALUE", found)
        self.assertNotIn("LOAD_ATTR", found)

    def test_such_exits_are_counted(self):
        def once(point):
            return point.x

        cevalry.jit(once)
        once(Point(3))
        reason = "the interpreter has not specialised the instruction yet"
        self.assertGreater(cevalry.stats()["exits"].get(reason, 0), 0)

    def test_everything_is_compiled_at_once_when_asked_to(self):
        def once(point):
            return point.x

        cevalry.enable(threshold=0)
        self.assertEqual(once(Point(3)), 3)
        self.assertNotIn("not reached", cevalry.explain(once))


if __name__ == "__main__":
    unittest.main()
