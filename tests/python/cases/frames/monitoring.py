"""`sys.monitoring`: events on all code and on one function, set while it is hot and running."""
# needs: 3.12
import sys

mon = sys.monitoring
E = mon.events
TOOL = 3


def work(n):
    total = 0
    for index in range(n):
        total += helper(index)
    return total


def helper(x):
    if x == 4:
        return -x
    return x * 2


def generator(n):
    for index in range(n):
        yield index


def raising(x):
    try:
        return [][x]
    except IndexError:
        return "caught"


def register(log, *names):
    def note(name):
        def callback(code, *rest):
            if code.co_filename == __file__ and code.co_name in ("work", "helper", "generator", "raising", "sets_itself"):
                shown = [value for value in rest if isinstance(value, (int, str))]
                log.append((name, code.co_name, *shown[:1]))

        return callback

    for name in names:
        mon.register_callback(TOOL, getattr(E, name), note(name))


def unregister():
    for value in vars(E).values():
        if isinstance(value, int) and value:
            try:
                mon.register_callback(TOOL, value, None)
            except ValueError:
                pass


mon.use_tool_id(TOOL, "case")
for turn in range(60):
    work(6), list(generator(3)), raising(0)
for names in (["PY_START", "PY_RETURN"], ["LINE"], ["INSTRUCTION"], ["BRANCH", "JUMP"], ["CALL", "C_RETURN"], ["PY_YIELD", "PY_RESUME"],
              ["RAISE", "EXCEPTION_HANDLED"]):
    log = []
    register(log, *names)
    mask = 0
    for name in names:
        if name != "C_RETURN":
            mask |= getattr(E, name)
    mon.set_events(TOOL, mask)
    result = work(6), list(generator(3)), raising(0)
    mon.set_events(TOOL, 0)
    print(names, result, len(log))
    for entry in log[:60]:
        print("   ", entry)
    print(work(6))
    unregister()

log = []
register(log, "LINE", "PY_START")
mon.set_local_events(TOOL, helper.__code__, E.LINE | E.PY_START)
print(work(5))
mon.set_local_events(TOOL, helper.__code__, 0)
print(work(5), log)


def sets_itself(n):
    seen = 0
    for index in range(n):
        if index == 3:
            mon.set_events(TOOL, E.LINE)
        seen += index
        if index == 5:
            mon.set_events(TOOL, 0)
        seen += 1
    return seen


for turn in range(40):
    log.clear()
    result = sets_itself(8)
print(result, log)


def disabling(code, line):
    log.append(line - code.co_firstlineno)
    return mon.DISABLE


log.clear()
mon.register_callback(TOOL, E.LINE, disabling)
mon.set_local_events(TOOL, work.__code__, E.LINE)
print(work(5), log)
log.clear()
print(work(5), log)
mon.restart_events()
print(work(5), log)
mon.set_local_events(TOOL, work.__code__, 0)
mon.free_tool_id(TOOL)
print(work(5))
