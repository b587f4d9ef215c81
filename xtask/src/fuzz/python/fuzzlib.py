"""What random programs use: a log, odd types, and ways to look at values that never vary by chance."""

import gc
import math
import sys
import types

INF = float("inf")
NAN = float("nan")
MOST_LINES = 1500
MOST_COLLECTIONS = 5
MOST_TICKS = 3000

# Called before a function is driven, and in the middle of its calls.
start = midway = lambda: None

log = []
global_list = [1, 2, 3]
k_global = 1
ticks = 0
collections = 0

# The columns of a code object's instructions, by the table they are read from.
known_places = {}


class Oops(Exception):
    pass


class SubOops(Oops):
    pass


class OutOfFuel(RuntimeError):
    pass


def reset():
    """Forget the program before."""
    global ticks, collections, k_global
    ticks = collections = 0
    k_global = 1
    known_places.clear()
    global_list[:] = [1, 2, 3]
    leaf_grid.clear()
    for kind, attributes in CLASSES.items():
        for name, value in list(vars(kind).items()):
            if name not in attributes:
                delattr(kind, name)
            elif value is not attributes[name]:
                setattr(kind, name, attributes[name])
        for name in attributes.keys() - vars(kind).keys():
            setattr(kind, name, attributes[name])
    make_defaults()
    log.clear()


def note(line):
    if len(log) < MOST_LINES:
        log.append(line)


def tick():
    """Called by functions that may call themselves without end."""
    global ticks
    ticks += 1
    if ticks > MOST_TICKS:
        raise OutOfFuel("too many calls")


def collect():
    """A collection in the middle of things; they are slow, so a program may have a few."""
    global collections
    collections += 1
    if collections <= MOST_COLLECTIONS:
        gc.collect()


def cap(number):
    """Keep integers from growing without end."""
    if isinstance(number, int) and number.bit_length() > 200:
        return number % 1000000007
    return number


def total(values):
    return sum(value for value in values if type(value) is int)


def leaf_sum(a, b):
    return a + b * 2


def leaf_pick(a, b):
    return a if a < b else b


def leaf_swap(a, b):
    a, b = b, a
    return a - b


def leaf_between(a, b):
    if 0 <= a < b:
        return b - a
    return leaf_sum(a, b)


def leaf_same(x):
    return x


def leaf_second(a, b):
    return b


def leaf_twice(x):
    return leaf_same(x) + leaf_same(x)


def leaf_half(x):
    return 0.5


def leaf_word(x):
    return "a word of its own"


def leaf_item(values, i):
    return values[i]


class LeafGrid:
    def __init__(self):
        self.clear()

    def clear(self):
        self.w = 4
        self.values = [0.5] * 16

    def place(self, x, y):
        if 0 <= x < self.w:
            return y * self.w + x
        raise IndexError(x)

    def __getitem__(self, at):
        x, y = at
        return self.values[self.place(x, y)]

    def __setitem__(self, at, value):
        x, y = at
        self.values[self.place(x, y)] = value

    def width(self, more):
        return self.w + more


leaf_grid = LeafGrid()

SCALARS = (int, str, float, bytes, complex, bool, type(None), type(...), range)
NAMED = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.GeneratorType, types.CoroutineType)


def describe(value, depth=3):
    """A value with its exact type, without addresses, however deep it goes."""
    kind = type(value)
    if kind in SCALARS:
        if kind is int and value.bit_length() > 4000:
            return "int of %d bits, modulo %d" % (value.bit_length(), value % 1000000007)
        return repr(value)[:200]
    if depth == 0:
        return kind.__name__ + "…"
    if kind in (list, tuple, OddList):
        return "%s[%s]" % (kind.__name__, ", ".join([describe(item, depth - 1) for item in list(value)[:12]]))
    if kind in (set, frozenset):
        return "%s{%s}" % (kind.__name__, ", ".join(sorted(describe(item, depth - 1) for item in value)[:12]))
    if kind in (dict, OddDict):
        items = list(value.items())[:12]
        return "%s{%s}" % (kind.__name__, ", ".join([describe(k, depth - 1) + ": " + describe(v, depth - 1) for k, v in items]))
    if kind in NAMED:
        return "%s %s" % (kind.__name__, value.__qualname__)
    if isinstance(value, type):
        return "class " + type.__getattribute__(value, "__name__")
    if isinstance(value, BaseException):
        return "%s(%s)" % (kind.__name__, ", ".join([describe(item, depth - 1) for item in value.args]))
    if isinstance(value, (OddInt, OddFloat, OddStr)):
        base = int if isinstance(value, int) else float if isinstance(value, float) else str
        return "%s %s" % (kind.__name__, base.__repr__(value))
    if isinstance(value, Plain):
        try:
            state = object.__getattribute__(value, "__dict__")
        except AttributeError:
            state = {}
        rows = ["%s=%s" % (k, describe(v, depth - 1)) for k, v in list(state.items())[:12]]
        return "%s(%s)" % (kind.__name__, ", ".join(rows))
    return "%s object" % kind.__name__


def show(*values):
    note(" ".join([describe(value) for value in values]))


def print_to_log(*values, sep=" ", **rest):
    note(str(sep).join([describe(value) for value in values]) + describe(rest))


def global_note(value):
    global k_global
    k_global = value if type(value) is int and -5 < value < 5 else 1
    note("global " + describe(value))


def columns(code, lasti):
    """Where on its line an instruction stands. A call that runs may be at any of its cache units,
    which all have the same place. Python 3.11 itself tells either half of two joined instructions."""
    if sys.version_info < (3, 12):
        return "?"
    key = code.co_linetable, code.co_firstlineno
    places = known_places.get(key)
    if places is None:
        places = known_places[key] = ["%s-%s" % place[2:] for place in code.co_positions()]
    return places[lasti // 2]


def trace_lines(error):
    """The traceback of an exception: function and place in the source of each entry."""
    entries = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename != __file__:
            entries.append("%s:%d:%s" % (code.co_name, trace.tb_lineno, columns(code, trace.tb_lasti)))
        trace = trace.tb_next
    if sys.version_info < (3, 12) and isinstance(error, UnboundLocalError) and entries:
        entries[-1] = "(either half of two joined instructions)"
    if len(entries) > 12:
        entries[6:-6] = ["… about %d hundred …" % (len(entries) // 100)]
    return " ".join(entries)


def show_error(error, depth=0):
    """An exception with its traceback and what it came from."""
    try:
        text = str(error)[:160]
    except Exception as worse:
        text = "no text: " + type(worse).__name__
    note("%s! %s: %s @ %s" % ("  " * depth, type(error).__name__, text, trace_lines(error)))
    if depth < 4:
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                show_error(one, depth + 1)
        if error.__cause__ is not None:
            note("  " * depth + "cause")
            show_error(error.__cause__, depth + 1)
        elif error.__context__ is not None and not error.__suppress_context__:
            note("  " * depth + "context")
            show_error(error.__context__, depth + 1)


class Meta(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return "meta " + name


class Plain:
    """Every class of a program derives from this one or from `Slotted`."""

    count = 0
    pi, pf, px = 1, 0.5, None
    ps, pa = "s", (1, 2)

    def __init__(self, pi=1, pf=0.5, px=None):
        try:
            self.pi = pi
            self.pf = pf
        except AttributeError:
            pass

    def simple(self, i=1, *rest):
        return i + 1

    def one(self, x=None, *rest):
        return x

    def two(self, i=0, f=1.0):
        return f

    def many(self, i=2):
        yield i
        yield self.pi

    def wild(self, *args, **kw):
        return None

    def area(self):
        return self.pf * 2.0

    @property
    def prop(self):
        return self.pi

    @prop.setter
    def prop(self, value):
        self.px = value

    @classmethod
    def made(cls, pi=1):
        return cls(pi)

    @staticmethod
    def static(i=0):
        return i - 1

    def __repr__(self):
        return "<%s>" % type(self).__name__


class Slotted(Plain):
    __slots__ = ("pi", "pf", "px")


def prop_both(function):
    def setter(self, value):
        self.px = value

    return property(function, setter)


class OddInt(int):
    def __add__(self, other):
        return "OddInt+"

    def __rsub__(self, other):
        return OddInt(int(self) + 1)

    def __lt__(self, other):
        return "yes"

    def __bool__(self):
        return int(self) > 1


class OddFloat(float):
    def __mul__(self, other):
        return 1

    def __radd__(self, other):
        return "OddFloat+"


class OddStr(str):
    def __getitem__(self, index):
        return 5

    def __eq__(self, other):
        return NotImplemented

    __hash__ = str.__hash__


class OddList(list):
    def __getitem__(self, index):
        return list.__getitem__(self, index) if index else "first"

    def append(self, item):
        list.append(self, item)
        list.append(self, item)


class OddDict(dict):
    def __missing__(self, key):
        return "missing"


class Raises:
    """Raises at whatever is done with it."""

    def _raise(self, *rest):
        raise Oops("Raises")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __eq__ = __lt__ = __gt__ = _raise
    __bool__ = __len__ = __getitem__ = __setitem__ = __iter__ = __call__ = __hash__ = __index__ = _raise
    __neg__ = __contains__ = __enter__ = __iadd__ = __str__ = __format__ = _raise

    def __repr__(self):
        return "Raises()"


class BadBool:
    def __bool__(self):
        return 2

    def __repr__(self):
        return "BadBool()"


class BadEq:
    __hash__ = None

    def __eq__(self, other):
        return []

    def __ne__(self, other):
        return "unequal"

    def __repr__(self):
        return "BadEq()"


class Strange:
    """Operators that give something of another type every time."""

    def __init__(self, value):
        self.value = value
        self.turn = 0

    def _next(self, *rest):
        self.turn += 1
        return (self.value, 1.5, "s", None, NotImplemented, 2**70)[self.turn % 6]

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __truediv__ = __getitem__ = __iadd__ = _next
    __eq__ = __lt__ = __ge__ = __call__ = __index__ = __and__ = __neg__ = __len__ = _next
    __hash__ = object.__hash__

    def __repr__(self):
        return "Strange()"


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __repr__(self):
        return "Index()"


class Evil:
    """Does something behind the back of whoever uses it."""

    def __init__(self, action):
        self.action = action

    def _act(self, *rest):
        self.action()
        return 1

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __eq__ = __lt__ = __bool__ = __index__ = __hash__ = _act
    __getitem__ = __len__ = __call__ = __iadd__ = __rmul__ = _act

    def __repr__(self):
        return "Evil()"


class Noisy:
    """Says when it dies."""

    def __init__(self, name):
        self.name = name

    def __add__(self, other):
        return Noisy(self.name[:8] + "+")

    def __del__(self):
        note("dies " + str(self.name))

    def __repr__(self):
        return "Noisy(%s)" % self.name


class Cycle:
    def __init__(self, other):
        self.other = other
        self.me = self

    def __repr__(self):
        return "Cycle()"


class Returns:
    def __init__(self, value):
        self.value = value

    def __call__(self, *rest, **kw):
        return self.value

    def __repr__(self):
        return "Returns()"


class Broken:
    """An iterator that gives some values and then raises."""

    def __init__(self, good):
        self.left = good

    def __iter__(self):
        return self

    def __next__(self):
        if self.left <= 0:
            raise Oops("broken iterator")
        self.left -= 1
        return self.left

    def __repr__(self):
        return "Broken()"


class OldStyle:
    def __init__(self, size):
        self.size = size

    def __getitem__(self, index):
        if index >= self.size:
            raise IndexError(index)
        return index

    def __repr__(self):
        return "OldStyle()"


class Manager:
    """A context manager: swallows exceptions or not; raises on entry (1) or exit (2) or never."""

    def __init__(self, swallow, raise_at=None):
        self.swallow = swallow
        self.raise_at = raise_at

    def __enter__(self):
        if self.raise_at == 1:
            raise Oops("enter")
        return self

    def __exit__(self, kind, error, trace):
        note("exit %s" % (kind and kind.__name__))
        if self.raise_at == 2:
            raise Oops("exit")
        return self.swallow

    def __repr__(self):
        return "Manager()"


class closing_later:
    def __init__(self, value):
        self.value = value

    def __enter__(self):
        return self.value

    def __exit__(self, *rest):
        note("closed")


class AsyncManager:
    def __init__(self, swallow):
        self.swallow = swallow

    async def __aenter__(self):
        await Pause("enter")
        return 1

    async def __aexit__(self, kind, error, trace):
        await Pause("exit")
        return self.swallow


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        return (yield self.value)


async def async_range(stop):
    for index in range(stop):
        yield index
        await Pause(index)


def count_up(stop):
    for index in range(stop):
        yield index


def run(coroutine, turns):
    """Drive a coroutine to its end, or throw into it, or close it."""
    seen = []
    value = None
    if type(turns) is not int:
        turns = 1
    for turn in range(30):
        try:
            if turn == 3 and turns % 4 == 1:
                seen.append(coroutine.throw(Oops("thrown")))
            elif turn == 4 and turns % 4 == 2:
                coroutine.close()
                break
            else:
                seen.append(coroutine.send(value))
        except StopIteration as stop:
            seen.append(stop.value)
            break
        value = turn
    coroutine.close()
    return seen


def run_all(generator, turns):
    async def collect():
        return [value async for value in generator]

    return run(collect(), turns)


def consume(generator, turns):
    """Take from a generator in one of several ways."""
    way = turns % 6
    if way < 2:
        return list(generator)[:12]
    seen = []
    try:
        seen.append(next(generator))
        if way == 2:
            seen.append(generator.send(5))
        elif way == 3:
            seen.append(generator.throw(Oops("thrown")))
        elif way == 4:
            generator.close()
        for value in generator:
            seen.append(value)
    except StopIteration as stop:
        seen.append(stop.value)
    return seen[:12]


def line_of_caller():
    frame = sys._getframe(1)
    return frame.f_code.co_name, frame.f_lineno, columns(frame.f_code, frame.f_lasti)


def names_up_stack(levels):
    names = []
    frame = sys._getframe(1)
    while frame is not None and len(names) < levels:
        names.append("%s:%d" % (frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return names


def shadow(name, value):
    sys._getframe(1).f_globals[name] = value


def unshadow():
    for name in "len", "abs", "sum", "max":
        sys._getframe(1).f_globals.pop(name, None)


def swap_code(one, other):
    one.__code__, other.__code__ = other.__code__, one.__code__


default_int, default_float, default_str = 4, 2.5, "def"
default_tuple, default_any, default_iter, default_func = (1,), None, (7, 8), len


def make_defaults():
    """What programs may change, for each anew."""
    global default_list, default_dict, default_set, default_obj
    default_list, default_dict, default_set = [1], {"d": 1}, {1}
    default_obj = Plain()


make_defaults()

# What the classes that programs share are like before one of them changes them.
CLASSES = {kind: dict(vars(kind)) for kind in list(globals().values()) if type(kind) in (type, Meta)}
