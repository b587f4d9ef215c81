"""Forks whose hooks run functions: nobody is warned of threads that the program has not started."""
import os
import warnings


def work(n):
    total = 0
    for index in range(n):
        total += index
    return total


def forks(n):
    for turn in range(n):
        child = os.fork()
        if child == 0:
            os._exit(work(2000) % 7)
        print(turn, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), work(50_000))


warnings.simplefilter("always")
os.register_at_fork(before=lambda: work(2000), after_in_parent=lambda: work(2000), after_in_child=lambda: work(2000))
work(50_000)
forks(8)
