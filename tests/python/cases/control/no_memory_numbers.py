# Numbers that compiled code makes objects of later than the interpreter, while there is no memory for
# any. The interpreter has some of them from memory that it has at hand; compiled code raises at the
# next call or turn of a loop.

try:
    from _testcapi import remove_mem_hooks, set_nomemory
except ImportError:
    # A part of the interpreter's own tests, which not everybody has.
    def set_nomemory(start, stop):
        raise MemoryError

    def remove_mem_hooks():
        pass


def look(*numbers):
    pass


def ints(turns, seen):
    i = 1000000
    for _ in turns:
        i = i + 3
        look(i)
    seen.append(i)


def floats(turns, seen):
    x = y = 0.5
    for _ in turns:
        x = x + 0.25
        y = x * 2.0
        look(x, y)
    seen.append(x)


def wide(turns, seen):
    i = 1 << 61
    for _ in turns:
        i = i + 1
        j = i - (1 << 62)
        k = i + (1 << 62)
        look(i, j, k)
    seen.append(i)


def slices(turns, seen):
    letters = list("letters") * 400
    i = 300
    for _ in turns:
        i = i + 1
        look(letters[i:])
    seen.append(i)


def locals_kept(turns, seen):
    x, i = 0.5, 1000
    try:
        for _ in turns:
            x = x + 1.0
            i = i + 1
            look(x, i)
    except MemoryError:
        remove_mem_hooks()
        # An exit that finds no memory leaves both as they are, too.
        seen.append(x + 999.5 == i)
        seen.append("MemoryError")
        return
    seen.append(i)


def without_memory(function):
    seen = []
    turns = iter(range(100000))
    set_nomemory(0, 0)
    try:
        function(turns, seen)
    except MemoryError:
        remove_mem_hooks()
        seen.append("MemoryError")
    finally:
        remove_mem_hooks()
    return seen[-1]


for function in ints, floats, wide, slices, locals_kept:
    for turns in 1, 2, 30:
        seen = []
        function(range(turns), seen)
        print(function.__name__, seen)
    for _ in range(3):
        print(function.__name__, without_memory(function) in ("MemoryError", 25000.5))
        seen = []
        function(range(30), seen)
        print(function.__name__, seen)
