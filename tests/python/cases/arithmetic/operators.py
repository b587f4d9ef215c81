"""Every binary, in-place and unary operator, over every built-in kind of operand."""
from support import outcome, warm


def inplace_add(a, b):
    a += b
    return a


def inplace_subtract(a, b):
    a -= b
    return a


def inplace_multiply(a, b):
    a *= b
    return a


def inplace_divide(a, b):
    a /= b
    return a


def inplace_floor(a, b):
    a //= b
    return a


def inplace_modulo(a, b):
    a %= b
    return a


def inplace_power(a, b):
    a **= b
    return a


def inplace_shift_left(a, b):
    a <<= b
    return a


def inplace_shift_right(a, b):
    a >>= b
    return a


def inplace_and(a, b):
    a &= b
    return a


def inplace_or(a, b):
    a |= b
    return a


def inplace_xor(a, b):
    a ^= b
    return a


def inplace_matrix(a, b):
    a @= b
    return a


def floor(a, b):
    return a // b


def modulo(a, b):
    return a % b


def power(a, b):
    return a**b


def shift_left(a, b):
    return a << b


def shift_right(a, b):
    return a >> b


def conjunction(a, b):
    return a & b


def disjunction(a, b):
    return a | b


def exclusive(a, b):
    return a ^ b


def matrix(a, b):
    return a @ b


def negative(a):
    return -a


def positive(a):
    return +a


def invert(a):
    return ~a


def negation(a):
    return not a


class Odd:
    """Answers every operator, in place and reflected too."""

    def __getattr__(self, name):
        raise AttributeError(name)


for name in ("add sub mul truediv floordiv mod pow lshift rshift and or xor matmul".split()):
    for prefix in ("", "r", "i"):
        spelled = "__%s%s__" % (prefix, name)
        setattr(Odd, spelled, lambda self, other, spelled=spelled: spelled)
for name in ("neg", "pos", "invert"):
    setattr(Odd, "__%s__" % name, lambda self, spelled=name: spelled)

BINARY = [inplace_add, inplace_subtract, inplace_multiply, inplace_divide, inplace_floor, inplace_modulo,
          inplace_power, inplace_shift_left, inplace_shift_right, inplace_and, inplace_or, inplace_xor,
          inplace_matrix, floor, modulo, power, shift_left, shift_right, conjunction, disjunction, exclusive, matrix]
VALUES = [7, -3, 0, 2.5, True, "ab", b"ab", [1], (1,), {1}, frozenset({2}), {1: 2}, None, 3j]

for function in BINARY:
    warm(function, 13, 5)
    for a in VALUES:
        for b in VALUES:
            a_copy = a.copy() if hasattr(a, "copy") else a
            print(function.__name__, repr(a), repr(b), outcome(function, a_copy, b).splitlines()[-1])
    print(function.__name__, outcome(function, Odd(), 1), outcome(function, 1, Odd()), outcome(function, Odd(), Odd()))
for function in (negative, positive, invert, negation):
    warm(function, 5)
    for value in VALUES + [Odd(), 2**30, -(2**63), 2**64, -0.0]:
        print(function.__name__, outcome(function, value).splitlines()[-1])
