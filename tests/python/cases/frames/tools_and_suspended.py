"""What tools see of bodies that can be suspended does not depend on how they are called."""
import sys


class Letters:
    def __init__(self, items):
        self.items = iter(items)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self.items)
        except StopIteration:
            raise StopAsyncIteration


async def over_letters():
    async for letter in Letters("abc"):
        last = letter
    return last


def numbers():
    yield 1
    return 2


def over_numbers():
    for number in numbers():
        pass
    return number


def delegating():
    got = yield from numbers()
    return got


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def traced(work, *arguments):
    seen = []

    def tracer(frame, event, argument):
        code = frame.f_code
        name = argument[0].__name__ if event == "exception" else argument if event == "return" else None
        seen.append((code.co_name, frame.f_lineno - code.co_firstlineno, event, name))
        return tracer

    sys.settrace(tracer)
    try:
        result = work(*arguments)
    finally:
        sys.settrace(None)
    print(work.__name__, result)
    for line in seen:
        print("   ", *line)


def monitored(work, *arguments):
    events = sys.monitoring.events
    seen = []
    sys.monitoring.use_tool_id(3, "test")
    watched = {"RAISE": events.RAISE, "STOP_ITERATION": events.STOP_ITERATION, "RERAISE": events.RERAISE}
    for name, event in watched.items():
        sys.monitoring.register_callback(
            3, event, lambda code, at, error, name=name: seen.append((name, code.co_name, at, type(error).__name__))
        )
    sys.monitoring.set_events(3, sum(watched.values()))
    try:
        result = work(*arguments)
    finally:
        sys.monitoring.set_events(3, 0)
        for event in watched.values():
            sys.monitoring.register_callback(3, event, None)
        sys.monitoring.free_tool_id(3)
    print(work.__name__, result)
    for line in seen:
        print("   ", *line)


for ways in [traced] + [monitored] * hasattr(sys, "monitoring"):
    for turn in range(3):
        ways(drive, over_letters())
        ways(over_numbers)
        ways(list, delegating())
