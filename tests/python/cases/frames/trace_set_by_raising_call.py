"""A call sets a trace function, for its caller too, and raises: the caller sees the exception, and is not entered anew."""
import sys

seen = []


def trace(frame, event, argument):
    if frame.f_code.co_filename == __file__:
        seen.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))
    return trace


def begins(on):
    if on:
        frame = sys._getframe(1)
        frame.f_trace = trace
        frame = frame.f_back
        frame.f_trace = trace
        del frame
        sys.settrace(trace)
    raise ValueError


def handles(on):
    total = 1
    try:
        total += begins(on)
    except ValueError:
        total += 2
    total += 3
    return total


def passes_on(on):
    total = 1
    total += begins(on)
    return total


def outer(function, on):
    try:
        result = function(on)
    except ValueError:
        result = "raised"
    return result


for turn in range(60):
    for function in handles, passes_on:
        outer(function, False)
for turn in range(3):
    for function in handles, passes_on:
        result = outer(function, True)
        sys.settrace(None)
        print(function.__name__, result, seen)
        seen.clear()
