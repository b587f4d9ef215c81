"""Closures: cells that are read, written, deleted, shared and unset."""
from support import mixed, show, warm


def counter(start):
    def step(by=1):
        nonlocal start
        start += by
        return start

    return step


def shared():
    value = 0

    def get():
        return value

    def put(new):
        nonlocal value
        value = new

    seen = [get()]
    for turn in range(5):
        put(turn * 1.5)
        seen.append(get())
        value += 1
        seen.append(get())
    return seen


def unset(flag):
    def inner():
        return late

    if flag:
        late = "set"
    try:
        return inner()
    except NameError as error:
        return type(error).__name__, str(error)


def deleted():
    value = 1

    def inner():
        return value

    before = inner()
    del value
    try:
        inner()
    except NameError as error:
        message = str(error)
    try:
        return value
    except NameError as error:
        return before, message, str(error)


def delete_inside():
    value = 1

    def remove():
        nonlocal value
        del value

    remove()
    try:
        remove()
    except NameError as error:
        return str(error)


def loop_variables():
    made = []
    for index in range(4):
        made.append(lambda: index)
    return [f() for f in made], [(lambda index=index: index)() for index in range(3)]


def argument_cells(a, b=2, *rest, c=3, **more):
    def inner():
        return a, b, rest, c, more

    a = a * 2
    return inner()


def nested(a):
    def first(b):
        def second(c):
            nonlocal a
            a += b
            return a, b, c

        return second

    return first


def recursive(n):
    def factorial(k):
        return 1 if k < 2 else k * factorial(k - 1)

    return factorial(n)


def comprehension_cells(n):
    return [lambda: i for i in range(n)][0](), [[j for j in range(i)] for i in range(n)], [(lambda: i + n)() for i in range(n)]


def accumulate(values):
    total = 0.0

    def add(x):
        nonlocal total
        total = total + x * 2.0
        return total

    return [add(value) for value in values], total


def self_cell():
    class Node:
        def make(self):
            return Node, __class__

    return Node().make() == (Node, Node)


step = counter(10)
warm(step, 1, times=20)
print(step(0.5), step(2**70))
warm(shared)
mixed(unset, (True,), (False,))
warm(deleted)
warm(delete_inside)
warm(loop_variables)
mixed(argument_cells, (1,), ("ab",), (1.5,))
show(argument_cells, 1, 2, 3, 4, c=5, d=6)
warm(lambda: nested(1)(2)(3))
warm(recursive, 8)
print(recursive(25))
warm(comprehension_cells, 4)
mixed(accumulate, ([1.0, 2.5],), ([1, 2],), ([2**1030],))
warm(self_cell)


def keeps_cell():
    step = counter(0)
    cell = step.__closure__[0]
    cell.cell_contents = 100
    first = step()
    del cell.cell_contents
    try:
        step()
    except NameError as error:
        return first, str(error)


warm(keeps_cell)


def defaults_and_annotations(x):
    def inner(a: int, b: str = "d", *, c: x = x, **more: None) -> float:
        return a, b, c

    return inner(1), inner.__defaults__, inner.__kwdefaults__, sorted(inner.__annotations__), inner.__qualname__


mixed(defaults_and_annotations, (1,), ("x",))
