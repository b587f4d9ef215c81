"""Slots of code objects that others have asked for (PEP 523), before Cevalry and after it."""

import subprocess
import sys
import textwrap
import unittest

HEAD = '''
import ctypes
import gc
import os
import sys

OLD = sys.version_info < (3, 12)

def bind(name, result, *arguments):
    prefix = "_Py" if OLD else "PyUnstable_"
    function = ctypes.pythonapi[prefix + name]
    function.restype, function.argtypes = result, arguments
    return function

Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
request = bind("Eval_RequestCodeExtraIndex", ctypes.c_ssize_t, Free)
write = bind("Code_SetExtra", ctypes.c_int, ctypes.py_object, ctypes.c_ssize_t, ctypes.c_void_p)
read = bind("Code_GetExtra", ctypes.c_int, ctypes.py_object, ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_void_p))

class Slot:
    """A slot, and what its owner was asked to free."""

    def __init__(self):
        self.freed = []
        self.free = Free(lambda value: value and self.freed.append(value))
        self.index = request(self.free)
        assert self.index >= 0

    def __setitem__(self, function, value):
        assert write(function.__code__, self.index, value) == 0

    def __getitem__(self, function):
        value = ctypes.c_void_p()
        assert read(function.__code__, self.index, ctypes.byref(value)) == 0
        return value.value

def new(number):
    namespace = {}
    exec("""
def helper(x):
    return x + %d

def function(n):
    total = 0
    for index in range(n):
        total += helper(index)
    return total

def numbers(n):
    for index in range(n):
        yield helper(index)
""" % number, namespace)
    return [namespace[name] for name in ("helper", "function", "numbers")]

def work(functions):
    helper, function, numbers = functions
    return function(40), list(numbers(5)), helper(1)
'''


# The interpreter's last code objects die when callbacks in Python are gone.
TAIL = '''
sys.stdout.flush()
os._exit(0)
'''


def run(source):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + textwrap.dedent(source) + TAIL], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


class CodeExtras(unittest.TestCase):
    def prints(self, source, output):
        self.assertEqual(run(source), (0, output, ""))

    def test_before_and_after(self):
        """What others keep stays, whoever came first, and goes to its owner once."""
        for threshold in (0, 1, None):
            with self.subTest(threshold=threshold):
                self.prints(
                    f"""
                    first = Slot()
                    kept, untouched = new(1), new(2)
                    alone = [work(kept), work(untouched)]
                    for number, function in enumerate(kept):
                        first[function] = 100 + number
                    import cevalry
                    cevalry.enable({threshold})
                    between = Slot()
                    for turn in range(30):
                        assert [work(kept), work(untouched)] == alone
                    last = Slot()
                    for number, function in enumerate(kept):
                        last[function] = 200 + number
                        between[function] = 300 + number
                    for turn in range(30):
                        assert [work(kept), work(untouched)] == alone
                    print([first[function] for function in kept], [last[function] for function in kept])
                    print([slot[function] for function in untouched for slot in (first, between, last)])
                    first[kept[0]] = 400
                    print(first.freed, last.freed, work(kept) == alone[0])
                    del function, kept, untouched
                    gc.collect()
                    print(*(sorted(slot.freed) for slot in (first, between, last)))
                    """,
                    "[100, 101, 102] [200, 201, 202]\n"
                    "[None, None, None, None, None, None, None, None, None]\n"
                    "[100] [] True\n"
                    "[100, 101, 102, 400] [300, 301, 302] [200, 201, 202]\n",
                )

    def test_owner_of_a_slot_is_asked_about_code_that_had_one(self):
        """A slot behind Cevalry's is not made for code that only Cevalry has touched."""
        self.prints(
            """
            import cevalry
            cevalry.enable(0)
            asked = []
            free = Free(asked.append)
            assert request(free) >= 0
            functions = new(3)
            for turn in range(30):
                work(functions)
            print(cevalry.stats()["blocks"] > 0)
            del functions
            gc.collect()
            print(asked)
            """,
            "True\n[]\n",
        )

    def test_no_slot_left(self):
        """Cevalry asks for several: it refuses, or does without those that it does not need."""
        code, count, err = run("free = Free(lambda value: None)\nprint(sum(1 for _ in iter(lambda: request(free), -1)))")
        self.assertEqual((code, err), (0, ""))
        for left, told in enumerate((
            "Other packages have taken every slot that code objects have for others (PEP 523): import Cevalry before them.",
            "imported",
            "imported",
        )):
            with self.subTest(left=left):
                self.prints(
                    f"""
                    slots = [Slot() for _ in range({int(count) - left})]
                    try:
                        import cevalry
                    except ImportError as error:
                        print(error)
                    else:
                        cevalry.enable(0)
                        print("imported")
                    functions = new(4)
                    slots[0][functions[1]] = 7
                    for turn in range(30):
                        assert work(functions) == (940, [4, 5, 6, 7, 8], 5)
                    print(slots[0][functions[1]], slots[-1][functions[1]])
                    """,
                    told + "\n7 None\n",
                )


if __name__ == "__main__":
    unittest.main()
