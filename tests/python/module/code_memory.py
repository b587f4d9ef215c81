"""Machine code: its limit holds, it is given back, and no page of it is writable and executable."""
import gc
import os
import re
import subprocess
import sys
import textwrap
import unittest

import cevalry

SOURCE = """
def function(n):
    total = {seed}.5
    for index in range(n):
        total = total * 1.0001 + index
        if index % 3 == {seed} % 3:
            total -= index * {seed}
    return total
"""


def make(seed):
    namespace = {}
    exec(SOURCE.format(seed=seed), namespace)
    return namespace["function"]


class CodeMemory(unittest.TestCase):
    def setUp(self):
        self.addCleanup(cevalry.disable)
        cevalry.enable(threshold=0)

    def test_no_page_is_writable_and_executable(self):
        for seed in range(300):
            make(seed)(5)
            if seed % 10 == 0:
                with open("/proc/self/maps") as maps:
                    both = [line for line in maps if re.match(r"\S+ .?w.?x|\S+ .w.x|\S+ .?wx", line)]
                self.assertEqual(both, [])

    def test_no_page_is_writable_and_executable_at_any_moment(self):
        """Another process looks all the time, while functions are made, run and dropped."""
        look = textwrap.dedent(
            """
            import sys
            looks, both = 0, set()
            print("ready", flush=True)
            while True:
                try:
                    with open("/proc/%s/maps" % sys.argv[1]) as maps:
                        lines = maps.readlines()
                except ProcessLookupError:
                    lines = []
                if not lines:
                    break
                both |= {line for line in lines if {"w", "x"} <= set(line.split()[1])}
                looks += 1
            print(looks, sorted(both))
            """
        )
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.read(read, 1)
            cevalry.set_code_limit(cevalry.stats()["code_bytes"] + (1 << 20))
            for seed in range(3000):
                make(seed)(5)
            os._exit(0)
        observer = subprocess.Popen(
            [sys.executable, "-c", look, str(child)], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        self.assertEqual(observer.stdout.readline(), "ready\n")
        os.write(write, b"!")
        # The child is looked for until it is waited for.
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        looks, both = observer.communicate(timeout=60)[0].split(" ", 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        os.close(read)
        os.close(write)
        self.assertGreater(int(looks), 20)
        self.assertEqual(both, "[]\n")

    def test_functions_that_die_give_their_code_back(self):
        def churn(seeds):
            for seed in seeds:
                make(seed)(5)
            gc.collect()
            return cevalry.stats()["code_bytes"]

        churn(range(600))
        once = churn(range(600))
        self.assertLess(churn(range(1200)), once * 1.2)


class Limit(unittest.TestCase):
    def test_the_program_runs_on_at_the_limit(self):
        used = cevalry.stats()["code_bytes"]
        limit = used + 32 * 1024
        cevalry.set_code_limit(limit)
        self.addCleanup(cevalry.set_code_limit, 64 * 1024 * 1024)
        cevalry.enable(threshold=0)
        self.addCleanup(cevalry.disable)
        kept = [make(seed) for seed in range(400)]
        results = [function(20) for function in kept]
        cevalry.disable()
        self.assertEqual([function(20) for function in kept], results)
        self.assertLessEqual(cevalry.stats()["code_bytes"], limit)

    def test_a_program_that_goes_on_making_functions(self):
        """Kept, dropped, and all at once: the limit holds all the time, and results are right."""
        limit = cevalry.stats()["code_bytes"] + 64 * 1024
        cevalry.set_code_limit(limit)
        self.addCleanup(cevalry.set_code_limit, 64 * 1024 * 1024)
        cevalry.enable(threshold=0)
        self.addCleanup(cevalry.disable)
        kept, most = [], 0
        for seed in range(1500):
            function = make(seed % 50)
            kept.append((seed % 50, function(20)))
            if seed % 3 == 0:
                kept.append((seed % 50, function))
            if seed % 500 == 499:
                kept = [(key, thing) for key, thing in kept if not callable(thing)]
            most = max(most, cevalry.stats()["code_bytes"])
        self.assertLessEqual(most, limit)
        self.assertEqual(len({(key, value) for key, value in kept if not callable(value)}), 50)


if __name__ == "__main__":
    unittest.main()
