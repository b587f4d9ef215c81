"""Type parameters and lazily evaluated type aliases, in functions and in class bodies."""
# needs: 3.12
from support import describe, show, warm

outer_name = "global"


def generic[T, *Rest, **Spec](value: T) -> T:
    return value


def bounded[T: (int, str)](value: T):
    def inner[U: T](x: U):
        return T.__name__, U.__name__, U.__bound__.__name__

    return inner(value)


class Box[T]:
    hint = "class name"

    def get[U: hint](self, value: U):
        return value

    type Pair = tuple[T, hint, outer_name]
    type Lazy = undefined_for_now  # noqa: F821


def alias():
    type Local = list[int]
    return Local.__value__, Local.__name__


def use_class():
    return Box().get(1), Box.__type_params__[0].__name__, Box.get.__type_params__[0].__bound__, str(Box.Pair.__value__)


def missing():
    return Box.Lazy.__value__


def subclass():
    class Local(Box[int]):
        pass

    return Local.__orig_bases__, describe(generic.__type_params__[0].__name__)


warm(generic, 1)
warm(bounded, 2)
warm(alias)
warm(use_class)
warm(missing, times=20)
warm(subclass, times=20)
show(lambda: generic[int])
for value in ("defined", 5):
    undefined_for_now = value
    show(missing)
for _ in range(30):

    class Again:
        name = "again"

        def method[T: name](self):
            return T.__bound__

    result = Again.method.__type_params__[0].__bound__
print(result)
