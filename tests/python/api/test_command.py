"""The command line does what `python` itself would do."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest
import zipfile

FACTS = """
import sys
print(__name__, sys.argv, sys.path[0], sys.orig_argv[1:])
print(sorted((k, str(v)) for k, v in globals().items() if k.startswith("__") and k != "__builtins__"))
print(sys._getframe().f_back, sys.modules["__main__"].__dict__ is globals())
"""


def run(*arguments, compiled, cwd, **environment):
    own = ["-m", "cevalry"] if compiled else []
    return subprocess.run(
        [sys.executable, *own, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, source):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return path

    def same(self, *arguments, code=0):
        alone, compiled = (run(*arguments, compiled=one, cwd=self.folder) for one in (False, True))
        self.assertEqual(compiled.stdout, alone.stdout)
        self.assertEqual(compiled.stderr, alone.stderr)
        self.assertEqual(compiled.returncode, alone.returncode)
        self.assertEqual(alone.returncode, code)

    def test_script(self):
        self.write("folder/program.py", FACTS)
        self.same("folder/program.py", "--stats", "-x", "a b")

    def test_linked_script(self):
        (self.folder / "link.py").symlink_to(self.write("folder/program.py", FACTS))
        self.same("link.py")

    def test_module(self):
        self.write("package/__init__.py", "print('package')")
        self.write("package/__main__.py", FACTS)
        self.write("module.py", FACTS)
        self.same("-m", "package", "-m")
        self.same("-m", "module", "--threshold", "1")
        self.same("-m", "no_such_module", code=1)

    def test_command(self):
        self.same("-c", FACTS, "argument")
        self.same("-c", "def f(): 1/0\nf()", code=1)

    def test_folder_and_archive(self):
        self.write("folder/__main__.py", FACTS)
        with zipfile.ZipFile(self.folder / "program.zip", "w") as archive:
            archive.writestr("__main__.py", FACTS)
        self.same("folder", "x")
        self.same("program.zip", "x")

    def test_compiled_file(self):
        path = self.write("program.py", FACTS)
        subprocess.run([sys.executable, "-m", "compileall", "-b", "-q", str(path)], check=True)
        path.unlink()
        self.same("program.pyc")

    def test_missing_script(self):
        self.same("no_such_program.py", code=2)

    def test_exit_codes(self):
        for end, code in (("3", 3), ("'text'", 1), ("None", 0), ("True", 1)):
            self.same("-c", f"import sys; sys.exit({end})", code=code)
        self.same("-c", "import os, atexit; atexit.register(print, 'end'); raise SystemExit", code=0)

    def test_exceptions(self):
        self.write(
            "program.py",
            """\
            def outer():
                try:
                    {}["key"]
                except KeyError as error:
                    raise ValueError("chained") from error

            outer()
            """,
        )
        self.same("program.py", code=1)
        self.write("broken.py", "def f(:\n    pass\n")
        self.same("broken.py", code=1)
        self.write("empty.py", "")
        self.same("empty.py")

    def test_hooks(self):
        self.same("-c", "import sys; sys.excepthook = lambda *a: print(a[0], a[2].tb_next)\n1/0", code=1)

    def test_interrupt(self):
        self.same("-c", "raise KeyboardInterrupt", code=-signal.SIGINT)

    def test_own_options(self):
        done = run("--threshold=0", "--stats", "--", "-c", "print(1)", compiled=True, cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"))
        self.assertIn("bytecodes: ", done.stderr)
        for arguments, message in (
            (("--threshold", "x", "a.py"), "--threshold needs a whole number, not 'x'"),
            (("--threshold", "-1", "a.py"), "threshold must be between 0 and"),
            (("--unknown",), "--unknown is not an option"),
            (("-m",), "-m needs an argument"),
            ((), "name a script"),
        ):
            done = run(*arguments, compiled=True, cwd=self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn(message, done.stderr)
        self.assertIn("usage", run("--help", compiled=True, cwd=self.folder).stdout)


class Environment(unittest.TestCase):
    def test_threshold(self):
        done = run("-c", "pass", compiled=True, cwd="/", CEVALRY_THRESHOLD="many")
        self.assertEqual(done.returncode, 2)
        self.assertIn("CEVALRY_THRESHOLD must be a whole number, not 'many'", done.stderr)
        done = run("-c", "pass", compiled=True, cwd="/", CEVALRY_THRESHOLD="0")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_code_limit(self):
        done = run("-c", "import cevalry", compiled=False, cwd="/", CEVALRY_MAX_CODE="1 MiB")
        self.assertIn("CEVALRY_MAX_CODE must be a whole number, not '1 MiB'", done.stderr)


if __name__ == "__main__":
    unittest.main()
