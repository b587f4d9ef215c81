"""Values, exceptions and ends through chains of generators and coroutines that resume each other."""
import sys

from support import mixed


class Link:
    """One more level around an iterable."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        if self.inner:
            got = yield from self.inner
            yield "ended", got
        yield "own"
        return "result"


def chain(depth):
    link = None
    for _ in range(depth):
        link = Link(link)
    return list(link)


def passing(inner):
    """Hands on what is sent and what is thrown."""
    while True:
        try:
            result = yield from inner
        except KeyError as error:
            inner = (item for item in (str(error), sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]))
            continue
        return result, 1


def echo(sent=None):
    for _ in range(3):
        sent = yield sent, sys.exc_info()[0]
    return sent


def sends(depth, values):
    generator = echo()
    for _ in range(depth):
        generator = passing(generator)
    got = [next(generator)]
    try:
        for value in values:
            got.append(generator.throw(value) if isinstance(value, Exception) else generator.send(value))
    except StopIteration as stop:
        got.append(stop.value)
    except Exception as error:
        got.append((type(error), str(error)))
    got.append((generator.gi_frame is None, generator.gi_running, generator.gi_yieldfrom is None))
    return [item if not isinstance(item, KeyError) else "key" for item in got]


class Awaitable:
    def __init__(self, values):
        self.values = values

    def __await__(self):
        got = []
        for value in self.values:
            got.append((yield value))
        return got


async def waits(depth, values):
    if depth:
        return [depth, await waits(depth - 1, values)]
    return await Awaitable(values)


def run(depth, values):
    coroutine = waits(depth, values)
    given, sent = [], None
    while True:
        try:
            given.append(coroutine.send(sent))
        except StopIteration as stop:
            return given, stop.value
        sent = len(given)


def endless(depth):
    """The limit of recursion is met on the way down."""
    yield depth
    yield from endless(depth + 1)


def deepest():
    last = 0
    try:
        for last in endless(0):
            pass
    except RecursionError:
        return last > 100


def handled(generator):
    """A body does not see the exception that whoever resumes it handles longer than it runs."""
    seen = []
    for value in (1, 2):
        try:
            raise ValueError(value)
        except ValueError:
            seen.append(next(generator))
            seen.append(sys.exc_info()[1].args)
    return seen, sys.exc_info()[0]


def looks():
    while True:
        try:
            yield str(sys.exc_info()[1])
            raise TypeError("own")
        except TypeError:
            yield str(sys.exc_info()[1])


def again(generator):
    """One that runs cannot be resumed, and one that is over stays so."""
    itself = []

    def body():
        try:
            yield from itself[0]
        except ValueError as error:
            yield str(error)

    itself.append(body())
    return list(itself[0]), list(itself[0]), next(itself[0], "over"), list(generator)


def counts(items):
    """No reference is lost on the way."""
    item = object()
    before = sys.getrefcount(item), sys.getrefcount(None)
    for _ in range(300):
        for _ in passing(iter([item] * 3)):
            pass
        sends(3, [item, item, item])
    after = sys.getrefcount(item), sys.getrefcount(None)
    return [abs(a - b) > 20 for a, b in zip(after, before)]


mixed(chain, (1,), (4,), (12,))
mixed(sends, (0, [1, 2, 3]), (3, [1, 2, 3]), (3, [1, KeyError("k"), 2, 3]), (2, [ValueError("v")]), (5, [None, None]))
mixed(run, (0, "ab"), (5, "abc"), (2, ()))
mixed(handled, (looks(),), (passing(passing(looks())),))
mixed(again, (chain(2),), (iter(()),))
print(deepest(), counts(None))
