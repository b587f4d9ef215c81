"""Binary operators written in Python, at places that know the operands' classes: what may change between
two of them, and what happens where a method gives up."""

import sys


class Vector:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        if isinstance(other, Vector):
            return Vector(self.x + other.x)
        if other == 7:
            return NotImplemented
        return Vector(self.x + other)

    def __mul__(self, other):
        return self.x * other

    def __sub__(self, other):
        return NotImplemented

    def __truediv__(self, other):
        raise ZeroDivisionError(self.x)

    def __and__(self, other):
        return sys.getrefcount(self), sys.getrefcount(other), sys._getframe(1).f_lineno


class Heir(Vector):
    def __radd__(self, other):
        return "reflected"


class Other:
    def __radd__(self, other):
        return "other", type(other).__name__

    def __rsub__(self, other):
        return "minus", type(other).__name__


def add(left, right, count):
    result = None
    for _ in range(count):
        result = left + right
    return result


def show(value):
    return getattr(value, "x", value)


v = Vector(3)
for right in (Vector(4), 5, 2.5, Heir(6), Other(), Vector(1), True):
    print(show(add(v, right, 40)))
print(show(add(Heir(1), Vector(2), 40)), show(add(Heir(1), Heir(2), 40)))


def failing(left, right, count):
    seen = set()
    for _ in range(count):
        for operation in range(5):
            try:
                if operation == 0:
                    left + right
                elif operation == 1:
                    left - right
                elif operation == 2:
                    left / right
                elif operation == 3:
                    left += right
                else:
                    left -= right
            except (TypeError, ZeroDivisionError) as error:
                seen.add((operation, type(error).__name__, str(error)))
    return sorted(seen)


for right in (7, 7.0, Vector(1), "text", None):
    print(failing(Vector(3), right, 40))


def counted(left, right, count):
    return {left & right for _ in range(count)}


def unboxed(v, count):
    total = 0.0
    for i in range(count):
        x = i * 0.5
        total += v * x
        total += v * i
    return total


print(len(counted(Vector(1), Vector(2), 40)), unboxed(v, 60))


def changing(count):
    out = []
    left, right = Vector(1), Vector(2)
    for i in range(count):
        if i == 30:
            Vector.__add__ = lambda self, other: "other"
        if i == 35:
            Vector.__add__.__code__ = (lambda self, other: "code").__code__
        if i == 40:
            Vector.__radd__ = lambda self, other: "right"
            Vector.__add__ = lambda self, other: NotImplemented
        if i == 45:
            left.__class__ = Heir
        if i == 50:
            del Vector.__add__
        try:
            out.append(show(left + right))
        except TypeError as error:
            out.append(str(error))
    return out


print(changing(55))


class Deep:
    def __init__(self, depth):
        self.depth = depth

    def __add__(self, other):
        if self.depth:
            return 1 + (Deep(self.depth - 1) + other)
        return 0


print(Deep(20) + Deep(1), Deep(200) + 1)
try:
    Deep(10**6) + 1
except RecursionError:
    print("RecursionError")


class Later:
    def __add__(self, other):
        yield other


print([list(Later() + i) for i in range(40)][-1])
