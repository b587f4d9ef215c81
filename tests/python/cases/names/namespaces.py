"""exec and eval in odd namespaces, functions over other globals, and builtins that are replaced or missing."""
import builtins
import collections
import types

from support import describe, fresh, outcome, show, warm


class Logged(dict):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.log = []

    def __getitem__(self, key):
        self.log.append("get " + key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        self.log.append("set " + key)
        super().__setitem__(key, value)

    def __delitem__(self, key):
        self.log.append("delete " + key)
        super().__delitem__(key)


class Default(dict):
    def __missing__(self, key):
        if key.startswith("d_"):
            return key.upper()
        raise KeyError(key)


class Failing(dict):
    def __getitem__(self, key):
        if key == "bad":
            raise ValueError("asked for " + key)
        return super().__getitem__(key)


MODULE = compile("a = 1\nfor i in range(4):\n    a = a + i\nb = a * 2\ndel i\nc = len([a, b])", "<module>", "exec")
ASKS = compile("[d_one, d_two][n], len(d_three)", "<asks>", "eval")
NEEDS = compile("x = good\ny = bad", "<needs>", "exec")


def logged():
    space = Logged()
    exec(MODULE, {}, space)
    return space.log, dict(space)


def logged_globals():
    space = Logged()
    exec(MODULE, space)
    space.pop("__builtins__")
    return space.log, dict(space)


def defaults(n):
    return eval(ASKS, {}, Default(n=n))


def chained():
    space = collections.ChainMap({"first": 1}, {"second": 2})
    exec("third = first + second\nfirst = 10\ndel third", {}, space)
    return space.maps


def failing():
    exec(NEEDS, {}, Failing(good=1))


def not_a_mapping():
    exec(MODULE, {}, 5)


def class_body():
    class Meta(type):
        @classmethod
        def __prepare__(cls, name, bases):
            return Logged()

        def __new__(cls, name, bases, space):
            made = super().__new__(cls, name, bases, dict(space))
            made.log = list(space.log)
            return made

    class Local(metaclass=Meta):
        x = 1
        y = [x + n for n in range(2)]
        for z in range(2):
            x += z
        del z

    return Local.log, Local.x, Local.y


for function in (logged, logged_globals, chained, failing, not_a_mapping, class_body):
    warm(function, times=20)
for n in (0, 1, 2):
    warm(defaults, n, times=20)


def uses(values):
    return len(values), max(values), missing_name if len(values) > 3 else None  # noqa: F821


def over(space):
    return types.FunctionType(uses.__code__, space)


def own_builtins():
    """Functions whose builtins are not the module's."""
    own = {"len": lambda values: "own", "max": max}
    return outcome(over({"__builtins__": own}), [1, 2]), outcome(over({"__builtins__": {}}), [1])


def builtins_replaced():
    """The builtins of a module that are replaced: functions keep what they were made with."""
    space = {"__builtins__": builtins}
    exec("def work(values):\n    return len(values), abs(-1)", space)
    work, seen = space["work"], []
    for turn in range(30):
        seen.append(work([turn]))
    space["__builtins__"] = {"len": lambda values: "replaced", "abs": abs}
    seen.append(work([1]))
    exec("def again(values):\n    return len(values), abs(-1)", space)
    seen.append(space["again"]([1]))
    return seen[0], seen[-2:]


def builtin_shadowed():
    """A builtin that becomes a global in the middle, and goes away again."""
    space = {}
    exec("def work(values):\n    return len(values)", space)
    work, seen = space["work"], []
    for turn in range(40):
        if turn == 15:
            space["len"] = lambda values: "shadow"
        if turn == 20:
            space["len"] = lambda values: "other"
        if turn == 25:
            del space["len"]
        seen.append(work([turn]))
    return seen


def builtin_changed():
    seen = []
    old = builtins.max
    for turn in range(40):
        if turn == 20:
            builtins.max = lambda *values: "changed"
        if turn == 30:
            builtins.max = old
        seen.append(max(turn, 1))
    return seen


for function in (own_builtins, builtins_replaced, builtin_shadowed, builtin_changed):
    warm(fresh(function), times=10)


def code_replaced():
    def work(x, y=2):
        return x + y

    def other(x, y=2):
        return x * 10 + y

    def defaults(x, y=7):
        return x, y

    seen = []
    for turn in range(60):
        if turn == 20:
            work.__code__ = other.__code__
        if turn == 30:
            work.__defaults__ = (5,)
        if turn == 40:
            work.__code__ = defaults.__code__
        if turn == 50:
            work.__defaults__ = None
        seen.append(outcome(work, turn).splitlines()[-1])
    return seen


def replaces_itself():
    """A function whose code is replaced while it runs: the running call goes on."""
    def later(n):
        return "later"

    def work(n):
        total = 0
        for index in range(n):
            if index == 5:
                work.__code__ = later.__code__
            total += index
        return total

    return [work(10), work(10), work(3)]


def classes_change():
    class One:
        def run(self):
            return "one"

        value = property(lambda self: "property")

    class Two(One):
        def run(self):
            return "two"

    def call(thing):
        return thing.run(), thing.value

    thing, seen = One(), []
    for turn in range(80):
        if turn == 20:
            One.run = lambda self: "replaced"
        if turn == 30:
            thing.__class__ = Two
        if turn == 40:
            Two.run = staticmethod(lambda: "static")
        if turn == 50:
            del Two.run
        if turn == 60:
            One.value = 5
        if turn == 65:
            Two.__getattribute__ = lambda self, name: (lambda: name)
        if turn == 70:
            del Two.__getattribute__
            Two.__bases__ = (type("Base", (), {"run": lambda self: "based", "value": 6}),)
        seen.append(outcome(call, thing).splitlines()[-1])
    return seen


for function in (code_replaced, replaces_itself, classes_change):
    warm(function, times=10)
show(lambda: describe(eval("locals()", {"__builtins__": builtins}, {"a": 1.5})))
