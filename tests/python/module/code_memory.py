"""Machine code: its limit holds, it is given back, and no page of it is writable and executable."""
import gc
import re
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


if __name__ == "__main__":
    unittest.main()
