"""Print smaller versions of a program, one JSON string a line, the boldest cuts first.

    python reduce.py PROGRAM
"""

import ast
import copy
import json
import sys

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


def put(tree, path, value):
    parent = find(tree, path[:-1])
    field, index = path[-1]
    if index is None:
        setattr(parent, field, value)
    else:
        getattr(parent, field)[index] = value


def without(tree, path, field, start, stop):
    tree = copy.deepcopy(tree)
    body = getattr(find(tree, path), field)
    del body[start:stop]
    if not body and field == "body" and path:
        body.append(ast.Pass())
    return tree


def cuts(tree):
    lists = sorted(places(tree), key=lambda place: len(place[0]))
    size = max((length for _, _, length in lists), default=0)
    while size >= 1:
        for path, field, length in lists:
            if length < size or size == 1 and length == 1 and isinstance(getattr(find(tree, path), field)[0], ast.Pass):
                continue
            for start in range(length - size, -1, -size):
                yield without(tree, path, field, start, start + size)
        size //= 2


def unwrapped(tree):
    """A compound statement replaced by what is in it."""
    for path, field, length in places(tree):
        if field in ("handlers", "cases"):
            continue
        for index in range(length):
            statement = getattr(find(tree, path), field)[index]
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                continue
            for inner in "body", "orelse", "finalbody":
                block = getattr(statement, inner, None)
                if isinstance(block, list) and block:
                    other = copy.deepcopy(tree)
                    getattr(find(other, path), field)[index : index + 1] = copy.deepcopy(block)
                    yield other


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
    for path, node in walk(tree, ()):
        if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            continue
        for value in simpler(node):
            other = copy.deepcopy(tree)
            put(other, path, copy.deepcopy(value))
            yield other


def main(path):
    with open(path, encoding="utf-8") as file:
        source = file.read()
    tree = ast.parse(source)
    whole = ast.unparse(tree)
    seen = {whole}
    if whole != source.rstrip("\n"):
        print(json.dumps(whole))
    for make in cuts, unwrapped, expressions:
        for other in make(tree):
            try:
                text = ast.unparse(ast.fix_missing_locations(other))
                compile(text, "<program>", "exec")
            except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError):
                continue
            if len(text) < len(whole) + 4 and text not in seen:
                seen.add(text)
                print(json.dumps(text))


if __name__ == "__main__":
    main(sys.argv[1])
