"""Looking at running functions from other threads: frames, lines, locals, and exceptions sent to them."""
import ctypes
import sys
import threading
import time
import traceback


def inner(x):
    return x * 0.5 + 1.0


def spin(flag):
    number, real, text = 0, 0.5, "a"
    while not flag:
        number += 1
        real = inner(real)
        text = "ab"[number & 1]
    return number > 0, 0.0 < real <= 2.0, text in "ab"


LINES = range(spin.__code__.co_firstlineno, spin.__code__.co_firstlineno + 7)


def look(thread, times):
    """What frames of the thread show, as long as it runs."""
    seen = set()
    for _ in range(times):
        time.sleep(0.0005)
        frame = sys._current_frames().get(thread.ident)
        names = []
        while frame is not None:
            names.append(frame.f_code.co_name)
            if frame.f_code is spin.__code__:
                values = frame.f_locals
                seen.add(type(values.get("number", 0)) is int)
                seen.add(type(values.get("real", 0.0)) is float and 0.0 < values.get("real", 0.5) <= 2.0)
                seen.add(values.get("text", "a") in ("a", "b"))
                seen.add(frame.f_lineno in LINES)
                seen.add("flag" in values)
            frame = frame.f_back
        outer = [name for name in names if name in ("inner", "spin", "run")]
        seen.add(outer in (["spin", "run"], ["inner", "spin", "run"], ["run"], []))
    return seen


def watched(times):
    flag, results = [], []

    def run():
        results.append(spin(flag))

    thread = threading.Thread(target=run)
    thread.start()
    seen = look(thread, times)
    flag.append(1)
    thread.join()
    return seen, results


def stacks():
    """`traceback` over the stacks of all threads."""
    flag, names = [], set()
    thread = threading.Thread(target=spin, args=(flag,))
    thread.start()
    for _ in range(30):
        time.sleep(0.0005)
        frame = sys._current_frames().get(thread.ident)
        for entry in traceback.extract_stack(frame) if frame else ():
            if entry.filename == __file__:
                names.add(entry.name)
    flag.append(1)
    thread.join()
    return names <= {"inner", "spin"}


class Stop(Exception):
    pass


def interrupted():
    """An exception that another thread raises in a loop."""
    told = []

    def run():
        try:
            spin([])
        except Stop:
            told.append(sys.exc_info()[2].tb_next.tb_frame.f_code.co_name)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.01)
    sent = ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
    thread.join()
    return sent, told


sys.setswitchinterval(1e-4)
spin([1])
for turn in range(8):
    print(watched(40), stacks(), interrupted())
