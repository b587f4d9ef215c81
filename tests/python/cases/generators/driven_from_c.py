"""Generators and coroutines that C code resumes: what they give, how they end, what their locals hold."""

import sys
import threading


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone:", self.name)


def numbers(n):
    for x in range(n):
        yield x
    return n


def kinds(items):
    last = None
    for last in items:
        yield last
    yield type(last)


def parts(n):
    x = Noisy("first")
    for i in range(n):
        x = i * 0.5
        yield x
        x = i << 40
        yield x
        x = Noisy(i)
        yield i
        x = i & 3


def kept(n):
    """The number that was yielded last belongs to somebody else as well."""
    for x in range(300, 300 + n):
        yield x


def fails(n):
    for x in range(n):
        yield x
    raise ValueError(n)


def stops(n):
    for x in range(n):
        yield x
    raise StopIteration(n)


def itself():
    for x in range(3):
        try:
            next(me)
        except ValueError as error:
            print(error)
        yield x


def deep(n):
    if n:
        yield from deep(n - 1)
    yield n


def nested(n):
    if n == 0:
        yield 0
    else:
        for x in nested(n - 1):
            yield x + 1


async def one(n):
    return n


async def adds(n):
    total = 0
    for i in range(n):
        total += await one(i)
    return total


def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error), error.args, type(error.__cause__)


for turn in range(40):
    shown = turn in (0, 39)
    results = [
        sum(numbers(turn * 20)),
        list(kept(5)),
        max(x * x - 5 for x in range(turn, turn + 30)),
        any(x is None for x in range(turn)),
        tuple(-x for x in range(8)),
        sorted(numbers(5), key=lambda x: -x),
        dict(zip(numbers(3), kinds("ab"))),
        list(kinds([1, 2.5, 1 << 70, "s", None, True])),
        outcome(list, fails(3)),
        outcome(list, stops(3)),
        outcome(next, iter(stops(0))),
        list(map(list, [deep(4)])),
        set(nested(12)),
        run(adds(turn)),
        outcome(int.__add__, *numbers(2)),
        [*numbers(4)],
        "".join(str(x) for x in numbers(12)),
    ]
    if shown:
        print(results)

print(list(parts(3)))
me = itself()
print(list(me))

held = kept(4)
first = next(held)
second = next(held)
print(first, second, list(held), sys.getrefcount(first) == sys.getrefcount(second))


def endless():
    yield from endless()


print(outcome(list, endless())[0])
results = []
threads = [threading.Thread(target=lambda: results.append(sum(numbers(500)))) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(results)

left = numbers(10)
next(left)
del left
stopped = kinds([Noisy("in hand")])
next(stopped)
del stopped
print("end")
