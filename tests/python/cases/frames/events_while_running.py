"""Events of `sys.monitoring` that are set and taken back while functions run show at once."""
# needs: 3.12
import sys

mon = sys.monitoring
E = mon.events
TOOL = 3
seen = []


def note(name):
    def callback(code, *rest):
        if code.co_filename == __file__ and code.co_name in ("calls", "reads", "adds", "inner", "outer", "suspends"):
            shown = rest[0] - code.co_firstlineno if name == "LINE" else "-"
            seen.append((name, code.co_name, shown))

    return callback


def set_local(code, events):
    mon.set_local_events(TOOL, code, events)


def set_all(code, events):
    mon.set_events(TOOL, events)


class Switch:
    def __init__(self, setter, code, events):
        self.act = lambda: setter(code, events)

    @property
    def on(self):
        self.act()
        return 1

    def __radd__(self, other):
        self.act()
        return other + 1


def calls(n, at, switch):
    total = 0
    for i in range(n):
        if i == at:
            switch.act()
        total += i
        total += 1
    return total


def reads(n, at, switch):
    total = 0
    for i in range(n):
        if i == at:
            total += switch.on
        total += i
        total += 1
    return total


def adds(n, at, switch):
    total = 0
    for i in range(n):
        if i == at:
            total = total + switch
        total += i
        total += 1
    return total


def outer(n, at, switch):
    total = inner(n, at, switch)
    total += 1
    total += 2
    return total


def inner(n, at, switch):
    total = 0
    for i in range(n):
        if i == at:
            total += switch.on
        total += 1
    return total


def suspends(n, at, switch):
    for i in range(n):
        if i == at:
            switch.act()
        i += 1
        yield i


mon.use_tool_id(TOOL, "case")
for name in "LINE", "PY_RETURN", "PY_YIELD":
    mon.register_callback(TOOL, getattr(E, name), note(name))
functions = calls, reads, adds, outer, lambda *rest: list(suspends(*rest))
nothing = Switch(set_local, calls.__code__, 0)
for turn in range(60):
    for function in functions:
        function(5, 2, nothing)
for setter in set_local, set_all:
    for events in E.LINE, E.PY_RETURN | E.PY_YIELD, E.LINE | E.PY_RETURN:
        for function in functions:
            for watched in calls, reads, adds, outer, inner, suspends:
                result = function(5, 2, Switch(setter, watched.__code__, events))
                for each in calls, reads, adds, outer, inner, suspends:
                    mon.set_local_events(TOOL, each.__code__, 0)
                mon.set_events(TOOL, 0)
                print(setter.__name__, events, function.__name__, watched.__name__, result, seen)
                seen.clear()
mon.free_tool_id(TOOL)
