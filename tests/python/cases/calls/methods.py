"""Method calls: bound, unbound, static, class, inherited, replaced, and through instances of every layout."""
from support import mixed, show, warm


class Base:
    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x

    def add(self, other, scale=1):
        return self.x + other * scale

    def chain(self):
        return self.get(), self.add(1), self.add(2, scale=3)

    @staticmethod
    def double(x):
        return x * 2

    @classmethod
    def make(cls, x):
        return cls(x)


class Child(Base):
    def get(self):
        return "child", super().get()

    def add(self, other, scale=2):
        return super().add(other, scale)


class Slots:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x

    get = Base.get
    add = Base.add
    chain = Base.chain
    double = staticmethod(Base.double)
    make = classmethod(lambda cls, x: cls(x))


class Shadowed(Base):
    def __init__(self, x):
        super().__init__(x)
        self.get = lambda: "instance attribute"


class Dynamic:
    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        if name == "broken":
            raise AttributeError("no such thing")
        return lambda *args, **keywords: (name, args, keywords)


class Big(Base):
    def __init__(self, x):
        super().__init__(x)
        for index in range(60):
            setattr(self, "a%d" % index, index)


class Text(str):
    x = 5

    def get(self):
        return "Text", str(self)

    add = Base.add

    def chain(self):
        return self.get(), self.upper()


class Descriptor:
    def __get__(self, instance, owner):
        return lambda *args: ("descriptor", instance is None, owner.__name__, args)


class WithDescriptor(Base):
    get = Descriptor()


def call_get(thing):
    return thing.get()


def call_add(thing):
    return thing.add(3), thing.add(3, 4), thing.add(3, scale=5)


def call_chain(thing):
    return thing.chain()


def call_double(thing):
    return thing.double(4)


def call_make(thing):
    return type(thing.make(1)).__name__


def bound_first(thing):
    method = thing.add
    return [method(i) for i in range(3)]


def through_class(kind, thing):
    return kind.get(thing), kind.add(thing, 2)


def loop(things):
    found = []
    for thing in things:
        found.append(thing.get())
    return found


MAKERS = [Base, Child, Slots, Shadowed, Dynamic, Big, Text, WithDescriptor]
for function in (call_get, call_add, call_chain, call_double, call_make, bound_first):
    mixed(function, *((kind(7),) for kind in MAKERS), (5,), (None,), (Base,))
mixed(through_class, (Base, Base(1)), (Child, Child(2)), (Base, Slots(3)), (Slots, Base(4)), (Base, 5))
mixed(loop, ([Base(1)] * 5,), ([Base(1), Child(2), Slots(3), Big(4), Dynamic(5)],), ([Base(1), 5],))


def replace_method():
    class Local:
        def run(self):
            return "old"

    thing = Local()
    seen = []
    for turn in range(60):
        if turn == 30:
            Local.run = lambda self: "new"
        if turn == 40:
            thing.run = lambda: "instance"
        if turn == 50:
            del thing.run
            del Local.run
        try:
            seen.append(thing.run())
        except AttributeError as error:
            seen.append(str(error))
    return seen


warm(replace_method, times=3)


def change_class():
    thing = Base(5)
    seen = []
    for turn in range(60):
        if turn == 40:
            thing.__class__ = Child
        seen.append(thing.get())
    return seen


warm(change_class, times=3)


def change_bases():
    class A:
        def who(self):
            return "A"

    class B:
        def who(self):
            return "B"

    class C(A):
        pass

    seen = []
    for turn in range(60):
        if turn == 40:
            C.__bases__ = (B,)
        seen.append(C().who())
    return seen


warm(change_bases, times=3)


class Counter:
    def __init__(self):
        self.count = 0

    def bump(self):
        self.count += 1
        return self

    def __len__(self):
        return self.count


def bumps(n):
    counter = Counter()
    for _ in range(n):
        counter.bump().bump()
    return len(counter)


warm(bumps, 10)
print(bumps(1000))
show(lambda: Base().get())
show(lambda: Base(1).get(2))
show(lambda: Base.get())
show(lambda: Base(1).missing())
show(lambda: Dynamic(1).broken())


class Init:
    def __init__(self, a, b=2):
        self.a = a
        self.b = b


class BadInit:
    def __init__(self):
        return 5


class NewOnly:
    def __new__(cls, *args):
        return args or super().__new__(cls)


class Empty:
    pass


class InitSlots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


def construct(kind, *args):
    return type(kind(*args)).__name__


def construct_two(kind):
    made = kind(1, 2)
    return made.a, made.b


def construct_none(kind):
    return type(kind()).__name__


mixed(construct, (Init, 1), (Init, 1, 2), (Init,), (BadInit,), (NewOnly,), (NewOnly, 1), (Empty,), (Empty, 1))
mixed(construct_two, (Init,), (InitSlots,), (Empty,), (complex,))
mixed(construct_none, (Empty,), (BadInit,), (NewOnly,), (Init,), (object,), (Counter,), (int,))
