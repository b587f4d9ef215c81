"""Loops: over everything that iterates, nested, with else, break and continue, and changed on the way."""
from support import mixed, show, warm


def collect(values):
    found = []
    for value in values:
        found.append(value)
    return found


def with_else(values, stop):
    for value in values:
        if value == stop:
            break
    else:
        return "ran out"
    return "stopped at", value


def skip(values):
    kept = []
    for value in values:
        if not value:
            continue
        kept.append(value)
    return kept


def nested(n):
    total = 0
    for i in range(n):
        for j in range(i, n):
            if (i + j) % 3 == 0:
                continue
            if j > 7:
                break
            total += i * j
        else:
            total += 100
    return total


def counted(start, stop, step):
    return [index for index in range(start, stop, step)]


def last(values):
    for value in values:
        pass
    return value


def collatz(n):
    steps = 0
    while n != 1:
        if n % 2:
            n = 3 * n + 1
        else:
            n //= 2
        steps += 1
    else:
        steps += 1000
    return steps


def endless(n):
    while True:
        n -= 1
        if n < 0:
            break
        if n == 5:
            continue
    while 1:
        return n


class Iterator:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n <= 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Stops:
    def __iter__(self):
        return self

    def __next__(self):
        raise ValueError("broken iterator")


def generate(n):
    for index in range(n):
        yield index


ITERABLES = [lambda: [1, 0, 2], lambda: (1, 0, 2.5), lambda: range(3), lambda: range(5, -5, -3), lambda: range(0),
             lambda: range(2**62, 2**62 + 2), lambda: range(2**63 - 1, 2**63 + 1), lambda: range(-(2**63), -(2**63) + 2),
             lambda: "a\u1234", lambda: b"ab", lambda: {1: 2, 0: 4},
             lambda: {0}, lambda: {1: 2}.items(), lambda: enumerate("ab"), lambda: zip("ab", [0, 1]), lambda: map(str, [1]),
             lambda: reversed([1, 2]), lambda: Iterator(3), lambda: generate(3), lambda: iter([]), lambda: (i for i in [1]),
             lambda: Stops(), lambda: 5, lambda: None, lambda: iter(lambda: 5, 5)]


def each(function, maker, *rest):
    return function(maker(), *rest)


for function, rest in ((collect, ()), (with_else, (2,)), (skip, ()), (last, ())):
    for main in ITERABLES[:4] + [generate]:
        maker = main if main is not generate else (lambda: generate(3))
        warm(lambda: function(maker(), *rest))
        for other in ITERABLES:
            show(lambda: function(other(), *rest))
warm(nested, 6)
print(nested(30))
mixed(counted, (0, 5, 1), (5, 0, -1), (0, 10, 3), (2**62, 2**62 + 10, 4), (0, 1, 0), (0, 2.5, 1), (-(2**70), -(2**70) + 2, 1))
warm(collatz, 7)
print(collatz(97), collatz(2**40 + 1), collatz(837799))
warm(endless, 9)


def grow_list(values):
    seen = []
    for value in values:
        seen.append(value)
        if len(values) < 6:
            values.append(value * 10)
    return seen


def shrink_list(values):
    seen = []
    for value in values:
        seen.append(value)
        values.pop()
    return seen


def change_dict(table):
    for key in table:
        table[key + "x"] = 1


warm(lambda: grow_list([1, 2]))
warm(lambda: shrink_list([1, 2, 3, 4]))
warm(lambda: change_dict({"a": 1}))


def reuse_variable(n):
    found = []
    for i in range(n):
        found.append(i)
        i = i * 100
        found.append(i)
    return found, i


warm(reuse_variable, 4)


def keeps_iterator(values):
    iterator = iter(values)
    found = []
    for value in iterator:
        found.append(value)
        found.append(next(iterator, "end"))
    found.append(list(iterator))
    return found


mixed(keeps_iterator, ([1, 2, 3],), ((1, 2),), (range(5),), ("ab",), (generate(3),))


def long_body(n):
    a = b = c = d = 0
    for i in range(n):
        a += i
        b += a * 2
        c += b - a
        d ^= c
        if i % 7 == 3:
            a -= b // 3
        elif i % 7 == 5:
            b = -b
        if d & 1:
            c += d
        else:
            d += 1
    return a, b, c, d


warm(long_body, 20)
print(long_body(200))
