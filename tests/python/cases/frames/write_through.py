"""Writing to the locals of a running function through `f_locals`, which is write-through since 3.13."""
# needs: 3.13
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
