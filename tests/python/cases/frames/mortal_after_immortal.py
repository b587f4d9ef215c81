"""A local that held what lives forever when its function was compiled, and holds something else later."""

import sys

told = []


class Noisy:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Noisy({self.name})"

    def __del__(self):
        frame = sys._getframe().f_back
        if frame is None or frame.f_code.co_name == "<module>":
            told.append((self.name, "outside"))
        else:
            held = sorted(item for item in frame.f_locals.items() if item[0] != "values")
            told.append((self.name, frame.f_lineno, held))


class Quiet:
    def __del__(self):
        told.append("quiet")


def assign(values):
    """Each assignment drops what the one before has left."""
    last = None
    for value in values:
        last = value
        value = None
    return last


def pair(values):
    """Both locals of one instruction are dropped, the first of which may show the frame."""
    a = b = None
    for one, two in values:
        a, b = one, two
        one = two = None
    return a, b


def leave(value):
    """What a return drops."""
    mine = value
    value = None
    return mine is None


for _ in range(20):
    assign([None, True, 1, None])
    pair([(None, 1), (True, 2)])
    leave(None)

assert assign(make() for make in [Quiet, Quiet, lambda: None, Quiet, lambda: 7]) == 7
print(told)
told.clear()

shared = [object() for _ in range(3)]
before = [sys.getrefcount(one) for one in shared]
for _ in range(50):
    assign(shared)
    pair(zip(shared, shared[1:]))
    leave(shared[0])
print([sys.getrefcount(one) - count for one, count in zip(shared, before)])

print(assign(make() for make in [lambda: Noisy("x"), lambda: None, lambda: 5]))
print(pair((Noisy(k), Noisy(-k)) if k % 2 else (k, None) for k in range(1, 5)))
print(leave(Noisy("left")), leave(Quiet()), leave(None))
for one in told:
    print(one)
