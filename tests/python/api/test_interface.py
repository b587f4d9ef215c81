"""What the package offers, and that its type stubs say the same."""

import ast
import inspect
import pathlib
import types
import unittest

import cevalry

PACKAGE = pathlib.Path(cevalry.__file__).parent


def add(a, b):
    return a + b


class Enabling(unittest.TestCase):
    def tearDown(self):
        cevalry.disable()

    def test_switch(self):
        self.assertFalse(cevalry.is_enabled())
        cevalry.enable()
        self.assertTrue(cevalry.is_enabled())
        cevalry.enable(threshold=0)
        cevalry.enable(10**9)
        self.assertTrue(cevalry.is_enabled())
        cevalry.disable()
        self.assertFalse(cevalry.is_enabled())

    def test_bad_thresholds(self):
        for bad, error in ((-1, ValueError), (2**32, ValueError), ("1", TypeError), (True, TypeError), (1.5, TypeError)):
            with self.subTest(threshold=bad), self.assertRaisesRegex(error, "threshold must be"):
                cevalry.enable(bad)
            self.assertFalse(cevalry.is_enabled())

    def test_functions_keep_their_results(self):
        for threshold in 0, 1, 2:
            cevalry.enable(threshold)
            self.assertEqual([add(n, 0.5) for n in range(100)], [n + 0.5 for n in range(100)])
            cevalry.disable()
            self.assertEqual(add("a", "b"), "ab")


class CodeLimit(unittest.TestCase):
    def test_bad_limits(self):
        with self.assertRaisesRegex(ValueError, "must not be negative"):
            cevalry.set_code_limit(-1)
        with self.assertRaisesRegex(TypeError, "limit must be an int, not str"):
            cevalry.set_code_limit("64M")


class Compiling(unittest.TestCase):
    def test_module_code(self):
        run = cevalry.compile(compile("y = x * 2", "<string>", "exec"))
        space = {"x": 21}
        self.assertIsNone(run(space))
        self.assertEqual(space["y"], 42)
        names = {}
        run({"x": 1}, names)
        self.assertEqual(names, {"y": 2})
        self.assertIsInstance(run, cevalry.CompiledCode)
        self.assertIsInstance(run.__code__, types.CodeType)

    def test_expression(self):
        self.assertEqual(cevalry.compile(compile("6 * 7", "<string>", "eval"))(), 42)

    def test_callers_namespaces(self):
        local = 5
        self.assertEqual(cevalry.compile(compile("local + 1", "<string>", "eval"))(), local + 1)

    def test_jit_gives_the_function_back(self):
        self.assertIs(cevalry.jit(add), add)
        self.assertEqual(add(1, 2), 3)

    def test_bad_arguments(self):
        for function in cevalry.compile, cevalry.jit, cevalry.explain, cevalry.disassemble:
            for bad in 1, "text", len, None, int:
                with self.subTest(function=function, argument=bad), self.assertRaisesRegex(TypeError, "expected a Python function"):
                    function(bad)

    def test_free_variables(self):
        def outer():
            return lambda: outer

        with self.assertRaisesRegex(ValueError, "free variables"):
            cevalry.compile(outer().__code__)


class Reports(unittest.TestCase):
    def test_stats(self):
        stats = cevalry.stats()
        self.assertEqual(
            list(stats),
            ["functions", "blocks", "bytecodes", "code_bytes", "metadata_bytes", "compile_seconds", "exits"],
        )
        self.assertIsInstance(stats["compile_seconds"], float)
        self.assertIsInstance(stats["exits"], dict)

    def test_explain(self):
        self.assertIsInstance(cevalry.explain(add), str)
        self.assertIsInstance(cevalry.explain(add.__code__), str)
        self.assertIsInstance(cevalry.explain(self.test_explain), str)


class Stubs(unittest.TestCase):
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())

    def functions(self):
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef) and not any(
                isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list
            ):
                yield node

    def test_names(self):
        listed = next(
            [element.value for element in node.value.elts]
            for node in self.tree.body
            if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
        )
        self.assertEqual(listed, cevalry.__all__)
        defined = {node.name for node in self.tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        for name in cevalry.__all__:
            self.assertIn(name, defined)
            self.assertTrue(hasattr(cevalry, name))

    def test_parameters(self):
        for node in self.functions():
            with self.subTest(function=node.name):
                actual = inspect.signature(getattr(cevalry, node.name)).parameters
                self.assertEqual([argument.arg for argument in node.args.args], list(actual))

    def test_docstrings(self):
        for name in cevalry.__all__:
            self.assertTrue(getattr(cevalry, name).__doc__, name)

    def test_marker(self):
        self.assertTrue((PACKAGE / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
