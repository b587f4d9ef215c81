# Exceptions while there is no memory for the frame objects of their tracebacks.

try:
    from _testcapi import remove_mem_hooks, set_nomemory
except ImportError:
    # A part of the interpreter's own tests, which not everybody has.
    def set_nomemory(start, stop):
        pass

    def remove_mem_hooks():
        pass


def caught(call, argument, stop):
    name = "nothing"
    set_nomemory(0, stop)
    try:
        call(argument)
    except MemoryError:
        name = "MemoryError"
    except (ValueError, TypeError):
        name = "another"
    finally:
        remove_mem_hooks()
    return name


for call, argument in (int, "x"), (len, 5), (bytes, 70000), (list, "letters"):
    for stop in 2, 3, 5, 10, 20:
        print(call.__name__, stop, [caught(call, argument, stop) for _ in range(4)])
