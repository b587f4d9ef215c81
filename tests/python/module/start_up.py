"""The `CEVALRY` variable switches the compiler on when an installed package's start-up file is read."""
import os
import pathlib
import site
import subprocess
import sys
import unittest

try:
    import _interpreters as interpreters  # 3.13 and later
except ImportError:
    import _xxsubinterpreters as interpreters

STARTUP = pathlib.Path(__file__).resolve().parents[3] / "python/cevalry.data/purelib"
REPORT = "import sys; print('cevalry' in sys.modules and sys.modules['cevalry'].is_enabled())"


def start(*statements, **variables):
    """Start Python as if the start-up file lay in its site-packages. Statements run before."""
    source = "\n".join(["import sys", *statements, f"import site; site.addsitedir({str(STARTUP)!r}); {REPORT}"])
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout.strip(), done.stderr


class StartUp(unittest.TestCase):
    def test_on(self):
        self.assertEqual(start(CEVALRY="1"), (0, "True", ""))

    def test_off(self):
        for value in ("", "0", " 0 "):
            self.assertEqual(start(CEVALRY=value), (0, "False", ""))
        self.assertEqual(start(), (0, "False", ""))

    def test_bad_threshold_is_told_and_the_program_runs(self):
        code, out, err = start(CEVALRY="1", CEVALRY_THRESHOLD="many")
        self.assertEqual((code, out), (0, "False"))
        self.assertRegex(err, "^CEVALRY is set, but the program runs without Cevalry: CEVALRY_THRESHOLD must be .*\n$")

    def test_the_file_is_one_that_site_reads(self):
        self.assertTrue(callable(site.addsitedir))
        self.assertEqual([path.name for path in STARTUP.glob("*.pth")], ["cevalry.pth"])

    def test_a_refusal_is_told_and_the_program_runs(self):
        code, out, err = start("sys.abiflags = 'd'", CEVALRY="1")
        self.assertEqual((code, out), (0, "False"))
        self.assertRegex(err, "^CEVALRY is set, but the program runs without Cevalry: .*debug builds.*\n$")

    def test_subinterpreters_run_without_it_and_say_nothing(self):
        inside = "import site; site.addsitedir(%r); print('inside', flush=True)" % str(STARTUP)
        code, out, err = start(
            f"import {interpreters.__name__} as interpreters",
            f"assert not interpreters.run_string(interpreters.create(), {inside!r})",
            CEVALRY="1",
        )
        self.assertEqual((code, out, err), (0, "inside\nTrue", ""))


if __name__ == "__main__":
    unittest.main()
