"""Threads: the same hot functions in several at once, locals per thread, and exceptions that end one."""
import queue
import sys
import threading


def work(n):
    total = 0
    for index in range(n):
        total += index * index % 7
    return total


def floats(n):
    x = 0.5
    for index in range(n):
        x = x * 0.999 + index * 0.001
    return x


class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def bump(self, n):
        for _ in range(n):
            with self.lock:
                self.value += 1


def run_all(targets):
    results = [None] * len(targets)

    def run(index, target):
        results[index] = target()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


sys.setswitchinterval(1e-4)
print(run_all([lambda: work(20_000)] * 6))
print(run_all([lambda: floats(20_000)] * 6))
counter = Counter()
run_all([lambda: counter.bump(2000)] * 5)
print(counter.value)


def producer(items, n):
    for index in range(n):
        items.put(index)
    items.put(None)


def consumer(items):
    found = []
    while True:
        item = items.get()
        if item is None:
            return sum(found), len(found)
        found.append(item)


items = queue.Queue(10)
print(run_all([lambda: producer(items, 500), lambda: consumer(items)]))
local = threading.local()


def use_local(value):
    local.value = value
    for _ in range(1000):
        local.value += 1
    return local.value


print(run_all([lambda value=value: use_local(value) for value in (1, 1.5, 2**62)]))


def fails():
    def hook(arguments):
        print("hook", arguments.exc_type.__name__, arguments.exc_value)

    threading.excepthook = hook
    thread = threading.Thread(target=lambda: work("a"))
    thread.start()
    thread.join()


fails()
for _ in range(60):
    thread = threading.Thread(target=work, args=(50,))
    thread.start()
    thread.join()
print("many short threads")


def spin(flag, begun):
    turns = 0
    while not flag:
        turns += 1
        if turns == 1:
            begun.append(turns)
    return turns > 0


flag, begun = [], []
thread_results = []
thread = threading.Thread(target=lambda: thread_results.append(spin(flag, begun)))
thread.start()
while not begun:
    pass
work(5000)
flag.append(1)
thread.join()
print(thread_results)
frames = {}
ready, done = threading.Event(), threading.Event()


def waits():
    secret = 42
    ready.set()
    done.wait()
    return secret


thread = threading.Thread(target=waits)
thread.start()
ready.wait()
frame = sys._current_frames()[thread.ident]
while frame and frame.f_code.co_name != "waits":
    frame = frame.f_back
print(frame.f_locals["secret"])
done.set()
thread.join()
