"""Exits that are taken again and again get code of their own: exceptions that are caught in the
frame or leave it, with numbers in locals and values on the stack, and returns from frames that
somebody holds an object of; and tools that are set while they do."""

import sys
import traceback


class Noisy:
    dropped = 0

    def __del__(self):
        Noisy.dropped += 1


def caught(turns):
    total, share = 0, 0.5
    for turn in range(turns):
        try:
            total += turn
            share *= 1.25
            raise ValueError(turn)
        except ValueError as error:
            total += error.args[0]
            share -= 1.0
    return total, share, turn


def deep(turns):
    """Values lie on the stack when it is raised; some of them stay."""
    seen = []
    for turn in range(turns):
        for letter in "ab":
            try:
                seen.append((turn, [letter, Noisy(), {}[letter]]))
            except KeyError as error:
                seen.append((turn, error.args))
    return seen[-4:], len(seen)


def thrower(value, base):
    doubled = value * 2
    if doubled >= base:
        raise LookupError(doubled, base)
    return doubled


def passing(value):
    kept = Noisy()
    return [kept, value, thrower(value, -1)]


def left(turns):
    """Frames in between are left."""
    lines = set()
    for turn in range(turns):
        try:
            passing(turn)
        except LookupError as error:
            walked = traceback.walk_tb(error.__traceback__)
            lines.add(tuple((frame.f_code.co_name, line) for frame, line in walked))
    return sorted(lines)


def finally_numbers(turns):
    """Handlers that are given the number of the instruction."""
    order = []
    for turn in range(turns):
        try:
            try:
                order.append(turn)
                1 // 0
            finally:
                order.append(-turn)
        except ZeroDivisionError as error:
            order.append(error.__traceback__.tb_lineno)
    return order[-6:], len(order)


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, tb):
        return kind is KeyError


def suppressed(turns):
    count = 0
    for turn in range(turns):
        with Manager() as manager:
            count += 1
            {}[manager]
        count += 1
    return count


def chained(turns):
    for turn in range(turns):
        try:
            try:
                raise KeyError(turn)
            except KeyError as error:
                raise ValueError(turn + 1) from error
        except ValueError as error:
            last = error
    return repr(last), repr(last.__cause__), repr(last.__context__)


def generated(turns):
    """A body that could be suspended raises, and is over."""

    def numbers(limit):
        for number in range(limit):
            try:
                yield number
                raise IndexError(number)
            except IndexError:
                number += 0.5
            yield number
        raise OverflowError(number)

    got = []
    for turn in range(turns):
        try:
            for number in numbers(3):
                got.append(number)
        except OverflowError as error:
            got.append(error.args)
    return got[-7:], len(got)


frames = []


def shown(value):
    frames[:] = [sys._getframe()]
    number = value * 3
    return number + 0.5


def caught_inside(value):
    try:
        [value, value + 1][value]
        return value
    except IndexError:
        number = value + 1000
    return number


def outlived(turns):
    """Returns from frames whose objects live on."""
    results = []
    for turn in range(turns):
        results.append(shown(turn))
        results.append(frames[0].f_locals["number"])
        results.append(caught_inside(turn))
    return results[-6:], sum(results)


def observed(run, turns):
    """A tool is set after the exits have their code, and taken away again."""
    events = []

    def trace(frame, event, arg):
        events.append((frame.f_code.co_name, event, frame.f_lineno))
        return trace

    run(turns)
    sys.settrace(trace)
    run(3)
    sys.settrace(None)
    result = run(turns)
    return result, len(events), events[-12:]


def set_inside(turns):
    """A tool is set and taken away between two exceptions of one frame."""
    events = []

    def trace(frame, event, arg):
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    for turn in range(turns):
        try:
            if turn == turns - 5:
                sys._getframe().f_trace = trace
                sys.settrace(trace)
            if turn == turns - 3:
                sys.settrace(None)
            raise TypeError(turn)
        except TypeError as error:
            kept = error.args
    return kept, events


def overwritten(turns):
    """Somebody writes locals of the frame while it raises."""

    def write(value):
        sys._getframe(1).f_locals["name"] = value
        raise NameError(value)

    name, seen = "first", []
    for turn in range(turns):
        try:
            seen.append((name, write("other %d" % turn)))
        except NameError as error:
            seen.append(error.args)
    return seen[-3:], len(seen)


for turns in 1, 2, 3, 40, 400:
    print(turns, caught(turns), deep(turns))
    print(left(turns), finally_numbers(turns), suppressed(turns))
    print(chained(turns), generated(turns), outlived(turns))
    print(Noisy.dropped)
for run in caught, left, finally_numbers, generated, outlived:
    print(run.__name__, observed(run, 60))
print(set_inside(60))
print(overwritten(60))
