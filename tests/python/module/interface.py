"""What `import cevalry` offers: switching, compiling, asking, and refusing bad arguments."""
import ast
import inspect
import opcode
import pathlib
import unittest

import cevalry


def add(a, b):
    return a + b


def loop(n):
    total = 0
    for index in range(n):
        total += index
    return total


def ways(way):
    if way == 0:
        return "none"
    if way == 1:
        return "one"
    return "more"


class Switching(unittest.TestCase):
    def tearDown(self):
        cevalry.disable()

    def test_enable_and_disable(self):
        self.assertFalse(cevalry.is_enabled())
        cevalry.enable()
        self.assertTrue(cevalry.is_enabled())
        cevalry.enable(threshold=5)
        self.assertTrue(cevalry.is_enabled())
        cevalry.disable()
        self.assertFalse(cevalry.is_enabled())
        cevalry.disable()

    def test_what_was_compiled_is_entered_again(self):
        cevalry.jit(ways)
        for _ in range(30):
            ways(0)
        for way in 1, 2:
            cevalry.disable()
            cevalry.enable()
            before = cevalry.stats()["blocks"]
            # A way that is new is compiled when control arrives there.
            for _ in range(30):
                ways(way)
            self.assertGreater(cevalry.stats()["blocks"], before)

    def test_functions_give_the_same_before_during_and_after(self):
        expected = loop(100)
        for _ in range(3):
            cevalry.enable(threshold=0)
            self.assertEqual([loop(100) for _ in range(20)], [expected] * 20)
            cevalry.disable()
            self.assertEqual(loop(100), expected)

    def test_bad_thresholds(self):
        for bad, error in ((-1, ValueError), (2**40, ValueError), (2**70, ValueError), (-(2**70), ValueError), ("x", TypeError), (1.5, TypeError), (True, TypeError)):
            with self.subTest(bad=bad), self.assertRaisesRegex(error, "threshold must be"):
                cevalry.enable(threshold=bad)
        self.assertFalse(cevalry.is_enabled())


class Compiling(unittest.TestCase):
    def test_module_code_runs(self):
        namespace = {}
        cevalry.compile(compile("x = 6 * 7\nprint", "<string>", "exec"))(namespace)
        self.assertEqual(namespace["x"], 42)

    def test_module_code_runs_in_the_namespace_of_its_caller(self):
        cevalry.compile(compile("global made_here; made_here = 1 + 1", "<string>", "exec"))()
        self.assertEqual(globals().pop("made_here"), 2)

    def test_function(self):
        compiled = cevalry.compile(add)
        self.assertEqual([compiled(1, index) for index in range(5)], [1, 2, 3, 4, 5])
        self.assertEqual(compiled("a", "b"), "ab")
        with self.assertRaises(TypeError):
            compiled(1, "a")

    def test_decorator_gives_the_function_back(self):
        def local(a, b=2, *, c=3):
            "documented"
            return a, b, c

        decorated = cevalry.jit(local)
        self.assertIs(decorated, local)
        self.assertEqual(decorated(1, c=5), (1, 2, 5))
        self.assertEqual(decorated.__doc__, "documented")

    def test_bad_arguments(self):
        for function in (cevalry.compile, cevalry.jit, cevalry.explain, cevalry.disassemble):
            for bad in (5, "text", len, None, int):
                with self.subTest(function=function.__name__, bad=bad), self.assertRaisesRegex(TypeError, "code object"):
                    function(bad)


def opcodes():
    """Names of generic and specialised opcodes."""
    try:
        import _opcode_metadata as metadata  # 3.13 and later
    except ImportError:
        return set(opcode.opmap) | set(opcode._specialized_instructions)
    return set(metadata.opmap) | set(metadata._specialized_opmap)


class Asking(unittest.TestCase):
    def test_stats_count_what_was_compiled(self):
        before = cevalry.stats()
        self.assertEqual(
            set(before),
            {"functions", "blocks", "bytecodes", "code_bytes", "metadata_bytes", "compile_seconds", "exits", "missing"},
        )

        def local(n):
            total = 0.0
            for index in range(n):
                total += index * 0.5
            return total

        compiled = cevalry.compile(local)
        compiled(1000)
        after = cevalry.stats()
        for name in ("functions", "blocks", "bytecodes", "code_bytes", "metadata_bytes", "compile_seconds"):
            self.assertGreater(after[name], before[name], name)

    def test_stats_say_what_this_interpreter_lacks(self):
        for name, why in cevalry.stats()["missing"].items():
            with self.subTest(name=name):
                self.assertIn(name, opcodes())
                self.assertRegex(why, r"^this interpreter does not export \w+$")

    def test_explain_has_a_line_for_each_instruction(self):
        cevalry.compile(loop)(50)
        told = cevalry.explain(loop)
        self.assertIn("FOR_ITER", told)
        self.assertIn("BINARY_OP", told)
        self.assertGreaterEqual(len(told.splitlines()), 10)

    def test_explain_knows_instructions_that_one_member_does_together(self):
        loop(50)
        cevalry.compile(loop)(50)
        told = [line for line in cevalry.explain(loop).splitlines() if " LOAD_FAST" in line or " STORE_FAST" in line]
        self.assertGreater(len(told), 2)
        for line in told:
            self.assertNotIn("not reached", line)
            self.assertNotIn("part of BINARY_OP", line)

    def test_disassemble_shows_source_bytecode_and_machine_code(self):
        cevalry.compile(loop)(50)
        told = cevalry.disassemble(loop)
        self.assertIn("total += index", told)
        self.assertIn("BINARY_OP", told)
        self.assertRegex(told, r"\bmov\b")

    def test_disassemble_names_what_machine_code_refers_to(self):
        cevalry.compile(loop)(50)
        told = cevalry.disassemble(loop)
        self.assertRegex(told, r"; (total|index)\n")
        self.assertRegex(told, r"; block [0-9a-f]+ at \d+\n")

    def test_disassemble_shows_the_hot_loop_alone(self):
        loop(50)
        cevalry.compile(loop)(50)
        told = cevalry.disassemble(loop, hot=True)
        self.assertIn("total += index", told)
        self.assertNotIn("return total", told)
        self.assertNotIn("what runs rarely", told)

    def test_disassemble_needs_something_compiled(self):
        def never_run():
            return 1

        with self.assertRaisesRegex(ValueError, "nothing of it has been compiled"):
            cevalry.disassemble(never_run)

    def test_code_limit(self):
        for bad, error in ((-1, ValueError), (2**70, ValueError), ("x", TypeError), (1.5, TypeError), (True, TypeError)):
            with self.subTest(bad=bad), self.assertRaises(error):
                cevalry.set_code_limit(bad)


class Stubs(unittest.TestCase):
    """The type stubs say what the package has, neither more nor less."""

    def setUp(self):
        text = pathlib.Path(cevalry.__file__).with_suffix(".pyi").read_text()
        self.tree = ast.parse(text)

    def test_names(self):
        stubs = {node.name for node in self.tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        self.assertEqual({name for name in stubs if not name.startswith("_")}, set(cevalry.__all__))

    def test_statistics(self):
        classes = {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}
        told = {node.target.id: node.annotation for node in classes["_Stats"].body}
        self.assertEqual(list(told), list(cevalry.stats()))
        for name, value in cevalry.stats().items():
            with self.subTest(name=name):
                self.assertEqual(type(value).__name__, ast.unparse(told[name]).partition("[")[0])

    def test_parameters(self):
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef):
                with self.subTest(function=node.name):
                    expected = list(inspect.signature(getattr(cevalry, node.name)).parameters)
                    self.assertEqual([argument.arg for argument in node.args.args + node.args.kwonlyargs], expected)

    def test_documented(self):
        for name in cevalry.__all__:
            with self.subTest(name=name):
                self.assertTrue(getattr(cevalry, name).__doc__)


if __name__ == "__main__":
    unittest.main()
