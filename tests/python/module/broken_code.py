"""Code objects with broken bytecode: whatever the interpreter survives is survived, with the same result.

Where what the interpreter does depends on what stands in memory by chance, or on whether it has
specialised an instruction, there is nothing to compare; nor where it finds that its own state cannot be.
"""
# seconds: 300

import concurrent.futures
import json
import os
import subprocess
import sys
import unittest

SEEDS = range(400, 600)
# How the interpreter runs on its own: options, and what its memory holds.
ALONE = (
    ((), {}),
    (("--odd", "1"), {"PYTHONMALLOC": "debug"}),
    (("--odd", "2"), {"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": "85"}),
)


def lines(options, variables):
    command = [sys.executable, "-m", "broken", str(SEEDS.start), str(SEEDS.stop), *options]
    done = subprocess.run(
        command, env=os.environ | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


class BrokenCode(unittest.TestCase):
    def test_what_the_interpreter_survives(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            compiled = pool.submit(lines, ("--compiled",), {})
            first, *others = pool.map(lambda way: lines(*way), ALONE)
        compared = 0
        for alone, *odd, ours in zip(first, *others, compiled.result(), strict=True):
            if alone["status"] or "seen" not in alone or any(line != alone for line in odd):
                continue
            compared += 1
            with self.subTest(seed=alone["seed"], kind=alone["kind"]):
                self.assertEqual(ours["status"], 0)
                if not any(told.startswith("SystemError") for told in alone["seen"] + ours["seen"]):
                    self.assertEqual(ours, alone)
        self.assertGreater(compared, len(SEEDS) / 3)


if __name__ == "__main__":
    unittest.main()
