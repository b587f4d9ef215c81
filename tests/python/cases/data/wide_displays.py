"""More values waiting on the stack than there are registers, most of them outcomes of comparisons."""
from support import show, warm


def identities(a, b, c, d, e, f, row):
    return (a is b, c is d, e is f, a is row, b is c, d is e, f is row, a is c,
            row[0] is a, row[1] is b, row[2] is c, row[0] is b, row[1] is c)


def orders(a, b, c, d, row):
    return [a < b, c < d, a == d, b > a, c == b, a <= c, d >= c, row[0] < row[1], row[1] == row[2], row[2] < a,
            row[3] > b, row[0] == a]


def truths(a, b, c, d, row):
    return [not a, not b, a < c, not c, not d, a and b, row[0] is None, row[1] is not None, not row[2], not row[3],
            row[0] == a, not row, a is None, b is None, c is None]


def first(a, b):
    return True


def computed(i, x):
    b = i + 1
    c = i + 1
    row = [b, x, x, c]
    return [first(c, b), i is x, row is row[0], i < 3, c == b]


def contained(i, x):
    b = 1000 * i
    e = (i, x)
    f = [i, i * 2.0, x]
    g = 1000 * i
    row = [b, x, b, b]
    return [row is not f, g in row, row[0] == e, b, row[3] in row, f is not row[1], e in row]


def unboxed(i, f):
    a, b = i * 3, f * 0.5
    row = [i, f, a, b]
    return {"found": (i < a, f < b, b == row[3], a == row[2], row[0] is i, row[1] is f, i + 1 == a, f * 2.0 > b,
                      row[0] + 1 < a, row[1] - b > f, a, b, row[2] - a, row[3] * b, not a, not b)}


def flushed(a, b, c, d, e, f, i, row):
    return [a, b, c, d, e, f, row, first(a, b), a, b, c, d, e, f, a is b, c is d, i + 1 == row[0], row[0] < i, i * 3, a, b, c, d]


ITEMS = [object() for _ in range(6)]
warm(lambda: identities(*ITEMS, ITEMS))
for n in range(20):
    show(orders, n, 5, 3, n * 2, [1, 2, n, 4])
    show(orders, n * 0.5, 5.0, 3.5, n * 2.5, [1.0, 2.0, n * 0.25, 4.0])
    show(truths, n, 5, 3.5, n * 2.5, [1.0, 2.0, n * 0.25, 4.0])
    for x in None, 5, 2.5, "u":
        show(computed, n, x)
        show(contained, n, x)
        show(flushed, None, x, "a", 1, 2.5, (), n, [n, n * 2])
    show(unboxed, n, n * 1.5)
