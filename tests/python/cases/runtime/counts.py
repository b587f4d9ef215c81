"""Reference counts and blocks stay level, for operations of every kind, however they end."""
import sys

from support import outcome, steady


class Box:
    x = 1

    def __init__(self, value=None):
        self.value = value

    def get(self):
        return self.value

    @property
    def prop(self):
        return self.value


class Slots:
    __slots__ = ("a",)


thing = object()
box = Box(thing)
slots = Slots()
slots.a = thing
values = [thing, 1, 2.5, "text"]
pair = (thing, "b")
table = {"k": thing, 1: "one"}
big = 2**200
real = 1234.5


def arithmetic(a, b):
    return a + b, a * b - a, a / b, a // b, a % b, -a, a < b, a == b


def loops(items):
    found = []
    for item in items:
        found.append(item)
        if item is thing:
            continue
    for left, right in zip(items, items):
        found.append((left, right))
    return found


def attributes(box, slots):
    box.value = box.get()
    box.extra = box.prop
    del box.extra
    slots.a = slots.a
    return box.value, box.x, slots.a


def containers(values, pair, table):
    a, b = pair
    values[0] = values[0]
    table["k"] = table["k"]
    first, *rest = values
    return [*values, a], {b: a}, (a, *rest), values[1:], {**table}, {1, b}, values[-1], table[1], b in table, f"{a}{b!r}"


def calls(thing, pair):
    def inner(x, y=thing, *rest, **more):
        return x, y, rest, more

    return inner(thing), inner(1, 2, 3, k=4), inner(*pair), inner(**{"x": 1}), len(pair), isinstance(thing, object), str(1), Box(thing)


def failures(thing, table):
    found = []
    for attempt in (lambda: thing + 1, lambda: table["missing"], lambda: thing(), lambda: [][1], lambda: thing.missing, lambda: len(thing),
                    lambda: int("x"), lambda: Box(1, 2, 3), lambda: undefined, lambda: next(iter(())), lambda: -thing):  # noqa: F821
        try:
            attempt()
        except Exception as error:
            found.append(type(error).__name__)
    return found


def partly_built(thing):
    return [thing, thing, {"a": thing}, (thing, thing.missing)]


def argument_error(thing):
    return calls(thing, thing, thing)


def raises_in_loop(values):
    for value in values:
        for other in values:
            [value, other][5]


def generators(values):
    def inner():
        for value in values:
            got = yield value
            if got:
                return got

    generator = inner()
    next(generator)
    dropped = inner()
    next(dropped)
    del dropped
    try:
        generator.send(thing)
    except StopIteration as stop:
        return stop.value, list(inner()), sum(1 for value in values)


def unpack_errors(pair):
    a, b, c = pair


def closures(thing):
    kept = thing

    def inner():
        nonlocal kept
        kept = [kept]
        return kept

    return inner(), inner()


def with_blocks(thing):
    class Manager:
        def __enter__(self):
            return thing

        def __exit__(self, *rest):
            return True

    with Manager() as value:
        raise ValueError(value)
    return value


def classes(thing):
    class Local(Box):
        attribute = thing

        def get(self):
            return super().get()

    return Local(thing).get()


def matching(subject):
    match subject:
        case {"k": value, **rest}:
            return value, rest
        case [first, *rest]:
            return first, rest
        case Box(value=value):
            return value
    return None


def text(pair):
    result = ""
    for index in range(5):
        result += pair[1]
    return result, pair[1] + "c"


def exceptions(thing):
    try:
        try:
            raise ValueError(thing)
        except ValueError as error:
            raise KeyError(thing) from error
        finally:
            local = thing
    except KeyError as error:
        return local, error.args


def recursion(n, thing):
    return thing if n == 0 else recursion(n - 1, thing)


def floats(x, n):
    y = x
    for _ in range(n):
        y = y * 0.5 + x
        box.value = y
    box.value = thing
    return y


def sums(n):
    total = 0
    for index in range(n):
        total += index * 3
    return total


watch = (thing, box, slots, values, pair, table, big, real)
steady(arithmetic, big, 3, watch=watch)
steady(arithmetic, real, 2.0, watch=watch)
steady(arithmetic, 7, 3, watch=watch)
steady(arithmetic, real, thing, watch=watch)
for items in (values, tuple(values), range(5), table, "abc", thing):
    steady(loops, items, watch=watch)
steady(attributes, box, slots, watch=watch)
steady(attributes, thing, slots, watch=watch)
steady(containers, values, pair, table, watch=watch)
steady(containers, values, thing, table, watch=watch)
steady(calls, thing, pair, watch=watch)
steady(failures, thing, table, watch=watch)
steady(partly_built, thing, watch=watch)
steady(argument_error, thing, watch=watch)
steady(raises_in_loop, values, watch=watch)
steady(generators, values, watch=watch)
steady(unpack_errors, pair, watch=watch)
steady(closures, thing, watch=watch)
# A new class takes references to None out of the interpreter's type cache, as many as chance will have it.
steady(with_blocks, thing, watch=watch, common=())
steady(classes, thing, watch=watch, common=())
for subject in (table, values, pair, box, thing):
    steady(matching, subject, watch=watch)
steady(text, pair, watch=watch)
steady(exceptions, thing, watch=watch)
steady(recursion, 20, thing, watch=watch)
steady(floats, real, 10, watch=watch)
steady(sums, 50, watch=watch)
print(outcome(lambda: sys.getrefcount(thing) < 40))
