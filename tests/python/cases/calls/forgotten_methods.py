"""Methods and attributes of classes that are taken away while arguments are computed."""


def make():
    class Owner:
        pass

    def method(self, argument):
        return "method", self.name, argument

    Owner.method = method
    Owner.shown = ["shown"]
    Owner.name = "owner"
    return Owner


def forget(owner, wanted):
    if not wanted:
        return 0
    del owner.method
    del owner.shown
    # What was freed is used again for something else.
    others = [lambda self, argument: ("other", argument) for _ in range(100)]
    return len(others) + len([[str(i)] for i in range(100)])


def call(instance, wanted):
    return instance.method(forget(type(instance), wanted))


def pair(owner, wanted):
    return owner.shown, forget(owner, wanted)


for use, what in (call, lambda owner: owner()), (pair, lambda owner: owner):
    owner = make()
    subject = what(owner)
    for _ in range(300):
        last = use(subject, False)
    print(last)
    print(use(subject, True))
    try:
        use(subject, False)
    except AttributeError as error:
        print(error)
