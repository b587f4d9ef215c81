"""Import refuses in one sentence, and leaves the interpreter as it was."""
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

try:
    import _interpreters as interpreters  # 3.13 and later
except ImportError:
    import _xxsubinterpreters as interpreters


def in_fresh_process(source):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(source)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


class Refusals(unittest.TestCase):
    def test_subinterpreters(self):
        code, out, err = in_fresh_process(
            f"""
            import {interpreters.__name__} as interpreters
            source = '''if True:
                try:
                    import cevalry
                except ImportError as error:
                    print("refused:", error)
                print(sum(range(10)))
            '''
            interpreters.run_string(interpreters.create(), source)
            """
        )
        self.assertEqual(code, 0, err)
        self.assertRegex(out, r"^refused: .*(sub)?interpreter.*\n45\n$")

    def test_another_release(self):
        """The module of another minor release, where one has been built, does not load."""
        own = pathlib.Path(importlib.util.find_spec("cevalry._cevalry").origin)
        others = [path for path in own.parents[3].glob("*/import/cevalry/_cevalry.*.so") if path.name != own.name]
        for other in others:
            with self.subTest(other=other.name):
                code, out, err = in_fresh_process(
                    f"""
                    import importlib.util
                    spec = importlib.util.spec_from_file_location("_cevalry", {str(other)!r})
                    try:
                        importlib.util.module_from_spec(spec)
                    except ImportError as error:
                        print("refused", str(error).count(chr(10)))
                    """
                )
                self.assertEqual((code, out), (0, "refused 0\n"), err)

    def test_package_without_a_module_for_this_release(self):
        package = pathlib.Path(importlib.util.find_spec("cevalry").origin).parent
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "cevalry"
            shutil.copytree(package, copy, ignore=shutil.ignore_patterns("*.so"))
            self.refused(f"sys.path.insert(0, {folder!r})", "This build of Cevalry is for another release than Python")

    def refused(self, before, sentence):
        """After `before`, the import is refused with one sentence, and the interpreter goes on."""
        code, out, err = in_fresh_process(
            f"""
            import sys
            {before}
            def hooks():
                return sys.gettrace(), sys.getprofile(), sys.path_hooks[:], sys.excepthook
            known = hooks()
            try:
                import cevalry
            except ImportError as error:
                print(error)
            assert not [name for name in sys.modules if name.startswith("cevalry")]
            assert hooks() == known
            print(sum(i * i for i in range(100)))
            """
        )
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"^{sentence}[^\n]*\.\n328350\n$")

    def test_debug_build(self):
        self.refused("sys.abiflags = 'd'", "Cevalry does not run on debug builds of Python")

    def test_free_threaded_build(self):
        self.refused("sys.abiflags = 't'", "Cevalry does not run on free-threaded Python")

    @unittest.skipIf(sys.version_info < (3, 13), "3.13 is the first release that publishes its offsets")
    def test_another_layout(self):
        """The published offsets are data that nothing in the process itself reads."""
        self.refused(
            "import ctypes; at = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, '_PyRuntime'));"
            " words = (ctypes.c_uint64 * 40).from_address(at);"
            " words[3:40] = [word + 8 for word in words[3:40]]",
            "This Python keeps .* elsewhere than the releases that Cevalry knows",
        )

    def test_limits_beyond_all_memory(self):
        for value in (-1, 2**70):
            code, out, err = in_fresh_process(
                f"""
                import os
                os.environ["CEVALRY_MAX_CODE"] = "{value}"
                try:
                    import cevalry
                except ValueError as error:
                    print(error)
                """
            )
            self.assertEqual(code, 0, err)
            self.assertRegex(out, "^(the limit on machine code must not be negative|CEVALRY_MAX_CODE must be nearer to 0)")

    def test_bad_environment(self):
        for value in ("x", "1.5"):
            code, out, err = in_fresh_process(
                f"""
                import os
                os.environ["CEVALRY_MAX_CODE"] = {value!r}
                try:
                    import cevalry
                except ValueError as error:
                    print(error)
                """
            )
            self.assertEqual((code, out), (0, f"CEVALRY_MAX_CODE must be a whole number, not {value!r}\n"), err)


if __name__ == "__main__":
    unittest.main()
