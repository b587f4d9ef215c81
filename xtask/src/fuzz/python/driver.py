"""Run a batch of programs in this process and write down what each shows.

    python driver.py TURNS PATIENCE BATCH RESULTS [--import FOLDER WHEN]

WHEN is a threshold, `default`, or `midway`: the first half of the calls of each function is the
interpreter's, so that compiled code meets instructions that are specialised already.

Each program is run TURNS times, so that code may become hot; what is written down is the last run.
When that takes more than PATIENCE milliseconds of the processor, SIGPROF ends the process.

BATCH holds one JSON string a line, RESULTS gets `begin N` before program N, and one line of JSON
after it, so that whoever started this process knows which program ended it.
"""

import builtins
import gc
import json
import re
import resource
import signal
import sys
import warnings

import fuzzlib

ADDRESS = re.compile("0x[0-9a-f]{3,}")
COMMON = (None, True, False, Ellipsis, NotImplemented, 0, 1, "", "a", b"", (), int, str, float, list, object)
MOST_MEMORY = 3 << 30

# What the reference count of a shared object may grow by in a program.
SLACK = 500


def run(source, turns):
    """What the last run of a program shows, as a list of lines."""
    try:
        code = compile(source, "<program>", "exec")
    except SyntaxError as error:
        return ["not a program: %s" % error]
    for _ in range(turns - 1):
        play(code)
    gc.collect()
    before = [sys.getrefcount(value) for value in COMMON]
    lines = play(code)
    del code
    gc.collect()
    after = [sys.getrefcount(value) for value in COMMON]
    for value, then, now in zip(COMMON, before, after):
        if now - then > SLACK:
            lines.append("many more references to %r" % (value,))
    return lines


def play(code):
    """Run a program once."""
    fuzzlib.reset()
    fuzzlib.start()
    namespace = {"__name__": "__main__", "__builtins__": builtins}
    try:
        exec(code, namespace)
    except BaseException as error:
        fuzzlib.show_error(error)
    state = []
    for key in sorted(namespace):
        if key[0] == "G":
            value = namespace[key]
            state.append("%s = %s" % (key, fuzzlib.describe(value)))
            if type(value) in (list, dict, set, fuzzlib.Noisy) or isinstance(value, fuzzlib.Plain):
                state.append("%s has %d references" % (key, sys.getrefcount(value)))
            value = None
    fuzzlib.log.extend(state)
    fuzzlib.note("clearing")
    namespace.clear()
    del namespace
    gc.collect()
    lines = [ADDRESS.sub("0x…", line) for line in fuzzlib.log]
    fuzzlib.log.clear()
    fuzzlib.global_list.clear()
    return lines


def unraisable(event):
    fuzzlib.note("ignored " + type(event.exc_value).__name__)


def limit_memory():
    """Let programs have as much either way, whatever the process has mapped already."""
    with open("/proc/self/statm") as sizes:
        mapped = int(sizes.read().split()[0]) * resource.getpagesize()
    limit = mapped + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main(arguments):
    turns, patience, batch, results = arguments[:4]
    sys.unraisablehook = unraisable
    warnings.simplefilter("ignore")
    with open(batch, encoding="utf-8") as lines:
        programs = [json.loads(line) for line in lines]
    if len(arguments) > 4:
        sys.path.insert(0, arguments[5])
        import cevalry

        if arguments[6] == "midway":
            fuzzlib.start = cevalry.disable
            fuzzlib.midway = lambda: cevalry.enable(threshold=0)
        else:
            cevalry.enable(threshold=None if arguments[6] == "default" else int(arguments[6]))
    limit_memory()
    # Collections in and behind programs need not look at what is not theirs.
    gc.collect()
    gc.freeze()
    with open(results, "a", encoding="utf-8") as out:
        for number, source in programs:
            out.write("begin %d\n" % number)
            out.flush()
            signal.setitimer(signal.ITIMER_PROF, int(patience) / 1000)
            lines = run(source, int(turns))
            signal.setitimer(signal.ITIMER_PROF, 0)
            out.write(json.dumps([number, lines]) + "\n")
            out.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
