"""What another interpreter asks of its tools leaves those of this one alone."""
# needs: 3.13
import _interpreters
import sys

OTHER = """
import sys
monitoring = sys.monitoring
monitoring.use_tool_id(3, "other")
monitoring.register_callback(3, monitoring.events.C_RETURN, print)
monitoring.set_events(3, monitoring.events.CALL)
"""


def inner(x):
    return x + 1


def outer(x):
    return inner(x) + len(list(map(inner, [x])))


def watched():
    seen = []
    monitoring = sys.monitoring
    monitoring.use_tool_id(3, "main")

    def ended(code, offset, function, argument):
        seen.append(getattr(function, "__name__", repr(function)))

    for event in monitoring.events.C_RETURN, monitoring.events.C_RAISE:
        monitoring.register_callback(3, event, ended)
    monitoring.set_events(3, monitoring.events.CALL)
    outer(1)
    outer(2)
    monitoring.set_events(3, 0)
    for event in monitoring.events.C_RETURN, monitoring.events.C_RAISE:
        monitoring.register_callback(3, event, None)
    monitoring.free_tool_id(3)
    return seen


for _ in range(100):
    outer(1)
interpreter = _interpreters.create()
print(_interpreters.exec(interpreter, OTHER))
print(watched())
_interpreters.destroy(interpreter)
print(watched())
