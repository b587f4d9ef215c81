"""`except*`: splitting, what is left over, naming, and mixing with plain exceptions."""
from support import mixed, show, warm


def split(error):
    steps = []
    try:
        try:
            raise error
        except* ValueError as group:
            steps.append(("values", [str(e) for e in group.exceptions]))
        except* (TypeError, KeyError) as group:
            steps.append(("others", len(group.exceptions)))
        else:
            steps.append("else")
        finally:
            steps.append("finally")
    except BaseException as left:
        steps.append(("left", repr(left)))
    return steps


def raising(error):
    try:
        raise error
    except* ValueError:
        raise KeyError("new")
    except* OSError:
        raise


def naked(error):
    try:
        raise error
    except* ValueError as group:
        return_value = repr(group)
    return return_value


def bad(error):
    try:
        raise error
    except* ExceptionGroup:
        pass


GROUP = lambda: ExceptionGroup("g", [ValueError(1), TypeError(2), ExceptionGroup("h", [ValueError(3), KeyError(4)])])
for function in (split, raising, naked, bad):
    for error in (lambda: ExceptionGroup("v", [ValueError(1)]), GROUP, lambda: ValueError("plain"), lambda: OSError("os"),
                  lambda: ExceptionGroup("o", [OSError(1), ValueError(2)]), lambda: BaseExceptionGroup("b", [KeyboardInterrupt()])):
        warm(lambda: function(error()), times=20)
warm(lambda: split(GROUP()))
show(naked, ExceptionGroup("k", [KeyError()]))
mixed(lambda n: n, (1,))
