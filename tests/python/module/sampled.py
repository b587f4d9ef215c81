"""Looking at what runs leaves nothing behind that a program could see."""
import sys
import time
import unittest

import cevalry


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


class Sampled(unittest.TestCase):
    def test_references_to_code(self):
        self.addCleanup(cevalry.disable)
        cevalry.enable(threshold=1_000_000)
        before = sys.getrefcount(busy.__code__)
        busy(0.1)
        self.assertEqual(sys.getrefcount(busy.__code__), before)


if __name__ == "__main__":
    unittest.main()
