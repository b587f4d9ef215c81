"""Floats that are made and freed by the hundred, one after the other and all at once, also while memory
is traced."""

import sys
import tracemalloc


def one_by_one(count):
    x, kept = 0.5, []
    for i in range(count):
        x = x * 1.5 - i
        kept.append(x)
        if i % 3:
            kept.pop()
        if x < -1e6:
            x = 0.25
    return sum(kept), len(kept)


def at_once(count):
    """More than the interpreter keeps for later."""
    total = 0.0
    for turn in range(count):
        many = [i * 0.5 + turn for i in range(250)]
        total += many[turn] - many[-1]
        del many
    return total


def as_keys(count):
    found = {}
    for i in range(count):
        key = (i % 7) * 0.5
        found[key] = found.get(key, 0.0) + key
    return found


class Kept(float):
    def __del__(self):
        Kept.gone += 1

    gone = 0


def derived(count):
    last = None
    for i in range(count):
        last = Kept(i * 0.25) + 1.0
        Kept(last)
    return last, type(last).__name__, Kept.gone


def traced(count):
    # What was free before is not known to who traces.
    kept = [i * 0.75 for i in range(150)]
    tracemalloc.start()
    made = [i * 0.125 for i in range(count)]
    seen = [tracemalloc.get_object_traceback(x) is not None for x in made]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return all(seen), len(seen), len(kept), size >= count * sys.getsizeof(1.5)


for turn in range(3):
    print(one_by_one(400), at_once(40), as_keys(150), derived(120), traced(300))
before = sys.getallocatedblocks()
for turn in range(5):
    one_by_one(400), at_once(10), as_keys(100), traced(200)
print(sys.getallocatedblocks() - before < 200)
