# Functions that run for the first time while there is no memory left.

import resource


def limit(more):
    with open("/proc/self/statm") as sizes:
        mapped = int(sizes.read().split()[0]) * resource.getpagesize()
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (mapped + more, most))


text = """
def function{0}(a, b):
    s = 0.0
    for i in [1, 2, 3, 4] * 5:
        if i % 3 == {1}:
            s += a * i
        else:
            s -= b
        s = s * 1.5 if s < 1e9 else s / 7
    return s, [s] * {1}, {{"a": s}}
"""
namespace = {}
exec("".join([text.format(number, number % 3) for number in range(600)]), namespace)
functions = [namespace["function%d" % number] for number in range(600)]


def fill(held):
    size = 1 << 20
    while size >= 16:
        try:
            while True:
                held.append(bytearray(size))
        except MemoryError:
            size //= 2


def call(functions):
    for function in functions:
        try:
            function(1.5, 2.5)
        except MemoryError:
            pass


held = []
before = resource.getrlimit(resource.RLIMIT_AS)
limit(20 << 20)
fill(held)
try:
    call(functions)
except MemoryError:
    pass
held.clear()
resource.setrlimit(resource.RLIMIT_AS, before)
print([function(1.5, 2.5) for function in functions[:3]])
