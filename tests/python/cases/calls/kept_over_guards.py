"""Values on the stack that have to make room for what a guard compares."""


class Mapping(dict):
    pass


def both(*values):
    return values


def inherited(mapping):
    one = 1
    # The method is looked up for a subclass of the type that it belongs to: its guard fails with
    # many values on the stack.
    return both(1.5, [str(1.5), both(mapping.get("c", one + 1))])


def grouped(mapping):
    one = 1
    try:
        raise ExceptionGroup("group", [ValueError(), KeyError(mapping.get("c", one + 1))])
    except* ValueError:
        pass


def shifted(mapping, by, x):
    return [str(by), both(x, mapping, (by << 3) + (x % 8) + (x // 4)), both(by / 3, x ** 2.0)]


for _ in range(6):
    print(inherited(Mapping()), inherited({}))
    try:
        print(grouped(Mapping()))
    except ExceptionGroup as error:
        print(repr(error))

for by, x in [(1, 2), (5, 9), (2**62, 3), (7, 2**63), (0, 0), (3, 1.5), (2, 7)]:
    print(shifted({}, by, x))
