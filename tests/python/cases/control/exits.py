"""`sys.exit` from deep inside, with finally blocks and atexit functions on the way."""
# exit: 7
import atexit
import sys

atexit.register(print, "at exit")


def leave(depth):
    try:
        if depth == 0:
            sys.exit(7)
        leave(depth - 1)
    finally:
        print("leaving", depth)


for _ in range(30):
    try:
        leave(2)
    except SystemExit as exit:
        print(exit.code)
leave(3)
