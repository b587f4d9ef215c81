"""Signals arrive at the interpreter's own points: in loops, in calls, and as KeyboardInterrupt."""
import os
import signal
import threading
import time


def busy(flag, limit):
    turns = 0
    while not flag:
        turns += 1
        if turns > limit:
            return "never came"
    return "came"


def busy_for(flag):
    for _ in range(10**9):
        if flag:
            return "came"
    return "never came"


def busy_float():
    x = 1.0
    while True:
        x = x * 1.0000001
        if x > 1e300:
            x = 1.0


def busy_calls():
    def inner(n):
        return n + 1

    n = 0
    while True:
        n = inner(n)


for function in (lambda flag: busy(flag, 10**9), busy_for):
    flag = []
    signal.signal(signal.SIGALRM, lambda number, frame: flag.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    print(function(flag), flag == [signal.SIGALRM])


class Timeout(Exception):
    pass


def raise_timeout(number, frame):
    raise Timeout("in " + frame.f_code.co_name)


signal.signal(signal.SIGALRM, raise_timeout)
for function in (busy_float,):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        function()
    except Timeout as error:
        print(error)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    busy_calls()
except Timeout as error:
    print(str(error) in ("in busy_calls", "in inner"))
threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    busy_float()
except KeyboardInterrupt:
    print("interrupted")


def nested_handler():
    seen = []

    def handler(number, frame):
        seen.append(sum(index for index in range(100)))

    signal.signal(signal.SIGUSR1, handler)
    for _ in range(50):
        os.kill(os.getpid(), signal.SIGUSR1)
        seen.append("loop")
    return seen.count("loop"), [value for value in seen if value != "loop"][0]


print(nested_handler())
start = time.monotonic()
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.02)
time.sleep(0.1)
print(time.monotonic() - start >= 0.1)
