"""greenlet, which switches native stacks: out of loops, calls, generators, callbacks of C functions and handlers."""
# packages: greenlet
import gc
import sys
import threading

import greenlet
from support import warm


def ping(n, other):
    total = 0.5
    for index in range(n):
        total = total * 0.5 + other.switch(index)
    return total


def pong(first):
    total, value = 0, first
    while True:
        total += value
        value = greenlet.getcurrent().parent.switch(total * 2)


def play(n):
    other = greenlet.greenlet(pong)
    return ping(n, other)


def deep(n, x):
    if n == 0:
        return greenlet.getcurrent().parent.switch(x)
    return deep(n - 1, x * 0.5) + n


def many(count, depth):
    """Greenlets that are all in the middle of a recursion; they go on in another order."""
    started = [greenlet.greenlet(deep) for _ in range(count)]
    first = [one.switch(depth, float(index)) for index, one in enumerate(started)]
    last = [one.switch(index * 10) for index, one in reversed(list(enumerate(started)))]
    return first[-1] * 2**depth, last[:3], all(one.dead for one in started)


def in_generators(n):
    def numbers():
        for index in range(n):
            yield greenlet.getcurrent().parent.switch(index) + 0.5

    def run():
        return [value for value in numbers()]

    one, seen = greenlet.greenlet(run), []
    value = one.switch()
    while not one.dead:
        seen.append(value)
        value = one.switch(value * 2)
    return seen, value


def in_callbacks(n):
    def key(value):
        greenlet.getcurrent().parent.switch(value)
        return -value

    one, seen = greenlet.greenlet(lambda: sorted(range(n), key=key)), []
    value = one.switch()
    while not one.dead:
        seen.append(value)
        value = one.switch()
    return seen, value


def in_handlers():
    def run():
        try:
            raise ValueError("inner")
        except ValueError as error:
            greenlet.getcurrent().parent.switch(str(error))
            return repr(sys.exc_info()[1]), str(error)

    one = greenlet.greenlet(run)
    try:
        raise KeyError("outer")
    except KeyError:
        first = one.switch()
        between = repr(sys.exc_info()[1])
        return first, between, one.switch(), repr(sys.exc_info()[1])


def thrown(n):
    def run():
        total = 0.5
        try:
            for index in range(n):
                total += greenlet.getcurrent().parent.switch(index)
        except ZeroDivisionError as error:
            return total, error.__traceback__.tb_frame.f_code.co_name
        finally:
            total = None

    one = greenlet.greenlet(run)
    one.switch()
    one.switch(2)
    return one.throw(ZeroDivisionError)


def dropped():
    """A greenlet that nobody goes back to ends with GreenletExit."""
    log = []

    def run():
        try:
            greenlet.getcurrent().parent.switch(1.5)
        except greenlet.GreenletExit:
            log.append("exit")
            raise
        finally:
            log.append("finally")

    one = greenlet.greenlet(run)
    log.append(one.switch())
    del one
    gc.collect()
    return log


def in_threads(count):
    results = []
    threads = [threading.Thread(target=lambda: results.append((play(20), many(5, 10)))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(results), len(set(map(repr, results)))


def frames():
    """What is seen of a suspended greenlet's stack."""
    one = greenlet.greenlet(deep)
    one.switch(4, 1.0)
    names, frame = [], one.gr_frame
    while frame is not None:
        names.append((frame.f_code.co_name, frame.f_locals.get("n"), frame.f_locals.get("x")))
        frame = frame.f_back
    one.switch(0)
    return names


def traced():
    log = []

    def trace(frame, event, argument):
        if frame.f_code.co_filename == __file__:
            log.append((event, frame.f_code.co_name))
        return trace

    sys.settrace(trace)
    result = play(2)
    sys.settrace(None)
    return result, log


warm(play, 20, times=40)
warm(many, 6, 30, times=20)
warm(in_generators, 6, times=40)
warm(in_callbacks, 6, times=40)
for function in (in_handlers, dropped, frames, traced):
    warm(function, times=30)
warm(thrown, 5, times=30)
print(in_threads(10))
print(many(100, 200)[2], play(1000))
