"""Generators of other interpreters, and of this one when Cevalry is off, are the interpreter's own."""
import sys

import cevalry

if sys.version_info >= (3, 13):
    import _interpreters as interpreters
else:
    import _xxsubinterpreters as interpreters


def count(n):
    x = 0.5
    for index in range(n):
        x += yield index + x


def total(n):
    return sum(count(n)) if n < 0 else sum(1 for _ in consume(n))


def consume(n):
    generator = count(n)
    yield next(generator)
    try:
        while True:
            yield generator.send(1.5)
    except StopIteration:
        return


SCRIPT = """
def count(n):
    for index in range(n):
        yield index

async def answer(n):
    return n

async def adds(n):
    return sum([await answer(index) for index in range(n)])

coroutine = adds(50)
try:
    coroutine.send(None)
except StopIteration as stop:
    assert stop.value == 1225
for _ in range(50):
    assert sum(count(100)) == 4950
"""

for threshold in (0, 2):
    cevalry.enable(threshold=threshold)
    for function in (count, consume):
        cevalry.compile(function)
    before = [total(20) for _ in range(20)]
    other = interpreters.create()
    failed = interpreters.run_string(other, SCRIPT)
    assert failed is None, failed
    interpreters.destroy(other)
    assert [total(20) for _ in range(20)] == before
    cevalry.disable()
    assert [total(20) for _ in range(20)] == before
print("ok")
