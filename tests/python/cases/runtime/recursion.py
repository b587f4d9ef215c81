"""Recursion: RecursionError where the interpreter raises it, and very deep where it is allowed."""
# seconds: 120
import sys
import threading

from support import show, warm


def down(n):
    return 0 if n == 0 else 1 + down(n - 1)


class Walker:
    def walk(self, n):
        if n == 0:
            return []
        inner = self.walk(n - 1)
        inner.append(n)
        return inner


def mutual_a(n):
    return n if n <= 0 else mutual_b(n - 1)


def mutual_b(n):
    return n if n <= 0 else mutual_a(n - 1)


def generators(n):
    if n:
        yield from generators(n - 1)
    yield n


def endless(n):
    return endless(n + 1)


def how_deep():
    try:
        return how_deep() + 1
    except RecursionError:
        return 1


def caught_at_bottom(n):
    try:
        return caught_at_bottom(n + 1)
    except RecursionError as error:
        return str(error)[:32]


warm(down, 10)
warm(lambda: Walker().walk(5))
warm(lambda: mutual_a(20))
warm(lambda: list(generators(10)))
try:
    endless(0)
except RecursionError as error:
    print("RecursionError", error)
print(caught_at_bottom(0))
print(900 < how_deep() <= 1000)
print(down(500))
sys.setrecursionlimit(200)
try:
    down(500)
except RecursionError as error:
    print("RecursionError", error)
print(down(100))
sys.setrecursionlimit(1_000_000)
print(down(90_000))
print(len(Walker().walk(90_000)))
print(mutual_a(90_000))
print(sum(1 for _ in generators(300)))


def through_c(n):
    return 0 if n == 0 else max([through_c(n - 1) + 1])


warm(through_c, 5)
sys.setrecursionlimit(1000)
print(through_c(100))


def in_thread():
    results = []

    def run():
        sys.setrecursionlimit(100_000)
        results.append(down(20_000))
        results.append(len(Walker().walk(20_000)))

    threading.stack_size(256 * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    threading.stack_size(0)
    return results


print(in_thread())
sys.setrecursionlimit(1000)
show(lambda: caught_at_bottom(0))


def deepest():
    """How deep the main program's functions get: the command line is not counted."""
    depth = 0

    def deeper():
        nonlocal depth
        depth += 1
        deeper()

    try:
        deeper()
    except RecursionError as error:
        return depth, str(error)


for _ in range(3):
    print(deepest())
