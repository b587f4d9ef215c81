"""What a frame and its tracebacks say after an exception was raised again: by `finally`, by `with`,
by a handler that did not match, and by a handler that lost its name."""
import sys

from support import warm


def told(error):
    """Each entry's line, and the line that its frame stands at."""
    entries = []
    trace = error.__traceback__
    while trace is not None:
        first = trace.tb_frame.f_code.co_firstlineno
        entries.append((trace.tb_lineno - first, trace.tb_frame.f_lineno - first))
        trace = trace.tb_next
    return entries[1:]


def finally_reraises():
    try:
        raise ValueError
    finally:
        found = 1
        found += 1


def handler_does_not_match():
    try:
        1 / 0

    except KeyError:
        pass
    except IndexError:
        pass


def named_handler_raises_again():
    try:
        {}["key"]
    except KeyError as error:

        raise


def nested_handlers():
    try:
        try:
            [][0]
        finally:
            found = 1

    finally:
        found = 2
    return found


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        return False


def with_block():
    with Manager():

        with Manager() as inner:
            found = 1

            1 / 0
            found = 2


def sees_itself():
    lines = []
    first = sys._getframe().f_code.co_firstlineno
    try:
        try:

            1 / 0
        finally:
            lines.append(sys._getframe().f_lineno - first)
    except ZeroDivisionError:
        lines.append(sys._getframe().f_lineno - first)
    return lines


def looked_at(function):
    def look():
        try:
            function()
        except Exception as error:
            return told(error)

    look.__name__ = function.__name__
    return look


for function in (finally_reraises, handler_does_not_match, named_handler_raises_again, nested_handlers, with_block):
    print(function.__name__)
    warm(looked_at(function))
warm(sees_itself)
