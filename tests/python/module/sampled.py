"""Looking at what runs leaves nothing behind that a program could see, and finds what is hot."""
import gc
import subprocess
import sys
import time
import unittest

import cevalry


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


SOURCE = """
def looping(n):
    total = 0
    for i in range(n):
        total += i & 3
    return total
"""


TRACED = """
import tracemalloc

import cevalry

cevalry.enable()
for turn in range(120):
    count = 20_000 + 2_000 * (turn % 60)
    tracemalloc.start()
    list(range(count))
    tracemalloc.stop()
"""


def made():
    """A function that the main module has not written: samples alone find it."""
    names = {}
    exec(compile(SOURCE, "elsewhere.py", "exec"), names)
    return names["looping"]


def is_found(function, seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        for _ in range(100):
            function(100)
        if not all(line.endswith("not reached") for line in cevalry.explain(function).splitlines()):
            return True
    return False


class Sampled(unittest.TestCase):
    def test_code_at_the_address_of_code_that_was_compiled(self):
        self.addCleanup(cevalry.disable)
        cevalry.enable()
        seen, again = set(), 0
        for _ in range(100):
            function = made()
            again += id(function.__code__) in seen
            seen.add(id(function.__code__))
            self.assertTrue(is_found(function, 10))
            if again == 2:
                return
            del function
            gc.collect()
        self.skipTest("no code object came to the address of another")

    def test_references_to_code(self):
        self.addCleanup(cevalry.disable)
        cevalry.enable(threshold=1_000_000)
        before = sys.getrefcount(busy.__code__)
        busy(0.1)
        self.assertEqual(sys.getrefcount(busy.__code__), before)

    def test_memory_is_traced_while_nobody_answers(self):
        """The sampling thread asks for the GIL where the main thread is in C for long."""
        for _ in range(2):
            run = subprocess.run([sys.executable, "-c", TRACED])
            self.assertEqual(run.returncode, 0)


if __name__ == "__main__":
    unittest.main()
