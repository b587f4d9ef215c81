# Builds that nobody uses count all references as they run. Here they are added up when asked for,
# over every object that the collector reaches; others show as memory blocks.
import gc
import sys


def gettotalrefcount():
    fresh = gc.get_objects()
    known = {}
    while fresh:
        before = len(known)
        known.update(zip(map(id, fresh), fresh))
        fresh = gc.get_referents(*list(known.values())[before:])
        found = dict(zip(map(id, fresh), fresh))
        # Not in a comprehension: its cell would be among what is counted, and stay.
        for address in known:
            found.pop(address, None)
        fresh = list(found.values())
    return sum(map(sys.getrefcount, known.values()))


sys.gettotalrefcount = gettotalrefcount
