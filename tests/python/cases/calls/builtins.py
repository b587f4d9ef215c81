"""Calls of functions and methods written in C, in each calling convention, right and wrong."""
from support import mixed, show, warm


def length(x):
    return len(x)


def instance(x, kind):
    return isinstance(x, kind)


def kind_of(x):
    return type(x)


def to_str(x):
    return str(x)


def to_tuple(x):
    return tuple(x)


def to_int(x):
    return int(x)


def to_float(x):
    return float(x)


def to_list(x):
    return list(x)


def absolute(x):
    return abs(x)


def character(x):
    return chr(x)


def divide_modulo(a, b):
    return divmod(a, b)


def attribute(x, name):
    return getattr(x, name, "default")


def smallest(a, b):
    return min(a, b), max(a, b), min([a, b]), max((a, b), default=3)


def round_it(x, digits):
    return round(x), round(x, digits)


def total(values):
    return sum(values), sum(values, 1)


def order(values):
    return sorted(values), sorted(values, reverse=True), sorted(values, key=lambda v: -v)


def numbers(text):
    return int(text, 16), int(text, base=16)


def ranges(n):
    return range(n), range(1, n), range(0, n, 2), list(range(n))


def make(kind, *args):
    return kind(*args)


def nothing():
    return dict(), list(), str(), int(), object


def wrong_counts(f):
    found = []
    for attempt in (lambda: f(), lambda: f(1), lambda: f(1, 2), lambda: f(1, 2, 3, 4, 5), lambda: f(nope=1)):
        try:
            found.append(attempt())
        except TypeError as error:
            found.append(str(error))
    return found


class Sized:
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size


class Meta(type):
    def __instancecheck__(cls, instance):
        return instance == 5

    def __len__(cls):
        return 42


class Checked(metaclass=Meta):
    def __str__(self):
        return "Checked()"


class BadStr:
    def __str__(self):
        return 5


for value in ([1, 2], (1,), "abc", {1: 2}, {1}, b"ab", range(9)):
    mixed(length, (value,), ("other",), (5,), (Sized(3),), (Sized(-1),), (Sized("x"),), (Checked,), (None,))
mixed(instance, (1, int), (True, int), ("a", str), (1.5, (int, float)), (5, Checked), (6, Checked), (1, "int"), (1, int | str), (None, ()))
mixed(kind_of, (1,), ("a",), (None,), (Checked(),), (Checked,))
mixed(to_str, (1,), ("a",), (None,), (Checked(),), (BadStr(),), (1.5,), (b"x",), (10**30,))
mixed(to_tuple, ([1, 2],), ("ab",), ((1,),), (5,), (range(3),))
mixed(to_int, (1,), (2.7,), ("12",), ("x",), (None,), (True,), (1e300,), (float("nan"),))
mixed(to_float, (1,), (2.7,), ("1.5",), ("x",), (10**400,), ([],))
mixed(to_list, ((1, 2),), ("ab",), (5,), ({1: 2},))
mixed(absolute, (-1,), (2.5,), (-(2**63),), (3 + 4j,), ("a",), (True,), (-0.0,))
mixed(character, (65,), (0x1F600,), (-1,), ("a",), (1.5,))
mixed(divide_modulo, (7, 3), (-7, 3), (7.5, 2), (1, 0), ("a", 1))
mixed(attribute, ("a", "upper"), (1, "missing"), (1, 5), (Checked, "__name__"))
mixed(smallest, (1, 2), (1.5, 1), ("a", "b"), ("a", 1))
mixed(round_it, (2.5, 1), (7, -1), (1.005, 2), ("a", 1), (2.5, None))
mixed(total, ([1, 2],), ([1.5, 2],), (["a"],), ([],), (5,))
mixed(order, ([3, 1, 2],), ((2.5, 1),), (["a", 1],))
mixed(numbers, ("ff",), ("zz",), (5,))
mixed(ranges, (5,), (0,), (-3,), (2.5,))
mixed(make, (dict, [(1, 2)]), (set, "aab"), (bytes, 3), (complex, 1, 2), (slice, 1, 2), (int, "7"), (type, "T", (), {}), (enumerate, "ab"))
warm(nothing)
for f in (len, abs, isinstance, getattr, print, sorted, divmod, [].append, [].sort, "a".join, {}.get, {}.keys, int, str, dict):
    if f is not print:
        show(wrong_counts, f)


def list_methods(values):
    values = list(values)
    values.append(4)
    values.append(2)
    values.extend([9])
    values.insert(0, 7)
    values.remove(2)
    values.sort()
    values.reverse()
    popped = values.pop(), values.pop(0)
    return values, popped, values.index(4), values.count(4), values.copy(), values.clear()


def text_methods(text):
    return (text.upper(), text.split(), text.split("a", 1), text.join(["x", "y"]), text.replace("a", "b"), text.find("a"),
            text.startswith("a"), text.encode(), text.center(9, "*"), text.strip(), text.isdigit(), "{}-{x}".format(text, x=1),
            text.split(sep="a", maxsplit=1), text.encode(encoding="utf-8"), text.partition("a"))


def dict_methods(table):
    table = dict(table)
    return (table.get("a"), table.get("z", 0), table.setdefault("k", 5), list(table.keys()), list(table.values()),
            list(table.items()), table.pop("k"), table.pop("no", None), table.update(b=3), table.update({"c": 4}), table.copy(), table)


def missing_append(values):
    out = []
    for value in values:
        out.append(value)
    return out


class MyList(list):
    def append(self, value):
        super().append(("mine", value))


def append_to(target, value):
    target.append(value)
    return target


mixed(list_methods, ([1, 2],), ((5, 2, 8),), ("ab",))
mixed(text_methods, ("banana split",), ("",), ("\u1234a",), (5,))
mixed(dict_methods, ({"a": 1},), ([("b", 2)],), (5,))
mixed(missing_append, ([1, 2.5, "x"],), ("abc",), (range(300),))
mixed(lambda kind, value: append_to(kind(), value), (list, 1), (MyList, 2), (set, 3), (bytearray, 65))


def unbound(values):
    return list.append(values, 3), str.upper("x"), dict.fromkeys("ab", 0), int.from_bytes(b"\x01\x00", "big"), float.fromhex("0x1p3")


mixed(unbound, ([],), ((),))


def many_arguments():
    return max(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), print(1, 2, 3, sep="-", end="!\n", flush=True), "".join(str(i) for i in range(12))


warm(many_arguments, times=10)


def callbacks(values):
    return list(map(lambda v: v * 2, values)), list(filter(lambda v: v, values)), sorted(values, key=callback), max(values, key=callback)


def callback(value):
    return -value


mixed(callbacks, ([3, 0, 2],), ((1.5, 0.0),), ("ab",), ([],))
