"""An inline cache may name an object that has died since: nothing is read from it."""
import subprocess
import sys
import textwrap
import unittest


class StaleCaches(unittest.TestCase):
    def test_attribute_of_a_class_that_was_replaced(self):
        """The object is so large that its memory is unmapped when it dies."""
        source = """
            import cevalry

            class Holder:
                value = bytes(1 << 26)

            def first():
                return Holder.value[0]

            for _ in range(50):
                assert first() == 0
            Holder.value = b"abc"
            cevalry.compile(first)
            print(first(), first())
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "97 97\n", ""))


if __name__ == "__main__":
    unittest.main()
