"""The end of the process while functions are still in the middle: generators, threads, cycles, atexit."""
import atexit
import sys
import threading


def numbers(n):
    try:
        for index in range(n):
            yield index * 0.5
    finally:
        print("generator closed", total(3))


def total(n):
    found = 0.5
    for index in range(n):
        found += index
    return found


class Last:
    def __init__(self, name):
        self.name = name
        self.me = self

    def __del__(self):
        print("last", self.name, total(10) if total else None)


def spin():
    turns = 0.5
    while True:
        turns = turns * 0.5 + 1.0


def registered(name):
    print("atexit", name, total(5), next(suspended))


for turn in range(60):
    total(20)
suspended = numbers(10)
print(next(suspended), next(suspended))
cycle = Last("cycle")
kept = [Last("list")]
atexit.register(registered, "first")
atexit.register(registered, "second")
atexit.register(lambda: threading.Thread(target=total, args=(10,)) and print("threads", total(4)))
for _ in range(4):
    threading.Thread(target=spin, daemon=True).start()
sys.setswitchinterval(1e-4)


async def waits():
    try:
        await Never()
    finally:
        print("coroutine closed", total(2))


class Never:
    def __await__(self):
        yield


coroutine = waits()
coroutine.send(None)
print("end")
