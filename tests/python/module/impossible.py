"""What cannot happen: compiled code that goes astray ends the process with a sentence that says where."""

import os
import re
import subprocess
import sys
import textwrap
import unittest

ASTRAY = """
import ctypes, os, re
import cevalry

def damaged(n):
    total = 0.5
    for index in range(n):
        total = total * 0.5 + index
    return total

def caller(n):
    return damaged(n)

cevalry.enable(0)
for turn in range(5):
    caller(10)
listing = cevalry.disassemble(damaged)
with open("/proc/self/maps") as maps:
    places = [line.split() for line in maps]

def writable(address):
    "The same byte through the mapping that is written."
    for where, rights, offset, _, inode, *_ in places:
        start, end = (int(part, 16) for part in where.split("-"))
        if start <= address < end:
            at, code = int(offset, 16) + address - start, inode
    for where, rights, offset, _, inode, *_ in places:
        start, end = (int(part, 16) for part in where.split("-"))
        first = int(offset, 16)
        if inode == code and "w" in rights and first <= at < first + end - start:
            return start + at - first

blocks = [int(found, 16) for found in re.findall(r"block ([0-9a-f]+) at \\d+,", listing)]
# A way out that was never taken calls a shared piece of code.
stubs = [int(found, 16) for found in re.findall("j[a-z]+ (?:short )?0x([0-9a-f]+) +; the interpreter", listing)]
call = next(ctypes.string_at(stub, 5) + stub.to_bytes(8, "little") for stub in stubs if ctypes.string_at(stub, 1) == b"\\xe8")
target = int.from_bytes(call[5:], "little") + 5 + int.from_bytes(call[1:5], "little", signed=True)
for first in blocks:
    ctypes.memmove(writable(first), b"\\xe8" + (target - first - 5).to_bytes(4, "little", signed=True), 5)
caller(10)
"""


class Impossible(unittest.TestCase):
    def test_report(self):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(ASTRAY)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "CEVALRY_CHECK"},
        )
        self.assertEqual(done.returncode, -6, done.stderr)
        self.assertRegex(done.stderr, r"no stub returns to 0x[0-9a-f]+")
        where = r"^cevalry: the compiler failed in the middle of damaged, (behind )?offset \d+, [A-Z_]+$"
        self.assertTrue(re.search(where, done.stderr, re.M), done.stderr)


if __name__ == "__main__":
    unittest.main()
