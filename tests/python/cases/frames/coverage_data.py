"""coverage.py: the same lines and branches with each of its cores, started before and in the middle of hot functions."""
# packages: coverage
import io
import os
import sys
import threading

import coverage


def branches(n):
    found = []
    for index in range(n):
        if index % 2:
            found.append(index)
        elif index % 3 == 0:
            continue
        else:
            found.append(-index)
        while found and found[-1] < -2:
            found.pop()
    else:
        found.append("end")
    return found


def failing(x):
    try:
        value = 10 // x
    except ZeroDivisionError:
        value = None
    finally:
        done = True
    return value if done else None


def numbers(n):
    for index in range(n):
        yield index
    yield from (index for index in range(2) if index)


def matching(subject):
    match subject:
        case [a, b]:
            return a + b
        case {"k": value}:
            return value
        case _:
            return None


class Box:
    def __init__(self, value):
        self.value = value

    def never(self):
        return self.value

    def __enter__(self):
        return self

    def __exit__(self, *rest):
        return True


def everything(n):
    with Box(n) as box:
        total = sum(numbers(box.value))
        raise KeyError(total)
    return branches(n), failing(n % 2), matching([n, 1]), matching(n), [value for value in range(n) if value > 2]


def in_a_thread(n):
    thread = threading.Thread(target=everything, args=(n,))
    thread.start()
    thread.join()


def in_the_middle(n, measured):
    total = 0
    for index in range(n):
        if index == 3:
            measured.start()
        total += len(branches(index))
        if index == 6:
            measured.stop()
        total += 1
    return total


def shown(measured):
    data = measured.get_data()
    for name in data.measured_files():
        print("   ", os.path.basename(name), sorted(data.lines(name)), sorted(data.arcs(name) or ()))
    report = io.StringIO()
    measured.report(file=report, show_missing=True)
    print(report.getvalue().replace(os.path.dirname(__file__), ""))


def measure(core, branch, action):
    os.environ["COVERAGE_CORE"] = core
    measured = coverage.Coverage(data_file=None, branch=branch, config_file=False, include=[__file__], messages=False)
    print(core, branch, action.__name__)
    if action is in_the_middle:
        print(action(10, measured))
    else:
        measured.start()
        try:
            action(9)
        finally:
            measured.stop()
    shown(measured)


cores = ["ctrace", "pytrace"] + ["sysmon"] * (sys.version_info >= (3, 12))
for turn in range(60):
    everything(5)
for core in cores:
    for action in (everything, in_a_thread, in_the_middle):
        # Before 3.14, sys.monitoring does not tell branches apart.
        for branch in (False, True) if core != "sysmon" else (False,):
            measure(core, branch, action)
    print(everything(5))
