"""Local variables: unbound, deleted, rebound, and what they keep alive."""
import sys

from support import Noisy, mixed, show, warm


def maybe(flag):
    if flag:
        value = 1
    return value


def deletes(flag):
    value = 1
    if flag:
        del value
    value += 1
    return value


def delete_twice():
    value = 1
    del value
    del value


def loop_unset(values):
    for value in values:
        pass
    return value


def conditional_delete(n):
    found = []
    item = 0
    for index in range(n):
        if index % 3 == 0:
            del item
        try:
            found.append(item)
        except UnboundLocalError:
            found.append("unbound")
            item = index
    return found


def rebinding(x):
    y = x
    x = [x]
    z = x, y
    x = y = z = None
    return x, y, z


def types_change(n):
    value = 0
    found = []
    for index in range(n):
        found.append(value)
        if index == 2:
            value = 1.5
        elif index == 4:
            value = "text"
        elif index == 6:
            value = None
        elif value is not None:
            value = value + value
    return found


def lifetimes():
    first = Noisy("first")
    second = Noisy("second")
    first = second
    print("first rebound")
    del second
    print("second deleted, still held by first")
    first = 1
    print("first rebound again")
    third = Noisy("third")
    fourth = Noisy("fourth")
    return third


def temporaries():
    Noisy("unused")
    print("after unused")
    [Noisy("in a list"), Noisy("also")]
    print("after list")
    Noisy("called").__repr__()
    print("after call")
    return Noisy("a") is Noisy("b")


def argument_dies(x):
    x = None
    print("argument gone")


def loop_lifetimes():
    for name in "ab":
        value = Noisy(name)
        print("bound", name)
    print("loop over")


def exception_keeps():
    kept = Noisy("kept by the traceback")
    raise ValueError


def reference_counts(thing):
    here = thing
    again = [thing, thing]
    return sys.getrefcount(thing) - base, len(again), here is thing


mixed(maybe, (True,), (False,))
mixed(deletes, (False,), (True,))
warm(delete_twice)
mixed(loop_unset, ([1, 2],), ([],), ("",), (range(3),))
warm(conditional_delete, 8)
warm(rebinding, 1)
warm(rebinding, "x")
warm(types_change, 9)
warm(lifetimes, times=10)
warm(temporaries, times=10)
warm(lambda: argument_dies(Noisy("argument")), times=10)
warm(loop_lifetimes, times=10)
warm(lambda: show_exception(), times=5)
target = object()
base = sys.getrefcount(target)
warm(reference_counts, target)


def show_exception():
    try:
        exception_keeps()
    except ValueError:
        print("caught")
    print("released")


show(show_exception)


def locals_of(a, b):
    c = a + b
    first = dict(locals())
    d = c * 2
    second = sorted(locals())
    return first, second


mixed(locals_of, (1, 2), ("a", "b"), (1.5, 2))


def walrus(values):
    return [y for x in values if (y := x * 2) > 2], y


mixed(walrus, ([1, 2, 3],), ([1.5, 0.5],), (["a"],))


def star_assignment(a, *b):
    a, *b = b
    return a, b


show(star_assignment, 1, 2, 3)


def type_error_inside(a):
    x = y = a
    x += 1
    return x, y


mixed(type_error_inside, (1,), (2.5,), ("a",), ([1],))
