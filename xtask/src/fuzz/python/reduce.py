"""Print smaller versions of a program, the boldest cuts first: a line of JSON with number and text.

    python reduce.py PROGRAM START COUNT

The versions have numbers from 0 on; COUNT of them are tried from START on. Each is the tree itself,
changed in place while it is looked at, since copies of trees are slow.
"""

import ast
import itertools
import json
import sys
import warnings

BODIES = "body", "orelse", "finalbody", "handlers", "cases"
SIMPLE = (ast.Constant, ast.Name)


def places(tree):
    """Every list of statements, as a path from the root."""
    for path, node in walk(tree, ()):
        for field in BODIES:
            if isinstance(getattr(node, field, None), list):
                yield path, field, len(getattr(node, field))


def walk(node, path):
    yield path, node
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from walk(item, path + ((field, index),))
        elif isinstance(value, ast.AST):
            yield from walk(value, path + ((field, None),))


def find(tree, path):
    for field, index in path:
        tree = getattr(tree, field)
        if index is not None:
            tree = tree[index]
    return tree


def spliced(body, start, stop, new, root):
    """Make a change to a list of statements, and undo it when the caller comes back."""
    saved = body[:]
    body[start:stop] = new
    if not body and not root:
        body.append(ast.Pass())
    yield
    body[:] = saved


def cuts(tree):
    lists = sorted(places(tree), key=lambda place: len(place[0]))
    size = max((length for _, _, length in lists), default=0)
    while size >= 1:
        for path, field, length in lists:
            body = getattr(find(tree, path), field)
            if length < size or size == 1 and length == 1 and isinstance(body[0], ast.Pass):
                continue
            for start in range(length - size, -1, -size):
                yield from spliced(body, start, start + size, [], not path or field != "body")
        size //= 2


def unwrapped(tree):
    """A compound statement replaced by what is in it."""
    for path, field, length in list(places(tree)):
        if field in ("handlers", "cases"):
            continue
        body = getattr(find(tree, path), field)
        for index in range(length):
            statement = body[index]
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            for inner in "body", "orelse", "finalbody":
                block = getattr(statement, inner, None)
                if isinstance(block, list) and block:
                    yield from spliced(body, index, index + 1, block, False)


def simpler(node):
    """Simpler expressions in place of one."""
    if isinstance(node, ast.Constant):
        if type(node.value) is int and abs(node.value) > 1:
            yield ast.Constant(node.value // 2)
            yield ast.Constant(1)
        return
    if isinstance(node, ast.Name):
        yield ast.Constant(1)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not isinstance(child, ast.Starred):
            yield child
        elif isinstance(child, ast.comprehension):
            yield child.iter
    if isinstance(node, ast.Call) and (node.args or node.keywords):
        yield ast.Call(node.func, node.args[:-1] if not node.keywords else node.args, [])
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and len(node.elts) > 1:
        for index in range(len(node.elts)):
            yield type(node)(node.elts[:index] + node.elts[index + 1 :], *([node.ctx] if hasattr(node, "ctx") else []))
    yield ast.Constant(1)
    yield ast.Constant(None)


def expressions(tree):
    for path, node in list(walk(tree, ())):
        if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            continue
        parent = find(tree, path[:-1])
        field, index = path[-1]
        for value in simpler(node):
            if index is None:
                setattr(parent, field, value)
                yield
                setattr(parent, field, node)
            else:
                getattr(parent, field)[index] = value
                yield
                getattr(parent, field)[index] = node


def same(tree):
    yield


def main(path, start, count):
    warnings.simplefilter("ignore")
    with open(path, encoding="utf-8") as file:
        source = file.read()
    tree = ast.parse(source)
    whole = ast.unparse(tree)
    numbered = enumerate(itertools.chain(same(tree), cuts(tree), unwrapped(tree), expressions(tree)))
    for number, _ in itertools.islice(numbered, start, start + count):
        text = source
        try:
            text = ast.unparse(ast.fix_missing_locations(tree))
            compile(text, "<program>", "exec")
        except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError):
            text = source
        print(json.dumps([number, text if len(text) < len(whole) + 4 else source]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
