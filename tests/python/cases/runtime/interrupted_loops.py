"""Exceptions from signals that come where a loop jumps back go to the handler that the interpreter finds."""
import signal
import traceback

SOON = 0.02


class Interrupt(Exception):
    pass


# Where a loop stands on one line, what it jumps back to may be the first instruction of a `try`.


def interrupt(number, frame):
    # It may come before the loop is reached.
    if frame.f_code in looping and frame.f_locals.get("n"):
        raise Interrupt(frame.f_lineno - frame.f_code.co_firstlineno)
    signal.setitimer(signal.ITIMER_REAL, SOON)


def first_in_try():
    n = 0
    try:
        while True: n = n % 1000 + 1
    except Interrupt as interrupt:
        return "caught", str(interrupt)


def behind_try():
    n = 0
    try:
        m = n
    except Interrupt as interrupt:
        return "caught by what is over", str(interrupt)
    while True: n = n % 1000 + 1


def second_in_try():
    n = 0
    try:
        m = 1
        while True: n = n % 1000 + m
    except Interrupt as interrupt:
        return "caught", str(interrupt)


def with_condition():
    n = 0
    try:
        while n < 1001:
            n = n % 1000 + 1
    except Interrupt as interrupt:
        return "caught", str(interrupt)


def in_finally():
    n = 0
    try:
        while True: n = n % 1000 + 1
    finally:
        print("finally", n > 0)


def nested():
    n = 0
    try:
        while True:
            try:
                while True: n = n % 1000 + 1
            except ValueError:
                return "the wrong one"
    except Interrupt as interrupt:
        return "caught", str(interrupt)


def over_items():
    n = 0
    try:
        for item in iter(int, 1):
            n = n % 1000 + 1
    except Interrupt as interrupt:
        return "caught", str(interrupt)


FUNCTIONS = [
    first_in_try, behind_try, second_in_try, with_condition, in_finally, nested, over_items,
]
looping = {function.__code__ for function in FUNCTIONS}
signal.signal(signal.SIGALRM, interrupt)
for function in FUNCTIONS:
    for _ in range(3):
        signal.setitimer(signal.ITIMER_REAL, SOON)
        try:
            print(function.__name__, function())
        except Interrupt as interrupt_:
            entry = traceback.extract_tb(interrupt_.__traceback__)[1]
            line = entry.lineno - function.__code__.co_firstlineno
            print(function.__name__, "not caught", interrupt_, line)
