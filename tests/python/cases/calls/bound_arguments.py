"""Arguments that functions get by keyword, by default and as a rest, and when they die."""


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


def drops(a, *, b=None):
    del a
    print("first gone")
    b = 1
    print("second gone", b)


def every(a, b, /, c, d=4, *rest, e, f=6):
    return a, b, c, d, rest, e, f


def only_rest(*rest):
    return rest


def rest_and_keyword(*rest, k=0):
    rest = len(rest)
    print("rest gone")
    return rest, k


def cell(a, *, b):
    def inner():
        return a, b

    return inner


def items(a, *, b=2):
    yield a
    yield b


def attempt(call):
    try:
        return call()
    except TypeError as error:
        return str(error)


def calls():
    drops(Noisy("n1"), b=Noisy("n2"))
    drops(a=Noisy("n3"), b=Noisy("n4"))
    drops(b=Noisy("n5"), a=Noisy("n6"))
    print(every(1, 2, 3, e=5), every(1, 2, 3, 40, 50, 60, f=7, e=8), every(1, 2, d=4, c=3, e=9))
    print(only_rest(), only_rest(1), only_rest(1, 2, 3))
    print(rest_and_keyword(Noisy("n7"), Noisy("n8"), k=1), rest_and_keyword(k=2))
    print(cell(1, b=2)(), list(items(1)), list(items(1, b=3)), list(items(b=4, a=5)))


def errors():
    print(attempt(lambda: every(1, 2, 3)))
    print(attempt(lambda: every(1, b=2, c=3, e=5)))
    print(attempt(lambda: every(1, 2, 3, 4, c=5, e=6)))
    print(attempt(lambda: every(1, 2, e=6)))
    print(attempt(lambda: drops(1, 2)))
    print(attempt(lambda: drops(1, x=2)))
    print(attempt(lambda: only_rest(k=2)))


def changed():
    every.__kwdefaults__ = {"e": 50}
    print(attempt(lambda: every(1, 2, 3)), attempt(lambda: every(1, 2, 3, f=1)))
    every.__defaults__ = (30, 40)
    print(every(1, 2, f=60))
    every.__kwdefaults__ = {"f": 6}
    every.__defaults__ = (4,)


for _ in range(4):
    calls()
    errors()
    changed()


def needs(a, b, c, d=0, *, e, f=1):
    return a


def unfit(n):
    for _ in range(n):
        try:
            needs(Noisy("a"), c=Noisy("c"), e=Noisy("e"))
        except TypeError as error:
            print(error)


unfit(3)
unfit(3)
