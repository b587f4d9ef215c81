"""Imports of every form, inside hot functions too."""
import importlib
import sys
import types

from support import mixed, warm


def plain():
    import math

    return math.floor(2.5)


def dotted():
    import os.path
    import xml.dom.minidom as dom

    return os.path.basename("a/b"), dom.__name__


def names():
    from collections import OrderedDict as Ordered, deque

    return Ordered.__name__, deque.__name__


def missing_module():
    import surely_not_there_at_all  # noqa: F401


def missing_name():
    from math import surely_not_there_at_all  # noqa: F401


def relative():
    from . import sibling  # noqa: F401


def submodule():
    from os import path

    return path is sys.modules["os.path"]


for function in (plain, dotted, names, missing_module, missing_name, relative, submodule):
    warm(function, times=40)


def fake(value):
    module = types.ModuleType("fake_module")
    module.value = value
    module.__all__ = ["value", "twice"]
    module.twice = value * 2
    sys.modules["fake_module"] = module
    import fake_module
    from fake_module import value as imported

    space = {}
    exec("from fake_module import *", space)
    del sys.modules["fake_module"]
    return fake_module.value, imported, space["twice"]


mixed(fake, (1,), ("a",), (1.5,))


def hooked():
    calls = []

    def hook(name, globals=None, locals=None, fromlist=(), level=0):
        calls.append((name, fromlist, level))
        return importlib.import_module(name)

    space = {"__builtins__": {"__import__": hook}}
    exec("import math\nfrom math import floor\nx = floor(3.5)", space)
    return calls, space["x"]


def no_import():
    exec("import math", {"__builtins__": {}})


warm(hooked, times=30)
warm(no_import, times=30)


def lazy_module():
    module = types.ModuleType("lazy")
    module.__getattr__ = lambda name: "lazy " + name
    sys.modules["lazy_module_here"] = module
    from lazy_module_here import anything

    del sys.modules["lazy_module_here"]
    return anything


warm(lazy_module, times=30)
