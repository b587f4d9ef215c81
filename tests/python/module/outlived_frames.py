"""A function whose frame object exists stays in compiled code, and is not compiled again and again."""
import sys

import cevalry


def double(x):
    return x + x


def caught(keys, known):
    total = 0.5
    for key in keys:
        try:
            total += known[key]
        except KeyError:
            total += double(key)
        total += double(total) * 0.0
    return total


def fixed():
    sys._getframe()
    double(1)
    return None


def kept(made):
    half = 0.5
    made.append(sys._getframe())
    half = half * len(made)
    return double(half)


cevalry.enable(threshold=0)
made = []
turn = total = last = before = after = None  # A new global would make what is known of globals stale.
for turn in range(200):
    total = caught(range(10), {2: 1, 4: 1})
    fixed()
    last = kept(made)
    if turn == 100:
        before = cevalry.stats()
after = cevalry.stats()
cevalry.disable()

assert total == 0.5 + 2 + 2 * (0 + 1 + 3 + 5 + 6 + 7 + 8 + 9), total
assert last == 200.0, last
assert [frame.f_locals["half"] for frame in made] == [0.5 * n for n in range(1, 201)]
assert all(frame.f_back is None or frame.f_back.f_code is not frame.f_code for frame in made)
assert len({frame.f_lineno for frame in made}) == 1 and made[0].f_lineno == kept.__code__.co_firstlineno + 4
grown = {name: after[name] - before[name] for name in ("blocks", "code_bytes", "compile_seconds")}
assert not any(grown.values()), grown
assert after["exits"] == before["exits"], after["exits"]
