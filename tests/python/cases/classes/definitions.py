"""Class statements: bodies, scopes, metaclasses, decorators, super, and the names they see."""
from support import mixed, show, warm

glob = "global"


def simple():
    class Local:
        """Documented."""

        x: int = 1
        y = x + 1
        z: "str"

        def method(self):
            return __class__.__name__, self.x, self.y

    return Local().method(), Local.__doc__, Local.__annotations__, Local.__qualname__, Local.__module__


def closure(value):
    class Local:
        kept = value
        glob = glob

        def get(self):
            return value, self.kept, self.glob

        inner = [value for _ in range(2)]

    return Local().get(), Local.inner


def shadowing(value):
    class Local:
        before = value
        value = "own"
        after = value
        del value

        try:
            again = value
        except NameError as error:
            again = str(error)

    return Local.before, Local.after, Local.again


class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases, **keywords):
        print("prepare", name, sorted(keywords))
        return {"prepared": True}

    def __new__(mcls, name, bases, namespace, **keywords):
        return super().__new__(mcls, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **keywords):
        cls.keywords = keywords


def with_meta():
    class Local(metaclass=Meta, option=1):
        pass

    return Local.prepared, Local.keywords, type(Local).__name__


class Registry:
    seen = []

    def __init_subclass__(cls, **keywords):
        Registry.seen.append((cls.__name__, keywords))

    def __set_name__(self, owner, name):
        self.name = owner.__name__ + "." + name


def subclassing():
    class One(Registry, flag=True):
        pass

    class Two(One):
        registered = Registry()

    return Registry.seen[-2:], Two.registered.name


def decorate(*names):
    def apply(target):
        target.names = names
        return target

    return apply


def decorated():
    @decorate("a", "b")
    class Local:
        @decorate("c")
        def method(self):
            return self.names

        @property
        @decorate("d")
        def prop(self):
            return "prop"

    return Local.names, Local.method.names, Local().method(), Local().prop


class A:
    def hello(self):
        return ["A"]

    value = "A value"

    @classmethod
    def make(cls):
        return [cls.__name__]


class B(A):
    def hello(self):
        return ["B"] + super().hello()

    @property
    def attribute(self):
        return super().value

    @classmethod
    def make(cls):
        return ["B.make"] + super().make()

    def missing(self):
        return super().nothing

    def explicit(self):
        return super(B, self).hello(), super(B, self).value


class C(A):
    def hello(self):
        return ["C"] + super().hello()


class D(B, C):
    def hello(self):
        return ["D"] + super().hello()

    def nested(self):
        return [super(D, self).hello() for _ in range(2)]


def supers(thing):
    return thing.hello(), thing.attribute, thing.make(), thing.explicit()


def no_super():
    class Local:
        def method(self):
            del self
            return super().method()

    return Local().method()


def bad_bases(base):
    class Local(base):
        pass

    return Local.__mro__


for function in (simple, with_meta, subclassing, decorated, no_super):
    warm(function, times=15)
mixed(closure, (1,), ("a",))
show(lambda: shadowing(5))
warm(shadowing, 1)
mixed(supers, (B(),), (D(),))
warm(lambda: D().nested())
warm(lambda: B().missing())
mixed(bad_bases, (object,), (bool,), (5,), (type(None),))


class Outer:
    x = 1

    class Inner:
        y = 2
        z = glob

        def get(self):
            return self.y, Outer.x

    def use(self):
        return self.Inner().get()


warm(lambda: Outer().use())


class Everything:
    def __init__(self):
        self.log = []

    def __call__(self, *args):
        return "call", args

    def __contains__(self, item):
        return item == 1

    def __iter__(self):
        return iter("it")

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return index

    def __eq__(self, other):
        return "eq"

    def __lt__(self, other):
        return "lt"

    def __hash__(self):
        return 5

    def __format__(self, spec):
        return "<%s>" % spec

    def __bool__(self):
        return False

    def __index__(self):
        return 1

    def __float__(self):
        return 2.5


def protocol(thing):
    return (thing(1, 2), 1 in thing, list(thing), len(thing), thing[4:6], thing == 1, thing < 1, hash(thing), f"{thing:spec}",
            bool(thing), [10, 20][thing], float(thing), thing or "or", not thing)


mixed(protocol, (Everything(),), (5,))
