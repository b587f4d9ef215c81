"""Functions that are compiled and die, by the hundred thousand: code, what is kept about it, and memory stay flat."""
# seconds: 300

import gc
import os
import resource
import sys
import threading
import types
import unittest

import cevalry

FUNCTIONS = 100_000
PAGE = resource.getpagesize()


def total(n):
    found = 0.5
    for index in range(n):
        found = found * 0.5 + index
    return found


def numbers(n):
    for index in range(n):
        yield index * 2


def raises(n):
    try:
        return [n][n + 1]
    except IndexError:
        return len([n])


class Box:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value


def calls(n):
    box = Box(n)
    return box.get(), (lambda: n)(), [value for value in (n, n)]


ORIGINALS = [total, numbers, raises, calls]


def renewed(code):
    """A code object of the same kind, and the same for all code in it."""
    inside = (renewed(thing) if isinstance(thing, types.CodeType) else thing for thing in code.co_consts)
    return code.replace(co_consts=tuple(inside))


def churn(count):
    """Makes so many functions, runs each and lets go of it."""
    for turn in range(count):
        original = ORIGINALS[turn % len(ORIGINALS)]
        function = types.FunctionType(renewed(original.__code__), original.__globals__)
        result = function(3)
        if original is numbers:
            for _ in result:
                pass


def used():
    gc.collect()
    stats = cevalry.stats()
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * PAGE
    return {"code": stats["code_bytes"], "kept": stats["metadata_bytes"], "resident": resident}


class Leaks(unittest.TestCase):
    def setUp(self):
        self.addCleanup(cevalry.disable)
        cevalry.enable(threshold=0)

    def test_functions_that_come_and_go(self):
        churn(FUNCTIONS // 10)
        before, compiled = used(), cevalry.stats()["functions"]
        churn(FUNCTIONS)
        after = used()
        self.assertGreaterEqual(cevalry.stats()["functions"] - compiled, FUNCTIONS)
        for name, allowed in ("code", 64 << 10), ("kept", 64 << 10), ("resident", 4 << 20):
            with self.subTest(what=name, before=before[name]):
                self.assertLess(after[name] - before[name], allowed)

    def test_blocks_of_the_interpreter(self):
        """What the interpreter allocates for functions, and references to what they use."""
        watched = (None, True, 0, 1, 0.5, Box, IndexError, len, ORIGINALS[0].__code__)
        churn(2000)
        gc.collect()
        counts, blocks = [sys.getrefcount(thing) for thing in watched], sys.getallocatedblocks()
        churn(4000)
        gc.collect()
        grown = [sys.getrefcount(thing) - before for thing, before in zip(watched, counts)]
        self.assertLess(max(map(abs, grown)), 200, grown)
        self.assertLess(sys.getallocatedblocks() - blocks, 200)

    def test_threads_that_come_and_go(self):
        def run(count):
            for _ in range(count):
                thread = threading.Thread(target=total, args=(5,))
                thread.start()
                thread.join()

        run(500)
        before = used()
        run(2000)
        after = used()
        for name, allowed in ("code", 16 << 10), ("kept", 16 << 10), ("resident", 2 << 20):
            with self.subTest(what=name, before=before[name]):
                self.assertLess(after[name] - before[name], allowed)

    def test_forks_leave_nothing(self):
        """A child that compiles has its own memory; the parent's is as it was."""

        def fork(times):
            for _ in range(times):
                child = os.fork()
                if child == 0:
                    churn(100)
                    os._exit(0)
                self.assertEqual(os.waitpid(child, 0)[1], 0)

        churn(100)
        fork(4)
        before = used()
        fork(20)
        after = used()
        self.assertLess(after["code"] - before["code"], 16 << 10)
        self.assertLess(after["resident"] - before["resident"], 8 << 20)


if __name__ == "__main__":
    unittest.main()
