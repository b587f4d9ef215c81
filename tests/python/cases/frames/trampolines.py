"""The interpreter runs functions through trampolines for perf while a program asks for them."""
# needs: 3.12
import os
import sys

MAP = "/tmp/perf-%d.map" % os.getpid()


def inner(x):
    return x + 1


def outer(x):
    return inner(x) + inner(x)


def count(n):
    for x in range(n):
        yield inner(x)


def turned_off_midway():
    sys.deactivate_stack_trampoline()
    off = sys.is_stack_trampoline_active()
    result = outer(1)
    try:
        sys.activate_stack_trampoline("nothing like it")
    except ValueError as error:
        print(error)
    result += later(2)
    sys.activate_stack_trampoline("perf")
    return off, result, sys.is_stack_trampoline_active(), last(3)


def later(x):
    return x * 2


def last(x):
    return x - 1


def before():
    return sum(outer(x) for x in range(50))


print(before(), sys.is_stack_trampoline_active())
try:
    sys.activate_stack_trampoline("perf")
except ValueError as error:
    # Not on every machine.
    print(error)
    sys.exit()
try:
    print(sys.is_stack_trampoline_active(), outer(1), list(count(3)))
    print(turned_off_midway())
    print(sys.is_stack_trampoline_active(), before())
    sys.deactivate_stack_trampoline()
    print(sys.is_stack_trampoline_active(), before())
    with open(MAP) as file:
        for line in file:
            name = line.split()[-1]
            if name.endswith(__file__):
                print(name.split(":")[2])
finally:
    if os.path.exists(MAP):
        os.remove(MAP)
