"""Tools that are set for all threads while functions are hot and running, in this thread and another."""
# needs: 3.12
import sys
import threading

log = []


def profile(frame, event, argument):
    if not event.startswith("c_"):
        log.append((threading.current_thread().name, event, frame.f_code.co_name, frame.f_lineno))


def trace(frame, event, argument):
    profile(frame, event, argument)
    return trace


def leaf(x):
    return x + 1


def turn_on(kind):
    if kind == "profile":
        threading.setprofile_all_threads(profile)
    elif kind == "trace":
        threading.settrace_all_threads(trace)
    return leaf(1)


def turn_off():
    threading.setprofile_all_threads(None)
    threading.settrace_all_threads(None)


def middle(kind, x):
    a = leaf(x)
    if kind:
        turn_on(kind)
    return leaf(a)


def outer(kind, n):
    total = 0
    for x in range(n):
        total += middle(kind if x == n - 1 else None, x)
    return total


def numbers(kind, n):
    for x in range(n):
        if x == n - 1:
            turn_on(kind)
        yield leaf(x)


def summed(kind, n):
    return sum(numbers(kind, n))


def waiting(there, go):
    there.set()
    go.wait()
    return leaf(1)


def around(there, go):
    return waiting(there, go) + leaf(2)


def another(kind):
    there, go = threading.Event(), threading.Event()
    thread = threading.Thread(target=around, args=(there, go), name="another")
    thread.start()
    there.wait()
    turn_on(kind)
    go.set()
    thread.join()


def show(kind, function, *args):
    log.clear()
    try:
        function(kind, *args)
    finally:
        turn_off()
    print(kind, function.__name__)
    for entry in log:
        if entry[2] in {"leaf", "turn_on", "middle", "outer", "numbers", "summed", "waiting", "around"}:
            print("   ", *entry)


for _ in range(60):
    outer(None, 3)
    summed(None, 3)
for kind in "profile", "trace":
    show(kind, outer, 3)
    show(kind, summed, 3)
    show(kind, another)
