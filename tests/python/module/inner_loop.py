"""What the machine code of loops over floats and slices does not do: make objects and count references."""
import re
import unittest

import cevalry


def pull(bodies, pairs, dt, n):
    for _ in range(n):
        for (x1, y1), v1, m1, (x2, y2), v2, m2 in pairs:
            dx = x1 - x2
            dy = y1 - y2
            mag = dt * ((dx * dx + dy * dy) ** -1.5)
            b1m = m1 * mag
            b2m = m2 * mag
            v1[0] -= dx * b2m
            v1[1] -= dy * b2m
            v2[0] += dx * b1m
            v2[1] += dy * b1m
    return bodies


def system():
    bodies = [((float(i), i * 1.5), [0.5, i * 0.25], i + 1.0) for i in range(4)]
    pairs = [a + b for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    return bodies, pairs


# Statements whose values are used in registers only.
PASSING = ("dx = ", "dy = ", "mag = ", "b1m = ", "b2m = ")


def sections(listing):
    """The instructions of each statement, each time that it was compiled."""
    parts = re.split(r"^  line \d+: ", listing, flags=re.MULTILINE)
    return [part.split("\n", 1) for part in parts[1:] if "\n" in part]


def turn(n):
    items = list(range(9))
    total = 0
    for i in range(n):
        last = 3 + (i & 3)
        items[:last + 1] = items[last::-1]
        total += items[0]
    return items, total


class InnerLoop(unittest.TestCase):
    def test_slices_of_lists_are_not_objects(self):
        expected = turn(200)
        cevalry.enable(threshold=0)
        self.addCleanup(cevalry.disable)
        for _ in range(4):
            self.assertEqual(turn(200), expected)
        code = cevalry.disassemble(turn, hot=True)
        self.assertIn("items[last::-1]", code)
        for call in ("PyObject_GetItem", "PyObject_SetItem", "PySlice_New", "_PyBuildSlice_ConsumeRefs"):
            self.assertNotIn(call, code)

    def test_floats_that_pass_through_are_not_objects(self):
        expected = pull(*system(), 0.01, 60)
        cevalry.enable(threshold=0)
        self.addCleanup(cevalry.disable)
        for _ in range(4):
            self.assertEqual(pull(*system(), 0.01, 60), expected)
        found = sections(cevalry.disassemble(pull))
        seen = set()
        for text, code in found:
            name = next((name for name in PASSING if text.startswith(name)), None)
            code = code.split("\nblock ")[0]
            if name is None or "BINARY_OP" not in code:
                continue
            seen.add(name)
            for line in code.splitlines():
                if "call" in line:
                    self.assertIn("pow", line, text)
                counts = re.search(r"\b(inc|dec)\s+(dword|qword) ptr \[|\b(add|sub)\s+(dword|qword) ptr \[", line)
                self.assertIsNone(counts, text + line)
        self.assertEqual(seen, set(PASSING))

    def test_subscript_methods_are_called_directly(self):
        """Also where the interpreter has specialised the loop before it was compiled."""

        class Rows:
            def __init__(self, rows):
                self.rows = rows

            def __getitem__(self, index):
                return self.rows[index]

        def read(rows, count):
            found = 0
            for index in range(count):
                found += rows[index]
            return found

        rows = Rows(list(range(50)))
        for _ in range(50):
            read(rows, 50)
        self.assertEqual(cevalry.compile(read)(rows, 50), 1225)
        self.assertNotIn("PyObject_GetItem", cevalry.disassemble(read, hot=True))


if __name__ == "__main__":
    unittest.main()
