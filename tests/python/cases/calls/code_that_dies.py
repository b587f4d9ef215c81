"""Functions that die after they were called from a place that goes on calling others: the code of the
next function may stand where that of the last one stood."""

BODIES = [
    "return a",
    "b = a; c = b; d = c; return d",
    "return [a for a in (a, a)]",
    "b = a + 1\n    return b * 2",
    "x = y = z = w = v = a\n    return x, y, z, w, v",
]


def make(body, parameters="a"):
    scope = {}
    exec(f"def made({parameters}):\n    {body}", scope)
    return scope["made"]


def call(function, argument):
    return function(argument)


def plain(a):
    return -a


class Holder:
    pass


def call_method(holder):
    return holder.get()


for turn in range(40):
    made = make(BODIES[turn % len(BODIES)])
    results = [call(made, turn + i) for i in range(4)]
    if turn < 5:
        print(results)
    assert results == [made(turn + i) for i in range(4)], (turn, results)
    del made


# Code of one size: one function gathers what the other takes as it is.
def call_again(function, argument):
    return function(argument)


for turn in range(60):
    made = make("return a", "*a" if turn % 3 else "a")
    results = [call_again(made, turn) for i in range(12)]
    assert results == [(turn,) if turn % 3 else turn] * 12, (turn, results)
    del made

# Another place of the same caller keeps working, and takes what looks alike.
print([call(plain, i) for i in range(4)])
print([call(function, 5) for function in (plain, make(BODIES[1]), plain, make(BODIES[0]))])

# A function that gets other code, at a place that has called it.
changing = make(BODIES[0])
print([call(changing, i) for i in range(4)])
changing.__code__ = make(BODIES[3]).__code__
print([call(changing, i) for i in range(4)])
changing.__code__ = make(BODIES[4]).__code__
print([call(changing, i) for i in range(4)])

# Methods of classes that die.
for turn in range(12):
    namespace = {}
    exec(f"def get(self):\n    {'x = ' * (turn % 4)}y = {turn}\n    return y", namespace)
    kind = type("Kind", (Holder,), {"get": namespace.pop("get")})
    holder = kind()
    assert [call_method(holder) for _ in range(4)] == [turn] * 4
    del kind, holder
print("methods done")


# The caller dies first.
def outer(n):
    def inner(x):
        return x + n

    return inner


inner = outer(3)
for turn in range(6):
    caller = make("return a(1), a(2)")
    assert [caller(inner) for _ in range(4)] == [(4, 5)] * 4
    del caller
del inner
print([outer(i)(1) for i in range(3)])
