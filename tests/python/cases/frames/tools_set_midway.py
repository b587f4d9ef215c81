"""Tools that are set in the middle of an instruction are told what comes behind it, and nothing else."""
import sys


class Sets:
    """Sets tools in whatever it is used for."""

    def __del__(self):
        turn_on()

    def __getitem__(self, index):
        turn_on()
        return index

    def __add__(self, other):
        turn_on()
        return other

    def __next__(self):
        turn_on()
        raise StopIteration

    @property
    def there(self):
        turn_on()
        return 1


def dropped():
    x = Sets()
    x = None
    return 3


def dropped_in_loop():
    for turn in range(3):
        x = Sets() if turn == 1 else None
        x = None
        y = 5
    return y


def subscribed(it):
    return it[2] + 1


def added(it):
    x = it + 2
    return x


def looked_up(it):
    return it.there


def ended(it):
    try:
        next(it)
    except StopIteration as error:
        return error.value


async def awaited():
    turn_on()
    return 2


def sent():
    try:
        awaited().send(None)
    except StopIteration as stop:
        return stop.value


def in_lambda():
    return (lambda: turn_on())()


def raises():
    turn_on()
    raise ValueError


def caught():
    try:
        raises()
    except ValueError:
        return 1


def passes_on():
    return list(map(lambda _: raises(), [1]))


def caught_from_far():
    try:
        passes_on()
    except ValueError:
        return 1


def caller(work, *arguments):
    result = work(*arguments)
    return result


it = object.__new__(Sets)
works = [(work,) for work in (dropped, dropped_in_loop, sent, in_lambda, caught, caught_from_far)]
works += [(work, it) for work in (subscribed, added, looked_up, ended)]
seen = []
HIDDEN = "turn_on", "turn_off", "<module>"


def tool(frame, event, argument):
    if frame.f_code.co_name not in HIDDEN and event[:2] != "c_":
        seen.append((frame.f_code.co_name, frame.f_lineno, event))
    return tool


def show(what, turn, work):
    print(what, turn, work.__name__)
    for line in seen:
        print("   ", *line)
    seen.clear()


def trace():
    frame = sys._getframe(2)
    while frame is not None:
        frame.f_trace = tool
        frame = frame.f_back
    sys.settrace(tool)


for what, start, stop in ("trace", trace, sys.settrace), ("profile", lambda: sys.setprofile(tool), sys.setprofile):
    turn_on = lambda: start()
    turn_on.__code__ = turn_on.__code__.replace(co_name="turn_on")
    for turn in range(4):
        for work in works:
            caller(*work)
            stop(None)
            show(what, turn, work[0])

if hasattr(sys, "monitoring"):
    mon = sys.monitoring
    E = mon.events
    mon.use_tool_id(3, "test")

    def note(name):
        # Where an exception comes from depends on whether its frame was called through an evaluator.
        def callback(code, where, *rest):
            if code.co_name not in HIDDEN:
                where = where if name == "LINE" else ""
                seen.append((name, code.co_name, where, *(type(one).__name__ for one in rest)))

        return callback

    NAMES = "PY_START", "PY_RETURN", "LINE", "PY_UNWIND", "RAISE", "EXCEPTION_HANDLED"
    for name in NAMES:
        mon.register_callback(3, getattr(E, name), note(name))

    def turn_on():
        mon.set_events(3, sum(getattr(E, name) for name in NAMES))

    for turn in range(4):
        for work in works:
            if work[0] is not sent:
                caller(*work)
                mon.set_events(3, 0)
                show("all", turn, work[0])
    # The same event is seen where no evaluator is in the way.
    caller(sent)
    mon.set_events(3, 0)
    show("all", 0, sent)

    def turn_on():
        frame = sys._getframe(1)
        while frame is not None:
            mon.set_local_events(3, frame.f_code, E.PY_START | E.PY_RETURN | E.LINE)
            frame = frame.f_back

    for turn in range(4):
        for work in works:
            caller(*work)
            mon.set_local_events(3, caller.__code__, 0)
            mon.set_local_events(3, work[0].__code__, 0)
            show("local", turn, work[0])
