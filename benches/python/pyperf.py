"""Stands in for pyperf under pyperformance's benchmarks, in the process that is measured.

`cargo xtask bench` starts each benchmark's own script, with and without Cevalry, and puts this
folder first on the path. Where pyperf would start workers, calibrate and warm up, this measures
from the first call on, since what a compiler costs at first is part of the answer. It prints one
line of JSON for the benchmark that `BENCH_NAME` names and runs no other.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import sys
import time

perf_counter = time.perf_counter

# A measurement is repeated within itself until it takes this long, so that clocks do not matter.
SHORTEST = 0.02


def python_implementation():
    return platform.python_implementation().lower()


class Runner:
    def __init__(self, add_cmdline_args=None, **_):
        self.metadata = {}
        self.argparser = argparse.ArgumentParser()
        self.args = None

    def parse_args(self, arguments=None):
        self.args = self.argparser.parse_args(arguments)
        return self.args

    def bench_time_func(self, name, function, *arguments, inner_loops=1, **_):
        if name == os.environ["BENCH_NAME"]:
            measure(lambda loops: function(loops, *arguments))

    def bench_func(self, name, function, *arguments, inner_loops=1, **_):
        def timed(loops):
            turns = range(loops)
            start = perf_counter()
            for _ in turns:
                function(*arguments)
            return perf_counter() - start

        if name == os.environ["BENCH_NAME"]:
            measure(timed)

    def bench_async_func(self, name, function, *arguments, loop_factory=None, inner_loops=1, **_):
        async def timed(loops):
            turns = range(loops)
            start = perf_counter()
            for _ in turns:
                await function(*arguments)
            return perf_counter() - start

        def run(loops):
            if loop_factory is None:
                return asyncio.run(timed(loops))
            loop = loop_factory()
            try:
                return loop.run_until_complete(timed(loops))
            finally:
                loop.close()

        if name == os.environ["BENCH_NAME"]:
            measure(run)


def measure(timed):
    """Call `timed(loops)` for `BENCH_SECONDS`, and print what was seen."""
    end = perf_counter() + float(os.environ["BENCH_SECONDS"])
    loops = 1
    first = timed(loops)
    times = [first]
    while perf_counter() < end or len(times) < 3:
        if times[-1] * loops < SHORTEST:
            loops *= 2
        times.append(timed(loops) / loops)
    settled = sorted(times[len(times) // 2 :])
    cevalry = sys.modules.get("cevalry")
    stats = cevalry.stats() if cevalry is not None else {}
    print(
        json.dumps(
            {
                "first": first,
                "steady": settled[len(settled) // 2],
                "best": settled[0],
                "runs": len(times),
                "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                "compile_seconds": stats.get("compile_seconds", 0.0),
                "code_bytes": stats.get("code_bytes", 0),
                "metadata_bytes": stats.get("metadata_bytes", 0),
                "bytecodes": stats.get("bytecodes", 0),
            }
        )
    )
