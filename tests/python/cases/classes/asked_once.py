"""What was found out of a class or an instance holds until other code runs, and no longer."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def first(self):
        return self.x

    def second(self):
        return self.y


class Other(Point):
    def first(self):
        return "other"


class Plotting:
    """Operators that change what the next instruction looks at."""

    def __init__(self, act):
        self.act = act

    def __add__(self, other):
        self.act()
        return other


def dot(a, b):
    return a.x * b.x + a.y * b.y + a.x * a.y


def between(p, plot):
    before = p.x, p.first()
    plot + 1
    after = p.x, p.first(), p.second()
    return before, after


def nothing(*_):
    pass


def run(act, count=120):
    p = Point(1.5, 2.5)
    quiet = Plotting(nothing)
    for i in range(count):
        dot(p, p)
        between(p, quiet)
    q = Point(3.5, 4.5)
    return between(q, Plotting(lambda: act(q))), dot(p, q)


def other_class(q):
    q.__class__ = Other


def other_method(q):
    Point.second = lambda self: "changed"


def own_method(q):
    q.first = lambda: "own"


def own_dict(q):
    q.__dict__ = {"x": 9.25, "y": 1}


def no_value(q):
    q.__dict__["x"] = 8.25


def property_of_class(q):
    Point.x = property(lambda self: 7.25)


def shown(act):
    try:
        return run(act)
    except TypeError as error:
        return str(error)


for act in nothing, other_class, own_method, own_dict, no_value, other_method, property_of_class:
    print(act.__name__, shown(act))


class Slot:
    def __init__(self, v):
        self.v = v


class Dropping:
    """What goes away where an attribute is overwritten changes the class."""

    def __del__(self):
        Slot.v = 17 if self.late else Slot.__dict__.get("v", 0)

    late = False


def overwritten(s, v):
    a = s.v
    s.v = v
    b = s.v
    s.v = a
    return b, s.v


def overwriting(count):
    s = Slot(1)
    for i in range(count):
        r = overwritten(s, i)
    d = Dropping()
    d.late = True
    s.v = d
    del d
    out = [r]
    t = Slot(2)
    t.v = s.v
    s.v = None
    out.append(overwritten(s, 3))
    t.v = 4
    out.append((overwritten(s, 5), Slot.v, t.v))
    return out


print(overwriting(120))
state = {}


def names(count):
    """Globals that a call changes."""
    total = 0
    for i in range(count):
        total += value + twice(value) + value
        if i == count - 1:
            change()
            total += value * 1000 + twice(value)
    return total


def twice(x):
    return x + x


def change():
    globals()["value"] = 3
    globals()["twice"] = lambda x: -x


value = 1
print(names(150))


def branches(items):
    total = 0
    for p in items:
        if p.x > 2:
            total += p.x + p.y
        else:
            total -= p.y
        total += p.x
    return total


del Point.x
few = [Slot(0) for _ in range(3)]
for i, s in enumerate(few):
    s.x, s.y = i + 1, i * 0.5
print([branches(few) for _ in range(60)][-1])
few[1].__dict__ = {"x": 9, "y": 8}
print(branches(few), branches(few))
