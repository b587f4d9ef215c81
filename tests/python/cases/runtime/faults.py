"""faulthandler and tracemalloc: the stacks that they show from C, and where objects were made."""
import faulthandler
import os
import re
import signal
import sys
import tempfile
import threading
import tracemalloc


def written(action, *arguments):
    with tempfile.TemporaryFile() as file:
        result = action(*arguments, file)
        file.seek(0)
        text = file.read().decode()
    text = re.sub(r'File ".*?([^/]*)"', r'File "\1"', text)
    return result, re.sub(r"0x[0-9a-f]+( \[\w+\])?", "0x", text)


def deep(n, file):
    if n:
        return 1 + deep(n - 1, file)
    faulthandler.dump_traceback(file, all_threads=False)
    return 0


def in_a_loop(n, file):
    total = 0.5
    for index in range(n):
        total += index
        if index == n - 2:
            faulthandler.dump_traceback(file, all_threads=False)
    return total


def signalled(n, file):
    faulthandler.register(signal.SIGUSR1, file, all_threads=False)
    total = 0
    for index in range(n):
        total += index
        if index == 3:
            os.kill(os.getpid(), signal.SIGUSR1)
    faulthandler.unregister(signal.SIGUSR1)
    return total


def generating(n, file):
    def numbers():
        for index in range(n):
            if index == n - 1:
                faulthandler.dump_traceback(file, all_threads=False)
            yield index

    return sum(numbers())


def of_a_thread(file):
    results = []
    thread = threading.Thread(target=lambda: results.append(deep(3, file)))
    thread.start()
    thread.join()
    return results


def late(file):
    """A stack written while a loop runs, whatever line it is at."""
    faulthandler.dump_traceback_later(0.02, file=file)
    turns = 0
    while not os.fstat(file.fileno()).st_size:
        turns += 1
    faulthandler.cancel_dump_traceback_later()
    return turns > 0


NULL = open(os.devnull, "w")
for turn in range(60):
    deep(5, NULL), in_a_loop(9, NULL), generating(5, NULL)
    signalled(9, NULL)
for turn in range(2):
    for action, arguments in ((deep, (5,)), (in_a_loop, (9,)), (generating, (5,)), (signalled, (9,)), (of_a_thread, ())):
        print(action.__name__, *written(action, *arguments))
    result, text = written(late)
    print("late", result, sorted(set(re.findall(r" in (\w+)", text)) - {"fstat"}))


def make(n):
    kept = []
    for index in range(n):
        kept.append([index])
        kept.append({"key": index})
        kept.append("text %d" % index)
        kept.append((index, kept[0]))
    return kept


def build(n):
    return [item for item in make(n)] + [Thing(n), bytes(100 + n)]


class Thing:
    def __init__(self, n):
        self.n = [n]


def places(values):
    found = {}
    for value in values:
        trace = tracemalloc.get_object_traceback(value)
        lines = trace and [frame.lineno - make.__code__.co_firstlineno for frame in trace][-2:]
        found.setdefault(type(value).__name__, []).append(lines)
    return {name: sorted(map(repr, set(map(tuple, filter(None, lines))))) for name, lines in found.items()}


for turn in range(60):
    build(3)
for depth in (1, 5):
    tracemalloc.start(depth)
    values = build(4)
    print(depth, places(values), places([values[-2].n]))
    before = tracemalloc.get_traced_memory()[0]
    kept = build(1000)
    grown = tracemalloc.get_traced_memory()[0] - before
    del kept
    print(grown > 200_000, abs(tracemalloc.get_traced_memory()[0] - before) < 20_000)
    tracemalloc.stop()
print(len(build(3)), sys.getrefcount(make) < 10)
