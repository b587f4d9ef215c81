"""Frame evaluators of others (PEP 523): there before Cevalry, set after it, taken away, and both at once.

The evaluators are machine code that counts its calls and goes on to another evaluator: one that is
written in Python would have to be evaluated itself.
"""

import ctypes
import mmap
import struct
import subprocess
import sys
import textwrap
import unittest

HEAD = '''
import sys
sys.path.insert(0, {folder!r})
from evaluators import Counting, own, current, install
import cevalry

def work(n):
    total = 0.5
    for index in range(n):
        total = total * 0.5 + helper(index)
    return total

def helper(x):
    return x + 1

def numbers(n):
    for index in range(n):
        yield helper(index)

def chained(n):
    yield from numbers(n)

async def waits(n):
    return [await waits(n - 1), n] if n else n

def resumed(n):
    found = [number for number in chained(n)]
    try:
        waits(3).send(None)
    except StopIteration as stop:
        found.append(stop.value)
    return found

def fails(n):
    if n:
        return fails(n - 1)
    raise ValueError(n)

class Box:
    def __init__(self, value):
        self.value = value

    def __getitem__(self, key):
        return key + self.value

    def __add__(self, other):
        return self[other]

def boxes(n):
    return [Box(value) + value for value in range(n)]

def everything():
    try:
        fails(3)
    except ValueError as error:
        told = str(error)
    return work(50), sum(numbers(20)), resumed(5), told, [work(value) for value in range(3)], boxes(5)

expected = everything()
'''


def own():
    """The address of the interpreter's own evaluator."""
    return ctypes.cast(ctypes.pythonapi._PyEval_EvalFrameDefault, ctypes.c_void_p).value


def interpreter():
    get = ctypes.pythonapi.PyInterpreterState_Get
    get.restype = ctypes.c_void_p
    return ctypes.c_void_p(get())


def current():
    get = ctypes.pythonapi._PyInterpreterState_GetEvalFrameFunc
    get.restype = ctypes.c_void_p
    return get(interpreter())


def install(address):
    ctypes.pythonapi._PyInterpreterState_SetEvalFrameFunc(interpreter(), ctypes.c_void_p(address))


class Counting:
    """An evaluator that counts frames and lets `after` evaluate them."""

    def __init__(self, after):
        self.memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.counter = ctypes.c_uint64()
        code = b"\x48\xb8" + struct.pack("<Q", ctypes.addressof(self.counter))  # mov rax, counter
        code += b"\x48\xff\x00"  # inc qword [rax]
        code += b"\x48\xb8" + struct.pack("<Q", after) + b"\xff\xe0"  # mov rax, after; jmp rax
        self.memory.write(code)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    @property
    def count(self):
        return self.counter.value


def run(source):
    import pathlib

    head = HEAD.format(folder=str(pathlib.Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(source)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


class Evaluators(unittest.TestCase):
    def prints(self, source, output):
        self.assertEqual(run(source), (0, output, ""))

    def test_there_before(self):
        """It sees every frame, as it would without Cevalry."""
        for threshold in (0, 1, None):
            with self.subTest(threshold=threshold):
                self.prints(
                    f"""
                    other = Counting(own())
                    install(other.address)
                    everything()
                    start = other.count
                    everything()
                    alone = other.count - start
                    cevalry.enable({threshold})
                    for turn in range(30):
                        start = other.count
                        assert everything() == expected
                        assert other.count - start == alone, (other.count - start, alone)
                    cevalry.disable()
                    start = other.count
                    assert everything() == expected
                    print(other.count - start == alone, current() == other.address)
                    install(own())
                    print(everything() == expected)
                    """,
                    "True True\nTrue\n",
                )

    def test_set_after(self):
        """One that calls what was there before it, as it should."""
        for threshold in (0, 1, None):
            with self.subTest(threshold=threshold):
                self.prints(
                    f"""
                    cevalry.enable({threshold})
                    for turn in range(30):
                        everything()
                    before = current()
                    other = Counting(before)
                    install(other.address)
                    for turn in range(30):
                        start = other.count
                        assert everything() == expected
                        assert other.count > start
                    install(before)
                    for turn in range(30):
                        assert everything() == expected
                    cevalry.disable()
                    print(everything() == expected, current() == own())
                    """,
                    "True True\n",
                )

    def test_set_after_and_alone(self):
        """One that goes to the interpreter's own evaluator sees every frame."""
        for threshold in (0, 1, None):
            with self.subTest(threshold=threshold):
                self.prints(
                    f"""
                    other = Counting(own())
                    install(other.address)
                    everything()
                    start = other.count
                    everything()
                    alone = other.count - start
                    install(own())
                    cevalry.enable({threshold})
                    for turn in range(30):
                        everything()
                    install(other.address)
                    for turn in range(30):
                        start = other.count
                        assert everything() == expected
                        assert other.count - start == alone, (other.count - start, alone)
                    cevalry.disable()
                    print(everything() == expected, current() == other.address)
                    install(own())
                    print(everything() == expected)
                    """,
                    "True True\nTrue\n",
                )

    def test_disabled_under_another(self):
        self.prints(
            """
            cevalry.enable(0)
            everything()
            other = Counting(current())
            install(other.address)
            cevalry.disable()
            for turn in range(30):
                assert everything() == expected
            cevalry.enable(0)
            for turn in range(30):
                assert everything() == expected
            install(own())
            for turn in range(30):
                assert everything() == expected
            cevalry.disable()
            print(current() == own())
            """,
            "True\n",
        )


if __name__ == "__main__":
    unittest.main()
