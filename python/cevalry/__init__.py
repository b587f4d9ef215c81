"""A just-in-time compiler for CPython, derived from CPython's own evaluation loop.

Run a program compiled with ``python -m cevalry script.py``, or switch the compiler on
from inside with ``enable()``. Functions that run often are then found and compiled by
themselves; everything else is left to the interpreter.
"""

import os as _os
import sys as _sys

try:
    import cevalry._cevalry as _cevalry
except ModuleNotFoundError as _error:
    if _error.name != "cevalry._cevalry":
        raise
    _version = "%d.%d.%d" % _sys.version_info[:3]
    raise ImportError(
        f"This build of Cevalry is for another release than Python {_version}: install the build for it."
    ) from None
from cevalry._cevalry import CompiledCode, compile, disable, is_enabled, stats

__all__ = [
    "CompiledCode",
    "compile",
    "disable",
    "disassemble",
    "enable",
    "explain",
    "is_enabled",
    "jit",
    "set_code_limit",
    "stats",
]


def _from_environment(name, default):
    text = _os.environ.get(name, "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None


def _whole_number(value, name):
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value.bit_length() > 63:
        raise ValueError(f"{name} must be nearer to 0 than {value}")
    return value


def enable(threshold=None):
    """Find and compile hot code from now on.

    *threshold* is how many samples (about one each millisecond) must meet a function before
    it is compiled. 0 compiles everything at first sight. Without it, the environment
    variable ``CEVALRY_THRESHOLD`` counts, and then a default chosen by measuring.
    """
    if threshold is None:
        threshold = _from_environment("CEVALRY_THRESHOLD", _cevalry.DEFAULT_THRESHOLD)
    _cevalry.enable(_whole_number(threshold, "threshold"))


def jit(function):
    """Decorator: compile this function at its next call, without waiting until it is hot.

    The function comes back unchanged otherwise. What cannot be compiled stays with the
    interpreter; ``explain`` tells why.
    """
    try:
        compile(function)
    except ValueError:
        pass
    return function


def explain(function):
    """Tell for each instruction as which template and member it was compiled, or why not."""
    lines = []
    last = None
    for offset, line, opcode, outcome in _cevalry.explain(function):
        shown = f"{line:5}" if line is not None and line != last else " " * 5
        last = line
        lines.append(f"{shown} {offset:5} {opcode:<30} {outcome}".rstrip())
    return "\n".join(lines)


def disassemble(function, *, hot=False):
    """Show the machine code of a function between its source lines, bytecode and templates.

    With *hot*, only the longest of its innermost loops, without the code that runs rarely.
    ValueError if nothing of it was compiled.
    """
    from cevalry import _listing

    code, blocks = _cevalry.disassemble(function)
    return _listing.disassemble(code, blocks, hot)


def set_code_limit(limit):
    """Limit the bytes of machine code. At the limit compiling stops, and the program runs on.

    The environment variable ``CEVALRY_MAX_CODE`` sets the limit before the program starts.
    """
    _cevalry.set_code_limit(_whole_number(limit, "limit"))


_max_code = _from_environment("CEVALRY_MAX_CODE", None)
if _max_code is not None:
    _cevalry.set_code_limit(_whole_number(_max_code, "CEVALRY_MAX_CODE"))
