"""Finalizers, weak references and garbage collection that run in the middle of hot code."""
import gc
import sys
import weakref

from support import Noisy, warm


class Mischief:
    """When it dies, it changes what the running code is working on."""

    def __init__(self, action):
        self.action = action

    def __del__(self):
        self.action()


def clears_list():
    values = [1, 2, 3]
    values.append(Mischief(values.clear))
    seen = []
    for value in values:
        seen.append(value if isinstance(value, int) else "mischief")
        if value == 3:
            values[3] = None
            value = None
    return seen, values


def changes_global():
    global setting
    setting = 1
    thing = Mischief(lambda: globals().__setitem__("setting", 2))
    before = setting
    thing = None
    return before, setting, thing


def changes_attribute():
    class Box:
        pass

    box = Box()
    box.x = 1
    box.y = Mischief(lambda: setattr(box, "x", "changed"))
    total = box.x
    box.y = None
    return total, box.x


def changes_method():
    class Box:
        def run(self):
            return "old"

    box = Box()
    seen = []
    for turn in range(3):
        thing = Mischief(lambda: setattr(Box, "run", lambda self: "new"))
        seen.append(box.run())
        thing = None
    return seen, thing


def raises():
    def fail():
        raise ValueError("in a finalizer")

    old, sys.unraisablehook = sys.unraisablehook, lambda problem: print("unraisable", problem.exc_value)
    try:
        thing = Mischief(fail)
        thing = 5
        return thing
    finally:
        sys.unraisablehook = old


def operand_dies_late():
    return Noisy("left").name + Noisy("right").name, len([Noisy("x")]), Noisy("index").name[0]


def weak():
    class Target:
        pass

    log = []
    target = Target()
    reference = weakref.ref(target, lambda _: log.append("dead"))
    log.append(reference() is target)
    other = target
    target = None
    log.append(reference() is other)
    other = None
    log.append(reference())
    return log


def cycles():
    class Node:
        def __init__(self, log):
            self.me = self
            self.log = log

        def __del__(self):
            self.log.append("collected")

    log = []
    for _ in range(3):
        Node(log)
    gc.collect()
    return log


def collecting(n):
    gc.set_threshold(10)
    try:
        found = []
        for index in range(n):
            cycle = [index]
            cycle.append(cycle)
            found.append((index, [index * 2.5], {"k": index}))
        return sum(len(item) for item in found), found[-1]
    finally:
        gc.set_threshold(700)


def callback_changes(n):
    log = []

    def callback(phase, info):
        if phase == "start":
            log.append(sys._getframe(1).f_code.co_name)

    gc.callbacks.append(callback)
    try:
        for index in range(n):
            gc.collect()
            log.append(index)
    finally:
        gc.callbacks.remove(callback)
    return log


def comparison_mutates():
    class Sneaky:
        def __eq__(self, other):
            values.clear()
            return False

        __hash__ = None

    values = [Sneaky(), 1, 2]
    return 5 in values, values


def key_mutates():
    class Key:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            table.clear()
            return False

    table = {}
    table[Key()] = 1
    table[Key()] = 2
    return len(table)


def index_mutates():
    class Index:
        def __index__(self):
            values.clear()
            return 0

    values = [1, 2]
    try:
        return values[Index()]
    except IndexError as error:
        return str(error)


def iterator_dies():
    class Items:
        def __init__(self):
            self.left = 2

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            self.left -= 1
            return self.left

        def __del__(self):
            print("iterator dies")

    found = [item for item in Items()]
    for item in Items():
        break
    print("after break")
    return found, item


for function in (clears_list, changes_global, changes_attribute, changes_method, raises, operand_dies_late, weak, cycles, comparison_mutates,
                 key_mutates, index_mutates, iterator_dies):
    warm(function, times=25)
warm(collecting, 30, times=10)
warm(callback_changes, 3, times=10)
