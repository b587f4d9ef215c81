"""A call sets events of `sys.monitoring` and raises: its callers' exceptions are told where they are, and nothing else."""
# needs: 3.12
import sys

mon = sys.monitoring
E = mon.events
TOOL = 3
NAMES = "RAISE", "RERAISE", "EXCEPTION_HANDLED", "PY_UNWIND", "PY_THROW", "PY_START"
seen = []


def note(name):
    def callback(code, _, *rest):
        if code.co_filename == __file__ and code.co_name in ("handles", "last_before_try", "passes_on", "outer"):
            seen.append((name, code.co_name, *map(repr, rest)))

    return callback


def begins(events):
    mon.set_events(TOOL, events)
    raise ValueError(events)


def handles(events):
    total = 1
    try:
        total += begins(events)
    except ValueError:
        total += 2
    return total


def last_before_try(events):
    # The handler covers the call's instruction alone.
    for _ in range(2):
        try:
            begins(events)
        except ValueError as error:
            caught = error
    return [line.tb_lineno for line in lines(caught)]


def lines(error):
    entry = error.__traceback__
    while entry:
        if entry.tb_frame.f_code.co_name != "begins":
            yield entry
        entry = entry.tb_next


def passes_on(events):
    with_value = 1
    return with_value + begins(events)


def outer(function, events):
    try:
        result = function(events)
    except ValueError as error:
        result = [(entry.tb_lineno, entry.tb_lasti) for entry in lines(error)]
    return result


mon.use_tool_id(TOOL, "case")
for name in NAMES:
    mon.register_callback(TOOL, getattr(E, name), note(name))
functions = handles, last_before_try, passes_on
for turn in range(60):
    for function in functions:
        outer(function, 0)
for names in [NAMES, *((name,) for name in NAMES)]:
    events = 0
    for name in names:
        events |= getattr(E, name)
    for function in functions:
        for turn in range(2):
            result = outer(function, events)
            mon.set_events(TOOL, 0)
            print(names, function.__name__, result, seen)
            seen.clear()
mon.free_tool_id(TOOL)
