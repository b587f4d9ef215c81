"""A tool begins to watch from another thread while a hot loop runs: the loop goes on."""
# needs: 3.12
import sys
import threading
import time

mon = sys.monitoring
TOOL = 4


def spin(flag):
    while not flag:
        pass
    return flag[:]


def spin_for(flag):
    for _ in range(10**10):
        if flag:
            break
    return flag[:]


def watch(flag):
    time.sleep(0.05)
    mon.use_tool_id(TOOL, "watched_loop")
    mon.register_callback(TOOL, mon.events.RAISE, lambda *_: None)
    mon.set_events(TOOL, mon.events.RAISE)
    time.sleep(0.05)
    flag.append("watched")
    mon.set_events(TOOL, 0)
    mon.free_tool_id(TOOL)


for function in (spin, spin_for, spin):
    for _ in range(3):
        function(["once"])
    flag = []
    thread = threading.Thread(target=watch, args=(flag,))
    thread.start()
    print(function(flag))
    thread.join()
