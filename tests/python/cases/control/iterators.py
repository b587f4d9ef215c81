"""Loops over ranges, lists and tuples, and over what changes on the way."""
from support import mixed, warm


def add(values):
    total = 0
    for value in values:
        total += value
    return total


def nested(n, m):
    found = []
    for i in range(n):
        for j in range(i, m, 2):
            found.append(i * j)
        for k in (1, 2, n):
            found.append(k)
    return found


def pairs(rows):
    out = []
    for a, b in rows:
        out.append((b, a))
    return out


class Count:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Fails(Count):
    def __next__(self):
        if self.n == 1:
            raise ValueError("no more")
        return super().__next__()


RANGES = [range(5), range(0), range(10, 0, -3), range(-5, 5), range(2**62, 2**62 + 3), range(2**70, 2**70 + 2),
          range(-2**63, -2**63 + 2), range(2**63 - 3, 2**63 - 1), range(3, 3 + 7 * 2**60, 2**60)]
OTHERS = [[1, 2.5, 3], (1, 2, 3), [], (), {1, 2}, {3: 4}, iter([1, 2]), Count(4), Fails(4), [1, "x"], 5, "", None]
for values in RANGES + OTHERS:
    mixed(add, [(values,)] * 2)
for _ in range(3):
    mixed(add, [(values,) for values in RANGES + OTHERS])
warm(nested, 3, 7)
mixed(nested, [(0, 4), (5, 0), (4, 9)])
mixed(pairs, [([(1, 2), [3, 4]],), (((1, 2), "ab"),), ([(1, 2, 3)],), ([1],)] * 3)


def grow(values):
    seen = []
    for value in values:
        seen.append(value)
        if len(values) < 9:
            values.append(value + 1)
    return seen


def shrink(values):
    seen = []
    for value in values:
        seen.append(value)
        values.pop(0)
    return seen


def replace(values):
    """Items go while they are the loop's own."""
    seen = []
    for value in values:
        values[:] = [[value], [value]]
        seen.append(len(value))
        if len(seen) > 4:
            break
    return seen


def resume(iterator):
    """An iterator that is done stays so."""
    first = [value for value in iterator]
    second = [value for value in iterator]
    return first, second


def shared(values):
    iterator = iter(values)
    out = []
    for a in iterator:
        for b in iterator:
            out.append((a, b))
            break
    return out, list(iterator)


for _ in range(6):
    mixed(grow, [([1],), ([1, 2, 3],)])
    mixed(shrink, [(list(range(7)),)])
    mixed(replace, [([[], []],)])
    mixed(resume, [(iter([1, 2]),), (iter((1, 2)),), (iter(range(3)),)])
    mixed(shared, [([1, 2, 3],), ((1, 2, 3, 4),), (range(5),)])


def outlive():
    """The sequence lives only in the iterator."""
    return [str(value) for value in [object, int]] + [i for i in range(10**3, 10**3 + 3)]


warm(outlive)
