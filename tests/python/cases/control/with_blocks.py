"""`with`: entering, leaving, swallowing, and what happens when a manager is broken."""
from support import mixed, warm


class Manager:
    def __init__(self, log, name, swallow=False, fail=None):
        self.log, self.name, self.swallow, self.fail = log, name, swallow, fail

    def __enter__(self):
        self.log.append("enter " + self.name)
        if self.fail == "enter":
            raise RuntimeError("enter fails")
        return self

    def __exit__(self, kind, value, trace):
        self.log.append("exit %s %s" % (self.name, kind and kind.__name__))
        if self.fail == "exit":
            raise RuntimeError("exit fails")
        return self.swallow


def single(error, swallow, fail):
    log = []
    try:
        with Manager(log, "a", swallow, fail) as manager:
            log.append(manager.name)
            if error:
                raise error
            log.append("body")
        log.append("after")
    except Exception as caught:
        log.append(repr(caught))
        log.append(repr(caught.__context__))
    return log


def double(error):
    log = []
    with Manager(log, "a", True) as first, Manager(log, "b") as second:
        if error:
            raise error
        log.append(first.name + second.name)
    return log


def leaves(how):
    log = []

    def run():
        for turn in range(3):
            with Manager(log, "m"):
                if how == "return":
                    return turn
                if how == "break":
                    break
                if how == "continue":
                    continue
                log.append("end of body")
        return "end"

    return run(), log


class NoExit:
    def __enter__(self):
        return 1


class Instance:
    pass


def use(manager):
    with manager as value:
        return value


mixed(single, (None, False, None), (ValueError("e"), False, None), (ValueError("e"), True, None), (None, False, "enter"),
      (None, True, "exit"), (ValueError("e"), 1, "exit"), (ValueError("e"), [], None))
mixed(double, (None,), (ValueError("swallowed"),))
for how in ("return", "break", "continue", "none"):
    warm(leaves, how)
instance = Instance()
instance.__enter__ = instance.__exit__ = lambda *rest: 1
mixed(use, (open("/dev/null"),), (NoExit(),), (instance,), (5,), (Manager([], "m").__enter__(),))
