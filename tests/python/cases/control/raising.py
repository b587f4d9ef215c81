"""Functions that raise and go on: what was raised, its context and cause, and what is counted."""
import sys

from support import show, warm


class NotMade(Exception):
    def __new__(cls):
        return 5


class Fails(Exception):
    def __init__(self):
        raise OSError("cannot be made")


def forms(kind, value):
    """Catches each time, and goes on in the same call."""
    seen = []
    for turn in range(3):
        try:
            try:
                if kind == 0:
                    raise value
                if kind == 1:
                    raise value from None
                if kind == 2:
                    raise ValueError(turn) from value
                if kind == 3:
                    try:
                        raise KeyError(turn)
                    except KeyError:
                        raise
                if kind == 4:
                    raise
            finally:
                seen.append(turn)
        except BaseException as error:
            cause = type(error.__cause__).__name__
            context = type(error.__context__).__name__
            seen.append((type(error).__name__, error.args, cause, context, error.__suppress_context__))
    return seen


for kind in range(5):
    for value in (ValueError, ValueError("made"), NotMade, Fails, 5, None, int, KeyError(1)):
        if kind in (1, 2) and value is NotMade and sys.version_info < (3, 12):
            continue
        warm(forms, kind, value)


def deep(n):
    if n == 0:
        raise LookupError("bottom")
    try:
        deep(n - 1)
    except LookupError as error:
        raise RuntimeError(n) from error


def chain(n):
    try:
        deep(n)
    except RuntimeError as error:
        found = []
        while error is not None:
            found.append((type(error).__name__, error.args, error.__traceback__.tb_lineno))
            error = error.__cause__
        return found


warm(chain, 6)


def counted():
    """The exception is the caller's alone once it was caught."""
    error = ValueError("kept")
    for _ in range(100):
        try:
            raise error
        except ValueError:
            pass
        error.__traceback__ = None
    before = sys.getrefcount(error)
    for _ in range(100):
        try:
            raise RuntimeError from error
        except RuntimeError:
            pass
    return before, sys.getrefcount(error), sys.getrefcount(ValueError) > 0


warm(counted)
