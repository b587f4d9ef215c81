"""Frames that are suspended: what they hold, who looks at them, and what happens to them meanwhile."""
import gc
import sys

from support import Noisy, mixed, show, warm


def collecting(n):
    held = [[]]
    held[0].append(held)
    for index in range(n):
        gc.collect()
        yield len(held), (yield index), [index, (gc.collect() >= 0), (yield held is not None)]


def collect_while_running():
    generator = collecting(3)
    return [item if not isinstance(item, tuple) else "tuple" for item in generator]


def unboxed(n):
    x, count = 0.25, 1
    while count < n:
        x = x * 2.0
        count = count * 3
        got = yield x + count
        if got is not None:
            x = got


def through_unboxed(change):
    generator = unboxed(3000)
    seen = [next(generator)]
    seen.append(generator.send(change))
    return seen + list(generator)


def on_the_stack(values):
    for a in values:
        for b in values:
            print((a, (yield a), b, (yield b)), [(yield a * b)])


def send_to_stack(values):
    generator = on_the_stack(values)
    seen = [next(generator)]
    for turn in range(3 * len(values) ** 2):
        try:
            seen.append(generator.send(turn * 0.5))
        except StopIteration:
            seen.append("over")
    return seen


def changes_locals():
    def inner(n):
        x = n
        while True:
            x = x + 1
            yield x

    generator = inner(1)
    next(generator)
    frame = generator.gi_frame
    seen = [sorted(frame.f_locals.items()), frame.f_lineno - frame.f_code.co_firstlineno]
    if sys.version_info >= (3, 13):
        frame.f_locals["x"] = 10.5
    seen.append(next(generator))
    seen.append(frame.f_locals["x"])
    del generator
    frame.clear()
    return seen


def traced_meanwhile():
    def inner():
        for index in range(4):
            yield index

    events = []

    def tracer(frame, event, arg):
        if frame.f_code is inner.__code__:
            events.append((event, frame.f_lineno - inner.__code__.co_firstlineno, arg))
            return tracer
        return None

    generator = inner()
    seen = [next(generator)]
    sys.settrace(tracer)
    try:
        seen.append(next(generator))
    finally:
        sys.settrace(None)
    seen.extend(generator)
    return seen, events


def dies_suspended(log):
    def inner():
        try:
            with_float = 1.5
            yield with_float
            yield with_float * 2
        finally:
            log.append("finally")

    generator = inner()
    next(generator)
    generator = None
    return log


def returns_held():
    def inner():
        thing = Noisy("local of a generator")
        yield 1
        return thing

    def outer():
        result = yield from inner()
        return repr(type(result).__name__)

    generator = outer()
    try:
        while True:
            next(generator)
    except StopIteration as stop:
        return stop.value


def drops_in_finalizer():
    generator = None
    seen = []

    class Looks:
        def __del__(self):
            try:
                seen.append(("running", generator.gi_running, next(generator, "over")))
            except ValueError as error:
                seen.append(str(error))

    def inner():
        look = Looks()
        yield 1
        look = None
        yield 2
        look = Looks()

    generator = inner()
    seen.extend(generator)
    return seen


def raises_from_expression(values):
    return sum(1 / value for value in values)


def raises_below(depth):
    if depth == 0:
        yield 1
        raise KeyError(depth)
    yield from raises_below(depth - 1)


def many():
    generators = [unboxed(50) for _ in range(20)]
    total = 0.0
    for _ in range(3):
        for generator in generators:
            total += next(generator)
    return total


async def answer(n):
    return n


async def adds(n):
    total = 0
    for index in range(n):
        total += await answer(index)
    return total


class Ready:
    def __await__(self):
        return (yield "waiting")


async def waits(n):
    return [await Ready() for _ in range(n)]


def drive(coroutine):
    seen = []
    sent = None
    while True:
        try:
            seen.append(coroutine.send(sent))
        except StopIteration as stop:
            return seen, stop.value
        sent = len(seen) * 0.5


async def produce(n):
    for index in range(n):
        yield await answer(index)


async def consume(n):
    return [item async for item in produce(n)]


for function in (collect_while_running, changes_locals, traced_meanwhile, returns_held, drops_in_finalizer, many):
    warm(function, times=30)
mixed(through_unboxed, (1.5,), (2,), ("text",))
mixed(send_to_stack, ([1, 2],), ((0.5,),), ([],))
warm(lambda: dies_suspended([]), times=30)
mixed(raises_from_expression, ([1, 2.0],), ([1, 0],), (["a"],))
warm(lambda: list(raises_below(4)), times=30)
for coroutine in (adds, waits, consume):
    warm(lambda: drive(coroutine(4)), times=30)
show(lambda: sum(unboxed(10**6)))
