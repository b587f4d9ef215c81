"""Code that runs for the first time when the interpreter has no modules any more."""

import codecs
import os


class Keeper:
    def __del__(self, write=os.write):
        total = 0
        for value in (1, 2, 3):
            total += value
        write(1, b"total %d\n" % total)


# Search functions are given back after the modules.
codecs.register(lambda name, keeper=Keeper(): None)
