"""Lists and tuples that come by turns to a place which the interpreter has specialised for one of them."""
import sys

from support import mixed


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)


class Subclass(list):
    def __iter__(self):
        print("asked")
        return super().__iter__()


def three(value):
    a, b, c = value
    return c, b, a


def ten(value, rounds):
    for _ in range(rounds):
        a, b, c, d, e, f, g, h, i, j = value
        j, i, h, g, f, e, d, c, b, a = value
        (a, b, c, d, e, f, g, h, i, j) = [k, *_] = (l, *_) = value
    return a, b, c, d, e, f, g, h, i, j, k, l


def over_itself(value):
    value, other = value
    return value, other


def empty(value):
    () = value
    return value


def deep(value):
    return [value, [(x, y) for (x, y), z in value]]


def last_owner(make):
    a, b, c = make(Loud("first"), Loud("second"), Loud("third"))
    b = None
    print("kept", a.name, b, c.name)
    a = c = None


def as_list(*items):
    return list(items)


def as_tuple(*items):
    return items


def counts(value):
    a, b, c = value
    return sys.getrefcount(value), sys.getrefcount(a), sys.getrefcount(b)


def while_handled(value):
    try:
        a, b, c = value
    except (TypeError, ValueError) as error:
        return type(error), str(error), value
    return a, b, c


def main():
    items = [object(), object(), object()]
    for first, second in ((list, tuple), (tuple, list)):
        mixed(three, (first("abc"),), (second("abc"),), (first("ab"),), (second("abcd"),), (Subclass("abc"),), ("abc",))
        mixed(ten, (first(range(10)), 3), (second(range(10)), 3), (first(range(9)), 1), (second(range(11)), 1), (Subclass(range(10)), 1))
        mixed(over_itself, (first("ab"),), (second("ab"),), (second("abc"),))
        mixed(empty, (first(),), (second(),), (second("a"),), ({},))
        mixed(deep, ([(first("ab"), 1), (second("cd"), 2)],), ([(second("ab"), 1)],), ([(second("abc"), 1)],))
        mixed(counts, (first(items),), (second(items),), (iter(items),))
        mixed(while_handled, (first("abc"),), (second("abc"),), (second("ab"),), (first("abcd"),), (None,))
    for make in (as_list, as_tuple, as_list, as_tuple):
        for _ in range(3):
            last_owner(make)


main()
main()
