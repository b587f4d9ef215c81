"""Functions go to other interpreters as without Cevalry, which takes only code that nobody has touched."""
import subprocess
import sys
import textwrap
import unittest

SOURCE = """
    import _interpreters
    import cevalry

    cevalry.enable()

    def script():
        for _ in range(3):
            pass
        print("there", flush=True)

    def other():
        def inner():
            print("inner", flush=True)
        return inner

    interpreter = _interpreters.create()
    for function in [script, other(), other()]:
        print(_interpreters.run_func(interpreter, function), flush=True)
    _interpreters.destroy(interpreter)
"""


@unittest.skipIf(sys.version_info < (3, 13), "functions cannot be handed over")
class OtherInterpreters(unittest.TestCase):
    def test_functions_are_handed_over(self):
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(SOURCE)], capture_output=True, text=True)
        said = "there\nNone\n" + "inner\nNone\n" * 2
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, said, ""))


if __name__ == "__main__":
    unittest.main()
