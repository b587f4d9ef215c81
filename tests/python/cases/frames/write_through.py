"""Writing to the locals of a running function through `f_locals`, which is write-through since 3.13."""
# needs: 3.13
import signal
import sys

from support import mixed, warm


def set_in_caller(name, value):
    sys._getframe(1).f_locals[name] = value


def changes(value):
    x = 1
    set_in_caller("x", value)
    return x, type(x).__name__


def changes_in_loop(n):
    total = 0.0
    for index in range(n):
        total += 1.5
        if index == 3:
            set_in_caller("total", 100.0)
        if index == 5:
            set_in_caller("total", 7)
    return total


def cell(value):
    x = 1

    def get():
        return x

    set_in_caller("x", value)
    return x, get()


def unbound(flag):
    if flag:
        x = 1
    set_in_caller("x", "made")
    return x


def extra():
    set_in_caller("not_a_local", 5)
    return sys._getframe().f_locals["not_a_local"], "not_a_local" in locals()


def other_frame():
    x = 1
    frame = sys._getframe()

    def inner():
        frame.f_locals["x"] = "from inside"
        return 5

    y = inner()
    return x, y


mixed(changes, (5,), (2.5,), ("text",), (None,))
mixed(changes_in_loop, (10,), (4,), (2,))
mixed(cell, (5,), ("a",))
mixed(unbound, (False,), (True,))
warm(extra)
warm(other_frame)


class Writes:
    """When it dies, it writes a local of the function that let it go."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __del__(self):
        sys._getframe(1).f_locals[self.name] = self.value


def written_over_a_float():
    total = 0.5
    thing = Writes("total", 1000.0)
    total = total + 1.0
    thing = None
    return total, thing


def written_over_none():
    total = 0.5
    thing = Writes("total", [7])
    total = None
    thing = None
    return total, thing


def written_over_what_others_hold(n):
    thing = Writes("n", 7)
    n = n * 3
    kept = [n]
    thing = None
    return n, kept, thing


def waits():
    going = 1.5
    while going:
        going = going + 1.0 if going < 1e6 else 1.5
    return going


def stop(number, frame):
    # Elsewhere, and before the loop begins, it comes too early: the next one does it.
    if frame.f_code.co_name == "waits" and "going" in frame.f_locals:
        frame.f_locals["going"] = ""


def written_by_a_signal():
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    try:
        return waits()
    except TypeError:
        return ""
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


warm(written_over_a_float)
warm(written_over_none)
for value in 5, 2.5, 10**15:
    warm(written_over_what_others_hold, value)
signal.signal(signal.SIGALRM, stop)
warm(written_by_a_signal, times=5)
