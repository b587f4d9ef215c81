# seconds: 300
"""`python -m cevalry …` does what `python …` would: arguments, `__main__`, exit codes, output."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

SHOW = """\
import sys
print(sys.argv, __name__, __spec__ and __spec__.name, sys.path[0] or "current folder", sys.orig_argv[1:])
print(sorted(name for name in globals() if name != "sys"), globals().get("__file__"), __builtins__.__name__)
print(type(__loader__).__name__, sys.modules["__main__"].__dict__ is globals(), __doc__, __package__)
"""

ENDINGS = {
    "falls off the end": "",
    "number": "import sys; sys.exit(5)",
    "text": "import sys; sys.exit('a message')",
    "none": "raise SystemExit",
    "big": "import sys; sys.exit(1000)",
    "exception": "def f():\n    raise ValueError('told')\n\nf()\n",
    "group": "raise ExceptionGroup('g', [ValueError(1)])",
    "syntax": "x = (\n",
    "interrupt": "raise KeyboardInterrupt",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "at exit": "import atexit; atexit.register(print, 'bye')\n1/0\n",
    "null byte": "x = '\0'",
    "encoding": "# coding: latin-1\nprint('\\xe9', 'plain')\n",
    "bad encoding": "# coding: nothing-of-the-kind\n",
    "hook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1/0\n",
}


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "package").mkdir()
        for name in ("script.py", "package/__main__.py", "package/module.py"):
            (self.folder / name).write_text(SHOW)
        (self.folder / "package/__init__.py").write_text("")
        (self.folder / "folder").mkdir()
        (self.folder / "folder/__main__.py").write_text(SHOW)
        with zipfile.ZipFile(self.folder / "archive.zip", "w") as archive:
            archive.writestr("__main__.py", SHOW)

    def run_python(self, *arguments, **keywords):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, **keywords
        )
        return done.returncode, done.stdout, done.stderr

    def compare(self, *arguments):
        alone = self.run_python(*arguments)
        for options in ((), ("--",), ("--threshold", "0"), ("--threshold=0", "--")):
            with self.subTest(arguments=arguments, options=options):
                self.assertEqual(self.run_python("-m", "cevalry", *options, *arguments), alone)

    def test_scripts(self):
        self.compare("script.py")
        self.compare("script.py", "a", "-m", "--threshold", "--", "b c")
        self.compare(str(self.folder / "script.py"))
        self.compare("package/module.py")

    def test_modules(self):
        self.compare("-m", "package")
        self.compare("-m", "package.module", "a", "-c")
        self.compare("-mpackage.module")
        self.compare("-m", "missing_module")
        self.compare("-m", "package.missing")

    def test_commands(self):
        self.compare("-c", SHOW, "a", "b")
        self.compare("-c", "print('x')")
        self.compare("-cprint('x')")

    def test_folders_and_archives(self):
        self.compare("folder", "a")
        self.compare("archive.zip", "a")
        self.compare("package")

    def test_missing(self):
        self.compare("missing.py")

    def test_endings(self):
        for name, source in ENDINGS.items():
            path = self.folder / (name.replace(" ", "_") + ".py")
            path.write_text(source, encoding="latin-1")
            self.compare(path.name)

    def test_bad_options(self):
        for arguments in ([], ["--threshold"], ["--threshold", "x"], ["--threshold", "-1", "script.py"], ["--nonsense", "script.py"], ["-m"], ["-c"]):
            with self.subTest(arguments=arguments):
                code, out, err = self.run_python("-m", "cevalry", *arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertRegex(err, "usage: |Argument expected")

    def test_stats(self):
        code, out, err = self.run_python("-m", "cevalry", "--threshold", "0", "--stats", "-c", "print(sum(i for i in range(50)))")
        self.assertEqual((code, out), (0, "1225\n"))
        self.assertIn("functions: ", err)
        self.assertIn("code bytes: ", err)

    def test_environment(self):
        environment = dict(os.environ, CEVALRY_THRESHOLD="never")
        code, out, err = self.run_python("-m", "cevalry", "script.py", env=environment)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("CEVALRY_THRESHOLD must be a whole number", err)


if __name__ == "__main__":
    unittest.main()
