"""Functions whose bytecode is broken at random, each run in a process of its own.

    python -m broken FIRST LAST [--compiled] [--odd N]

prints a line for each seed: what was broken, how the process ended, and what the calls gave. Broken
code may read what stands in memory by chance. `--odd` makes that another thing, and lets every call
meet code that has not been specialised.
"""

import argparse
import json
import opcode
import os
import random
import re
import resource
import signal

CALLS = 12
SECONDS = 4
MEMORY = 3 << 30


def arithmetic(a, b):
    total = 0
    for index in range(a):
        total += index * b
        if index % 3 == 1:
            total -= 1
        elif index > 4 and total != 3:
            total ^= 5
    return total, a // 2 if a else None


def floats(n):
    x = 0.5
    while n > 0:
        x = x * 1.5 + n
        n -= 1
        if x > 1e3:
            x /= 7.0
    return x


def containers(n):
    values = [1, 2, 3, n]
    table = {"a": 1, "b": values}
    a, b, *rest = values
    values[0] = values[1]
    table["c"] = {a, b}
    del table["a"]
    return [value + 1 for value in values], table, rest, values[1:3], f"{a}{b!r:>4}", (*values, n)


class Manager:
    def __enter__(self):
        return 5

    def __exit__(self, *rest):
        return True


def exceptions(n):
    found = []
    for index in range(3):
        try:
            try:
                if index == 1:
                    raise ValueError(n)
                [][n]
            except IndexError as error:
                found.append(type(error))
            finally:
                found.append(index)
        except ValueError:
            found.append("value")
            continue
    with Manager() as entered:
        found.append(entered)
        raise KeyError
    return found


class Box:
    def __init__(self, value):
        self.value = value

    def get(self, more=1):
        return self.value + more


def objects(n):
    box = Box(n)
    box.value += 1
    box.other = box.get
    return box.get(), box.get(more=3), box.other(2), isinstance(box, Box), len([n]), max(n, 2, key=abs)


def closures(n):
    kept = n

    def inner(x, y=2, *rest, z=3, **more):
        nonlocal kept
        kept += x
        return kept, y, rest, z, more

    return inner(1), inner(1, 2, 3, z=4, w=5), inner(*[1, 2]), inner(**{"x": 3})


def generators(n):
    def count(m):
        while m:
            got = yield m
            if got:
                m = got
            m -= 1
        return 7

    def outer():
        result = yield from count(n)
        yield result

    generator = outer()
    found = [next(generator), generator.send(2)]
    found.extend(generator)
    return found, list(x * 2 for x in count(n)), sorted({k: k for k in count(3)})


def matching(n):
    found = []
    for subject in [1, "a", [1, 2, n], {"k": n}, Box(n), None, (1,)]:
        match subject:
            case 1 | 2:
                found.append("int")
            case str(text):
                found.append(text)
            case [a, b, *rest]:
                found.append((a, b, rest))
            case {"k": value}:
                found.append(value)
            case Box(value=value):
                found.append(value)
            case None:
                found.append(None)
            case _:
                found.append("other")
    return found


def names(n):
    global made
    made = n
    from math import floor

    x = made + floor(2.5)
    del made
    assert floor is not None, "no"
    try:
        return x, made
    except NameError as error:
        return x, str(error), not x, -x, ~x, x is None, x in (1, 5), x if x else n


CALLED = (
    (arithmetic, (7, 3)),
    (floats, (5,)),
    (containers, (4,)),
    (exceptions, (3,)),
    (objects, (4,)),
    (closures, (3,)),
    (generators, (4,)),
    (matching, (3,)),
    (names, (3,)),
)


def is_code(thing):
    return hasattr(thing, "co_code")


def nested(code):
    yield code
    for thing in filter(is_code, code.co_consts):
        yield from nested(thing)


def rebuilt(code, change):
    """The code with `change` made to it and all code inside it."""
    inside = tuple(rebuilt(thing, change) if is_code(thing) else thing for thing in code.co_consts)
    return change(code, code if inside == code.co_consts else code.replace(co_consts=inside))


def flip(chance, code):
    raw = bytearray(code.co_code)
    for _ in range(chance.choice((1, 1, 2))):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return code.replace(co_code=bytes(raw))


def argument(chance, code):
    raw = bytearray(code.co_code)
    raw[chance.randrange(len(raw)) | 1] = chance.choice((0, 1, 2, 3, 5, 50, 255, chance.randrange(256)))
    return code.replace(co_code=bytes(raw))


def operation(chance, code):
    raw = bytearray(code.co_code)
    raw[chance.randrange(len(raw)) & ~1] = chance.randrange(256)
    return code.replace(co_code=bytes(raw))


def swap(chance, code):
    raw = bytearray(code.co_code)
    one, other = (chance.randrange(len(raw)) & ~1 for _ in range(2))
    raw[one : one + 2], raw[other : other + 2] = raw[other : other + 2], raw[one : one + 2]
    return code.replace(co_code=bytes(raw))


def cut(chance, code):
    """Not without a return: what stands behind the code is there by chance."""
    end = bytes((opcode.opmap["RETURN_VALUE"], 0))
    return code.replace(co_code=code.co_code[: chance.randrange(len(code.co_code)) & ~1] + end)


def fewer_constants(chance, code):
    return code.replace(co_consts=code.co_consts[: chance.randrange(len(code.co_consts) + 1)])


def fewer_names(chance, code):
    return code.replace(co_names=code.co_names[: chance.randrange(len(code.co_names) + 1)])


def scribbled(chance, data):
    data = bytearray(data or bytes(chance.randrange(9)))
    for _ in range(chance.choice((1, 2, 3)) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.2 else data)


def exception_table(chance, code):
    return code.replace(co_exceptiontable=scribbled(chance, code.co_exceptiontable))


def line_table(chance, code):
    return code.replace(co_linetable=scribbled(chance, code.co_linetable))


def flags(chance, code):
    return code.replace(co_flags=code.co_flags ^ 1 << chance.randrange(12))


def parameters(chance, code):
    count = chance.randrange(len(code.co_varnames) + 1)
    return code.replace(co_argcount=count, co_kwonlyargcount=chance.randrange(2), co_posonlyargcount=0)


def fewer_cells(chance, code):
    return code.replace(co_freevars=code.co_freevars[:-1], co_cellvars=code.co_cellvars[:-1])


def small_stack(chance, code):
    """Where functions are called, frames would lie over the stack: not for those that call any."""
    if code.co_name not in ("arithmetic", "floats"):
        return flip(chance, code)
    return code.replace(co_stacksize=chance.randrange(code.co_stacksize + 1))


KINDS = (flip,) * 5 + (argument,) * 4 + (operation,) * 3 + (exception_table,) * 2
KINDS += (swap, cut, fewer_constants, fewer_names, line_table, flags, parameters, fewer_cells, small_stack)


def asks_for_more(code):
    """Whether an instruction names a local that is not there: its slot is one of the stack."""
    count = len({*code.co_varnames, *code.co_cellvars}) + len(code.co_freevars)
    two = ("LOAD_FAST_LOAD_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST")
    extended = 0
    for number, low in zip(code.co_code[::2], code.co_code[1::2]):
        oparg = extended << 8 | low
        extended = oparg if number == opcode.EXTENDED_ARG else 0
        if opcode.opname[number] in two:
            largest = max(oparg >> 4, oparg & 15)
        elif number in opcode.haslocal or number in opcode.hasfree:
            largest = oparg
        else:
            continue
        if largest >= count:
            return True
    return False


def broken(chance, code):
    """What was done to the code or to some code in it, and the result."""
    target, kind = chance.choice(list(nested(code))), chance.choice(KINDS)
    try:
        result = rebuilt(code, lambda old, new: kind(chance, new) if old is target else new)
    except (ValueError, TypeError, SystemError):
        return kind.__name__, None
    return kind.__name__, None if any(map(asks_for_more, nested(result))) else result


def fill_memory(depth, things):
    """Leaves these objects in the memory of frames to come."""
    a, b, c, d, e, f, g, h = things
    if depth:
        fill_memory(depth - 1, things)
    return (lambda *arguments: None)(things, things, things, *things)


def call(function, arguments, code, odd):
    """What calls give, addresses left out."""
    seen = []
    things = list("abcdefgh") if odd == 1 else [[n] for n in range(8)]
    for _ in range(CALLS):
        function.__code__ = code
        if odd:
            fill_memory(8, things)
            function.__code__ = rebuilt(code, lambda _, new: new.replace())
        try:
            told = repr(function(*arguments))
        except BaseException as error:
            told = "%s: %s" % (type(error).__name__, error)
        seen.append(re.sub("0x[0-9a-f]+", "0x", told)[:300])
    return seen


def run(chance, compiled, odd):
    """Breaks a function and calls it. Gives what is to be told of it."""
    function, arguments = chance.choice(CALLED)
    kind, code = broken(chance, function.__code__)
    yield {"kind": "%s of %s" % (kind, function.__name__)}
    if code is None:
        return
    if compiled:
        import cevalry

        cevalry.enable(threshold=0)
    yield {"seen": call(function, arguments, code, odd)}


def in_a_child(seed, compiled, odd):
    """The line for a seed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.alarm(SECONDS)
        for told in run(random.Random(seed), compiled, odd):
            os.write(write, json.dumps(told).encode() + b"\n")
        os._exit(0)
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        lines = pipe.readlines()
    _, status = os.waitpid(child, 0)
    line = {"seed": seed, "status": status}
    for told in lines:
        # A process that ends in the middle of a line has told nothing.
        if told.endswith("\n"):
            line |= json.loads(told)
    return line


def main():
    options = argparse.ArgumentParser()
    options.add_argument("first", type=int)
    options.add_argument("last", type=int)
    options.add_argument("--compiled", action="store_true")
    options.add_argument("--odd", type=int, default=0)
    chosen = options.parse_args()
    import math  # One of the functions imports it.  # noqa: F401

    if chosen.compiled:
        import cevalry  # noqa: F401
    for seed in range(chosen.first, chosen.last):
        print(json.dumps(in_a_child(seed, chosen.compiled, chosen.odd)), flush=True)


if __name__ == "__main__":
    main()
