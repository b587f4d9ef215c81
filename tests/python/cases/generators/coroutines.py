"""Coroutines without and with asyncio: awaiting, cancelling, async with, async for, async comprehensions."""
import asyncio
import types

from support import mixed, show, warm


@types.coroutine
def pause(value):
    received = yield value
    return received


class Awaitable:
    def __await__(self):
        got = yield "from awaitable"
        return got


class BadAwaitable:
    def __await__(self):
        return 5


class IteratorAwaitable:
    def __await__(self):
        return iter([1, 2])


async def leaf(x):
    return x + 1


async def middle(x):
    return await leaf(x) + await leaf(x * 2)


async def pauses(x):
    first = await pause("one")
    second = await Awaitable()
    return first, second, await middle(x)


async def raises():
    try:
        await pause("before")
    except ValueError as error:
        return "caught", str(error)
    finally:
        await pause("in finally")


async def awaits(thing):
    return await thing


class Manager:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    async def __aenter__(self):
        self.log.append("enter")
        await pause("entering")
        return self

    async def __aexit__(self, kind, value, trace):
        self.log.append(("exit", kind and kind.__name__))
        await pause("exiting")
        return self.swallow


async def managed(log, error, swallow):
    async with Manager(log, swallow) as manager:
        log.append("body")
        if error:
            raise error
        return manager.swallow
    return "after"


class Counter:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.n == 0:
            raise StopAsyncIteration
        self.n -= 1
        await pause("next")
        return self.n


async def numbers(n):
    try:
        for index in range(n):
            received = yield index
            if received:
                yield "received", received
    finally:
        await pause("cleaning")


async def loops(source):
    found = []
    async for value in source:
        if value == 1:
            continue
        found.append(value)
    else:
        found.append("else")
    return found


async def comprehensions(n):
    return ([v async for v in numbers(n)], {v async for v in numbers(n) if v}, {v: await leaf(v) async for v in numbers(n)},
            [await leaf(v) for v in range(n)], [w async for v in numbers(n) async for w in numbers(v)],
            [v async for v in (x async for x in numbers(n))])


def drive(coroutine, *sent):
    """Run a coroutine by hand and tell everything it yields."""
    seen = []
    values = iter(sent)
    try:
        item = coroutine.send(None)
        while True:
            seen.append(item)
            value = next(values, None)
            item = coroutine.throw(value) if isinstance(value, BaseException) else coroutine.send(value)
    except StopIteration as stop:
        return seen, stop.value
    finally:
        coroutine.close()


warm(lambda: drive(leaf(1)))
warm(lambda: drive(middle(2.5)))
warm(lambda: drive(pauses(3), "a", "b"))
warm(lambda: drive(raises(), ValueError("v")))
warm(lambda: drive(raises(), KeyError("k")))
warm(lambda: drive(raises()))
for make in (lambda: leaf(1), Awaitable, BadAwaitable, IteratorAwaitable, lambda: 5, lambda: None, lambda: pause(1), lambda: [1]):
    warm(lambda: drive(awaits(make())), times=20)
warm(lambda: managed_run(None, False))
warm(lambda: managed_run(ValueError("e"), True))
warm(lambda: managed_run(ValueError("e"), False))


def managed_run(error, swallow):
    log = []
    try:
        return drive(managed(log, error, swallow)), log
    except ValueError as caught:
        return repr(caught), log


warm(lambda: managed_run(None, False))
warm(lambda: managed_run(ValueError("e"), True))
warm(lambda: managed_run(ValueError("e"), False))
for make in (lambda: Counter(3), lambda: numbers(3), lambda: 5, lambda: [1], lambda: numbers(0)):
    warm(lambda: drive(loops(make())), times=30)
warm(lambda: drive(comprehensions(3)))


def twice():
    coroutine = leaf(1)
    drive(coroutine)
    return drive(coroutine)


def await_running():
    async def inner():
        await coroutine

    coroutine = inner()
    drive(coroutine)


warm(twice, times=20)
warm(await_running, times=20)


def async_generator_protocol():
    async def run():
        generator = numbers(5)
        seen = [await generator.asend(None), await generator.asend("x"), await generator.__anext__()]
        try:
            await generator.athrow(KeyError("k"))
        except KeyError as error:
            seen.append(repr(error))
        other = numbers(3)
        seen.append(await other.__anext__())
        await other.aclose()
        try:
            await other.__anext__()
        except StopAsyncIteration:
            seen.append("stopped")
        return seen

    return drive(run())


warm(async_generator_protocol, times=40)


async def worker(name, queue, log):
    while True:
        item = await queue.get()
        if item is None:
            return name
        await asyncio.sleep(0)
        log.append((name, item))


async def scene():
    queue = asyncio.Queue()
    log = []
    workers = [asyncio.create_task(worker("w%d" % index, queue, log)) for index in range(3)]
    for index in range(12):
        await queue.put(index)
    for _ in workers:
        await queue.put(None)
    names = await asyncio.gather(*workers)
    slow = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    slow.cancel()
    try:
        await slow
    except asyncio.CancelledError:
        log.append("cancelled")
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    except asyncio.TimeoutError:
        log.append("timed out")
    return names, log


async def fails():
    await asyncio.gather(leaf(1), leaf("a"))


print(asyncio.run(scene()))
show(lambda: asyncio.run(fails()))


async def spread(depth):
    if depth == 0:
        await asyncio.sleep(0)
        return 1
    return sum(await asyncio.gather(*(spread(depth - 1) for _ in range(3))))


print(asyncio.run(spread(4)))


async def groups():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(leaf(1))
            group.create_task(awaits(leaf("a")))
    except* TypeError as error:
        found = len(error.exceptions)
    return found


print(asyncio.run(groups()))
mixed(lambda x: drive(middle(x)), (1,), ("a",), (1.5,), (2**64,))
