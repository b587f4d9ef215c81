"""Memory that slices take belongs to their lines, whatever the loop has in registers."""

import tracemalloc


def parts(n):
    items = list(range(90))
    kept = [None] * n
    for i in range(n):
        last = 30 + (i & 3)
        items[0]
        kept[i] = items[last::-1]
    return kept


for turn in range(5):
    parts(60)
tracemalloc.start()
kept = parts(60)
found = tracemalloc.take_snapshot().statistics("lineno")
tracemalloc.stop()
lines = {trace.traceback[0].lineno - parts.__code__.co_firstlineno: trace.count for trace in found if trace.count >= 60}
print(lines)
