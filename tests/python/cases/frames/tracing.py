"""`sys.settrace` and `sys.setprofile`, set before, set in the middle and taken away again."""
import sys

from support import outcome


def work(n):
    total = 0
    for index in range(n):
        total += index
        if index == 2:
            total += helper(index)
    return total


def helper(x):
    return x * 2


def generator(n):
    for index in range(n):
        yield index


def failing(x):
    try:
        return 1 / x
    except ZeroDivisionError:
        raise ValueError("failed")


def use_generator(n):
    return list(generator(n))


def tracer(log):
    def trace(frame, event, argument):
        if frame.f_code.co_filename == __file__:
            log.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno,
                        argument if isinstance(argument, (int, float, str, type(None))) else type(argument).__name__))
        return trace

    return trace


def traced(function, *arguments):
    log = []
    sys.settrace(tracer(log))
    try:
        result = outcome(function, *arguments)
    finally:
        sys.settrace(None)
    return result.splitlines()[-1], log


def profiled(function, *arguments):
    log = []

    def profile(frame, event, argument):
        log.append((event, frame.f_code.co_name, argument if isinstance(argument, (int, str, type(None))) else getattr(argument, "__name__", type(argument).__name__)))

    sys.setprofile(profile)
    try:
        result = outcome(function, *arguments)
    finally:
        sys.setprofile(None)
    return result.splitlines()[-1], log


for turn in range(60):
    work(5), use_generator(3), outcome(failing, 0), outcome(failing, 1)
for function, argument in ((work, 4), (use_generator, 3), (failing, 0), (failing, 2)):
    for watch in (traced, profiled):
        result, log = watch(function, argument)
        print(watch.__name__, function.__name__, result)
        for entry in log:
            print("   ", entry)
        print(outcome(function, argument).splitlines()[-1])


def starts_in_the_middle(n):
    log = []
    total = 0
    for index in range(n):
        if index == 3:
            sys._getframe().f_trace = tracer(log)
            sys.settrace(tracer(log))
        total += index
        if index == 5:
            sys.settrace(None)
        total += helper(index)
    return total, log


for turn in range(40):
    result = starts_in_the_middle(8)
print(result)


def opcode_events():
    log = []

    def trace(frame, event, argument):
        frame.f_trace_opcodes = True
        log.append(event)
        return trace

    sys.settrace(trace)
    helper(3)
    sys.settrace(None)
    return log.count("opcode") > 2, log.count("line")


for turn in range(20):
    result = opcode_events()
print(result)


def jump_over():
    log = []

    def trace(frame, event, argument):
        if event == "line" and frame.f_lineno == jumper.__code__.co_firstlineno + 2:
            frame.f_lineno = jumper.__code__.co_firstlineno + 3
        return trace

    def jumper():
        log.append("one")
        log.append("two")
        log.append("three")

    sys.settrace(trace)
    jumper()
    sys.settrace(None)
    jumper()
    return log


for turn in range(20):
    result = jump_over()
print(result)


def raising_tracer():
    def trace(frame, event, argument):
        if event == "line" and frame.f_code.co_name == "helper":
            raise KeyError("from the tracer")
        return trace

    sys.settrace(trace)
    try:
        return work(5)
    except KeyError as error:
        return repr(error)
    finally:
        sys.settrace(None)


print(raising_tracer(), sys.gettrace())
print(work(10))
