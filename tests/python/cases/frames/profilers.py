"""cProfile and profile: equal counts of calls, from the start, in the middle, in threads and through generators."""
import cProfile
import profile
import pstats
import threading


def leaf(x):
    return x + 1


def recursive(n):
    return 1 if n < 2 else recursive(n - 1) + recursive(n - 2)


def numbers(n):
    for index in range(n):
        yield leaf(index)


class Box:
    def __init__(self, value):
        self.value = value

    @property
    def double(self):
        return self.value * 2

    def __add__(self, other):
        return Box(self.value + other.value)


def fails(x):
    try:
        return 1 // x
    except ZeroDivisionError:
        return len([x])


def work(n):
    total = 0
    for index in range(n):
        total += leaf(index) + max(index, 3)
    total += sum(numbers(n)) + recursive(8)
    box = Box(1) + Box(2)
    kept = sorted(range(n), key=lambda value: -value)
    return total, box.double, [leaf(value) for value in kept], [fails(value) for value in (0, 1)]


def counts(profiler):
    stats = pstats.Stats(profiler).stats
    for (path, line, name), (primitive, calls, _, _, callers) in sorted(stats.items()):
        if path == __file__ or path == "~":
            inside = sorted((caller[2], value[0] if isinstance(value, tuple) else value) for caller, value in callers.items())
            print("   ", line, name.partition(" at 0x")[0], primitive, calls, inside)


def starts_in_the_middle(n):
    profiler = cProfile.Profile()
    total = 0
    for index in range(n):
        if index == 3:
            profiler.enable()
        total += leaf(index)
        if index == n - 3:
            profiler.disable()
        total += leaf(index)
    return total, profiler


for turn in range(60):
    work(5), starts_in_the_middle(10)
for turn in range(3):
    print("from the start", turn)
    profiler = cProfile.Profile()
    print(profiler.runcall(work, 10))
    counts(profiler)
    print("in the middle", turn)
    total, profiler = starts_in_the_middle(20)
    counts(profiler)
    print("without builtins", turn)
    profiler = cProfile.Profile(builtins=False)
    profiler.runcall(work, 10)
    counts(profiler)
print("written in Python")
profiler = profile.Profile()
profiler.runcall(work, 4)
counts(profiler)
threading.setprofile(lambda *event: None)
thread = threading.Thread(target=work, args=(5,))
thread.start()
thread.join()
threading.setprofile(None)
print(work(5))
