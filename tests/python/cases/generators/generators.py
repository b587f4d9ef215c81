"""Generators: iteration, send, throw, close, delegation, and what they hold when they are dropped."""
import sys

from support import Noisy, mixed, show, warm


def count(n):
    for index in range(n):
        yield index


def tree(depth):
    if depth:
        yield from tree(depth - 1)
        yield depth
        yield from tree(depth - 1)


def echo():
    received = None
    while True:
        received = yield received
        if received == "stop":
            return "stopped"


def guarded(log):
    try:
        while True:
            try:
                log.append((yield len(log)))
            except ValueError as error:
                log.append("caught " + str(error))
    except GeneratorExit:
        log.append("closed")
        raise
    finally:
        log.append("finally")


def delegating(inner):
    result = yield from inner
    yield "result", result


def consume(generator):
    return list(generator)


def loop(n):
    total = 0
    for value in count(n):
        total += value
    return total


def nested_loops(n):
    return [(a, b) for a in count(n) for b in count(a)]


def early_exit(n):
    for value in count(n):
        if value == 3:
            break
    else:
        return "all"
    return value


def expression(values):
    return sum(v * v for v in values), list(v for v in values if v), any(v > 1 for v in values), max(v for v in values)


def sending():
    generator = echo()
    seen = [next(generator), generator.send(1), generator.send("two"), generator.send(3.5)]
    try:
        generator.send("stop")
    except StopIteration as stop:
        seen.append(stop.value)
    try:
        next(generator)
    except StopIteration as stop:
        seen.append(stop.value)
    return seen


def throwing():
    log = []
    generator = guarded(log)
    next(generator)
    generator.send("sent")
    generator.throw(ValueError("thrown"))
    generator.throw(ValueError, "old style") if sys.version_info < (3, 12) else generator.throw(ValueError("old style"))
    generator.close()
    try:
        next(generator)
    except StopIteration:
        log.append("exhausted")
    return log


def throw_uncaught():
    generator = count(5)
    next(generator)
    generator.throw(KeyError("nobody"))


def throw_before_start():
    count(3).throw(KeyError("early"))


def send_before_start():
    echo().send(5)


def delegate_all():
    log = []
    generator = delegating(guarded(log))
    seen = [next(generator), generator.send("in"), generator.throw(ValueError("deep"))]
    generator.close()
    return seen, log


def delegate_to(values):
    generator = delegating(values)
    return list(generator)


class Sends:
    def __init__(self):
        self.log = []

    def __iter__(self):
        return self

    def __next__(self):
        self.log.append("next")
        if len(self.log) > 4:
            raise StopIteration("done")
        return len(self.log)

    def send(self, value):
        self.log.append(("send", value))
        return value

    def throw(self, *error):
        self.log.append("throw")
        raise error[0]

    def close(self):
        self.log.append("close")


def delegate_to_object():
    target = Sends()
    generator = delegating(target)
    seen = [next(generator), generator.send(5), generator.send(None)]
    try:
        generator.throw(ValueError("v"))
    except ValueError as error:
        seen.append(repr(error))
    other = Sends()
    generator = delegating(other)
    next(generator)
    generator.close()
    return seen, target.log, other.log


def reenter():
    def inner():
        yield next(generator)

    generator = inner()
    next(generator)


def stop_inside():
    def inner():
        yield 1
        raise StopIteration("inside")

    return list(inner())


def ignores_close():
    def inner():
        try:
            yield 1
        except GeneratorExit:
            yield 2

    generator = inner()
    next(generator)
    generator.close()


def return_in_finally():
    def inner():
        try:
            yield 1
        finally:
            return "swallowed"

    generator = inner()
    next(generator)
    try:
        generator.throw(ValueError)
    except StopIteration as stop:
        return stop.value


def dropped():
    def inner(thing):
        try:
            yield thing
        finally:
            print("generator dropped")

    generator = inner(Noisy("held"))
    next(generator)
    del generator
    print("after drop")
    unstarted = inner(Noisy("unstarted"))
    del unstarted
    print("after unstarted")


def exception_state():
    def inner():
        yield sys.exc_info()[0]
        try:
            raise KeyError
        except KeyError:
            yield sys.exc_info()[0]
        yield sys.exc_info()[0]

    seen = []
    try:
        raise ValueError
    except ValueError:
        for item in inner():
            seen.append(item and item.__name__)
            seen.append(sys.exc_info()[0].__name__)
    for item in inner():
        seen.append(item and item.__name__)
        seen.append(sys.exc_info()[0])
    return seen


def attributes():
    generator = count(3)
    seen = [generator.gi_running, generator.gi_frame.f_lineno - count.__code__.co_firstlineno, generator.gi_yieldfrom]
    next(generator)
    seen += [generator.gi_frame.f_lineno - count.__code__.co_firstlineno, sorted(generator.gi_frame.f_locals.items())]
    list(generator)
    return seen + [generator.gi_frame, generator.gi_running]


def primes():
    def integers(n):
        while True:
            yield n
            n += 1

    def sieve(source, prime):
        for value in source:
            if value % prime:
                yield value

    source = integers(2)
    found = []
    for _ in range(15):
        prime = next(source)
        found.append(prime)
        source = sieve(source, prime)
    return found


def floats(n):
    x = 0.5
    while n:
        x = x * 1.5 + 1.0
        yield x
        n -= 1


def lambdas():
    return list((lambda n: ((yield n), (yield n * 2)))(4))


for function in (sending, throwing, throw_uncaught, throw_before_start, send_before_start, delegate_all, delegate_to_object,
                 reenter, stop_inside, ignores_close, return_in_finally, exception_state, attributes, lambdas):
    warm(function, times=40)
warm(primes, times=5)
warm(dropped, times=10)
mixed(loop, (5,), (0,), (2.5,), (True,))
warm(lambda: consume(tree(4)))
warm(nested_loops, 4)
mixed(early_exit, (10,), (2,))
mixed(expression, ([1, 2, 0],), ((1.5, 0.5),), (["a"],), ([],))
for values in ([1, 2], (3,), "ab", range(2), {1: 2}, 5, None):
    warm(delegate_to, values, times=20)
warm(lambda: sum(floats(20)))
print(loop(3000), sum(floats(100)))


def running_average():
    total = 0.0
    n = 0
    average = None
    while True:
        value = yield average
        total += value
        n += 1
        average = total / n


def averages(values):
    generator = running_average()
    next(generator)
    return [generator.send(value) for value in values]


mixed(averages, ([1.0, 2.5],), ([1, 2, 2**70],), ([True],), (["a"],))
show(lambda: next(iter([])))


def deep_delegation(n):
    def level(k):
        if k == 0:
            yield "bottom"
            return "value"
        return (yield from level(k - 1))

    return list(level(n))


warm(deep_delegation, 5)
print(deep_delegation(200))
