"""What others see of running frames: names, lines, locals, and writes to them."""
import inspect
import sys
import traceback

from support import mixed, show, warm


def here():
    frame = sys._getframe()
    return frame.f_code.co_name, frame.f_lineno, frame.f_back.f_code.co_name


def caller_locals(depth):
    frame = sys._getframe(depth)
    return frame.f_code.co_name, sorted((k, repr(v)) for k, v in frame.f_locals.items() if not k.startswith("__"))


def with_locals(a, b):
    c = a + b
    d = [c, a]
    return caller_locals(1), d


def loop_locals(n):
    total = 0.0
    seen = []
    for index in range(n):
        total += index * 0.5
        if index % 4 == 3:
            seen.append(sys._getframe().f_locals["total"])
            seen.append(caller_locals(1)[1][:2])
    return seen


def lines():
    found = []
    found.append(sys._getframe().f_lineno)
    found.append(
        sys._getframe()
        .f_lineno
    )
    for _ in range(2):
        found.append(inspect.currentframe().f_lineno)
    return [line - lines.__code__.co_firstlineno for line in found]


def line_of_caller():
    return sys._getframe(1).f_lineno - call_lines.__code__.co_firstlineno


def call_lines():
    return [
        line_of_caller(),
        line_of_caller(), line_of_caller(
        ),
        [line_of_caller() for _ in range(2)],
        (lambda: 5)(),
        line_of_caller(),
    ]


def stack_names(depth):
    if depth:
        return stack_names(depth - 1)
    names = []
    frame = sys._getframe()
    while frame.f_code.co_name != "<module>":
        names.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return names


def extracted():
    return [(entry.name, entry.line) for entry in traceback.extract_stack()[-2:]]


def kept_frame(value):
    local = value * 2
    return sys._getframe()


def outlives(value):
    frame = kept_frame(value)
    return frame.f_locals["local"], frame.f_back and frame.f_back.f_code.co_name, frame.f_lineno - kept_frame.__code__.co_firstlineno


def cleared():
    def inner():
        yield sys._getframe()

    generator = inner()
    frame = next(generator)
    frame.clear()
    return list(generator), frame.f_locals


def clear_running():
    sys._getframe().clear()


def frame_of_traceback():
    try:
        local = 5
        raise ValueError
    except ValueError as error:
        trace = error.__traceback__
        return trace.tb_frame is sys._getframe(), trace.tb_lineno - frame_of_traceback.__code__.co_firstlineno, trace.tb_frame.f_locals["local"]


def cell_locals():
    value = 1

    def inner():
        nonlocal value
        value += 1
        return sorted(sys._getframe().f_locals), sys._getframe(1).f_locals["value"]

    return inner(), value


def closure_names(x):
    return [sorted(sys._getframe().f_locals) for _ in range(1)], x


for function in (here, lines, call_lines, extracted, cleared, clear_running, frame_of_traceback, cell_locals):
    warm(function, times=40)
mixed(with_locals, (1, 2), (1.5, 2.5), ("a", "b"))
warm(loop_locals, 12)
warm(stack_names, 4)
mixed(outlives, (1,), (2.5,), ("a",))
show(lambda: inspect.getargvalues(sys._getframe()).locals)
show(lambda: inspect.stack()[0].function)
mixed(lambda x: sorted(vars()), (1,))


def watched_by_deletion():
    class Spy:
        def __del__(self):
            frame = sys._getframe(1)
            print("dies in", frame.f_code.co_name, "at", frame.f_lineno - watched_by_deletion.__code__.co_firstlineno)

    spy = Spy()
    spy = None
    holder = [Spy()]
    holder[0] = 1
    holder = Spy(), Spy()
    del holder
    return spy


warm(watched_by_deletion, times=10)


def spying(n):
    class Spy:
        def __init__(self, index):
            self.index = index

        def __add__(self, other):
            frame = sys._getframe(1)
            return frame.f_locals["index"], frame.f_locals["x"], frame.f_lineno - spying.__code__.co_firstlineno

    found = []
    x = 0.0
    for index in range(n):
        x = x * 2.0 + 1.0
        found.append(Spy(index) + x)
    return found


warm(spying, 5, times=40)
print(spying(60)[-1])
