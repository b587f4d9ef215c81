# seconds: 300
"""`python -m cevalry …` does what `python …` would: arguments, `__main__`, exit codes, output."""
import os
import pathlib
import py_compile
import signal
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
    "no flush": "import os; print('lost?', flush=True); os._exit(3)",
    "stack": "import inspect, sys, traceback\ndef f():\n    traceback.print_stack(file=sys.stdout)\n    print(len(inspect.stack()))\nf()\nprint(sys._getframe().f_back)\n",
    "stack exception": "try:\n    1/0\nexcept ZeroDivisionError as error:\n    print(error.__traceback__.tb_frame.f_back)\n",
    "warning": "import warnings\ndef f():\n    warnings.warn('told', stacklevel=2)\nf()\nwarnings.warn('far', stacklevel=9)\n",
    "finalizer": "class A:\n    def __del__(self):\n        print('gone', __name__, A)\na = A()\nb = [a]\n",
    "unraisable": "import sys\nsys.unraisablehook = lambda told: print(told.exc_value)\nclass A:\n    def __del__(self):\n        1/0\na = A()\ndel a\n",
    "cause": "try:\n    1/0\nexcept ZeroDivisionError as error:\n    raise KeyError('k') from error\n",
    "thread": "import threading, time\ndef f():\n    time.sleep(0.05); print('late')\nthreading.Thread(target=f).start()\nprint('main done')\n",
    "thread exception": "import threading\nt = threading.Thread(target=lambda: 1/0, name='worker'); t.start(); t.join()\n",
    "exit in finally": "import sys\ntry:\n    sys.exit(3)\nfinally:\n    sys.exit(4)\n",
    "exit with an object": "class E(Exception): pass\nraise SystemExit(E('odd'))\n",
    "exit with true": "raise SystemExit(True)",
    "exit with a tuple": "raise SystemExit((1, 2))",
    "own exit": "class Own(SystemExit): pass\nraise Own(7)\n",
    "own interrupt": "class Own(KeyboardInterrupt): pass\nraise Own\n",
    "recursion": "def f(): return f()\ntry:\n    f()\nexcept RecursionError as error:\n    print('deep')\n",
    "pickle": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__, A)\n",
    "annotations": "x: int = 5\nprint(__annotations__)\n",
    "future": "from __future__ import annotations\ndef f(a: nothing): pass\nprint(f.__annotations__)\n",
    "main": "import __main__, sys\nprint(__main__.__dict__ is globals(), sys.modules['__main__'] is __main__, [m for m in sys.modules if 'cevalry' in m and not m.startswith('_')][:0])\n",
    "last exception": "import sys\ndef told(*_): print(sys.last_value, hasattr(sys, 'last_traceback'))\nimport atexit; atexit.register(told)\n1/0\n",
    "indentation": "def f():\nx = 1\n",
    "no newline": "print('x')",
    "carriage returns": "print('x')\r\nprint('y')\r\n",
    "mark": "\xef\xbb\xbfprint('bom')",
    "broken output": "import sys\nsys.stdout.close()\n",
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
            [sys.executable, *arguments],
            **({"cwd": self.folder, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True} | keywords),
        )
        return done.returncode, done.stdout, done.stderr

    def compare(self, *arguments, python=(), every=True, **keywords):
        alone = self.run_python(*python, *arguments, **keywords)
        ways = ((), ("--",), ("--threshold", "0"), ("--threshold=0", "--")) if every else (("--threshold", "0"),)
        for options in ways:
            with self.subTest(arguments=arguments, options=options):
                compiled = self.run_python(*python, "-m", "cevalry", *options, *arguments, **keywords)
                self.assertEqual(compiled, alone)

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
            self.compare(path.name, every=False)

    def test_options_of_the_interpreter(self):
        (self.folder / "flags.py").write_text(SHOW + "print(__debug__, sys.flags, sys.warnoptions)\n")
        for python in (["-O"], ["-P"], ["-W", "error"], ["-u", "-B"], ["-X", "dev"]):
            self.compare("flags.py", "a", python=python, every=False)
            self.compare("-c", SHOW, python=python, every=False)
        self.compare("-m", "package", python=["-O", "-P"], every=False)

    def test_standard_input(self):
        for source in (SHOW, "print(1)\n1/0\n", "x = (\n", "import sys; sys.exit(4)"):
            self.compare("-", "a", "b", every=False, input=source, stdin=None)

    def test_compiled_files(self):
        py_compile.compile(str(self.folder / "script.py"), cfile=str(self.folder / "script.pyc"))
        self.compare("script.pyc", "a", every=False)

    def test_interrupted_from_outside(self):
        """Ctrl-C ends the process by the signal, as it ends the interpreter."""
        # The signal is let in once it is there, so that it comes at the same place both times.
        source = "\n".join(
            (
                "from signal import *",
                "pthread_sigmask(SIG_BLOCK, [SIGINT])",
                "print('ready', flush=True)",
                "while not sigpending(): pass",
                "pthread_sigmask(SIG_UNBLOCK, [SIGINT])",
            )
        )
        endings = []
        for way in ((), ("-m", "cevalry", "--threshold", "0")):
            running = subprocess.Popen(
                [sys.executable, *way, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            self.assertEqual(running.stdout.readline(), "ready\n")
            running.send_signal(signal.SIGINT)
            endings.append((running.communicate(timeout=60), running.returncode))
        self.assertEqual(*endings)

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
