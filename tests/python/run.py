"""Run every case by the interpreter alone and with Cevalry, and compare what can be seen.

    python tests/python/run.py [--import FOLDER] [--packages FOLDER] [--jobs N] [--no-reach] [--check] [WORD…]

A case is a program in `cases/`. It passes when both ways give the same output, the same standard
error (tracebacks included) and the same exit code. Lines at its top say what it needs:

    # needs: 3.12        not run on an older Python
    # until: 3.12        not run on that Python or a newer one
    # exit: 1            the exit code that it ends with (default 0)
    # seconds: 60        how long it may take (default 60)
    # packages: NAME     not run without `--packages`, a folder with packages from PyPI

Programs in `module/` test what the module offers, and pass when they end with exit code 0.

Differences that are known and not mended yet stand in `known-3.13.txt` and its like, a case and what
is wrong with it on a line. Such a case does not fail the run; one that passes again is named, so that
its line goes.

With `--check`, every block of compiled code first looks whether what it relies on is so, and a
difference ends the process.

`UPDATE_EXPECT=1` rewrites that list and the list of opcodes that no case reaches.
"""

import argparse
import concurrent.futures
import dataclasses
import difflib
import os
import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "cases"
MODULE = HERE / "module"
VERSION = "%d.%d" % sys.version_info[:2]
SHOWN_LINES = 30


@dataclasses.dataclass
class Outcome:
    """What a run of a case showed."""

    code: int
    stdout: str
    stderr: str

    def lines(self):
        yield "exit code %d" % self.code
        for name in "stdout", "stderr":
            for line in getattr(self, name).splitlines():
                yield name + ": " + line


@dataclasses.dataclass
class Way:
    """A way to run a case: a name, and what stands between the interpreter and the case."""

    name: str
    arguments: tuple


ALONE = Way("interpreter", ())
COMPILED = (
    Way("threshold 0", ("-m", "cevalry", "--threshold", "0", "--")),
    Way("default threshold", ("-m", "cevalry", "--")),
)


class Case:
    def __init__(self, path):
        self.path = path
        self.name = path.relative_to(HERE).as_posix()
        head = re.findall(r"^# (\w+): (\S+)$", path.read_text(encoding="utf-8"), re.M)
        self.head = dict(head)

    def why_skipped(self, packages):
        if "packages" in self.head and not packages:
            return "needs the package " + self.head["packages"]
        if "needs" in self.head and number(VERSION) < number(self.head["needs"]):
            return "needs Python " + self.head["needs"]
        if "until" in self.head and number(VERSION) >= number(self.head["until"]):
            return "is about Python before " + self.head["until"]
        return None

    def folders(self, imports, packages):
        """Where the case's modules come from, beside the standard library."""
        return [imports] * bool(imports) + [packages] * ("packages" in self.head)

    def run(self, way, folders, check=False):
        try:
            done = subprocess.run(
                [sys.executable, *way.arguments, str(self.path)],
                cwd=CASES,
                env=environment(folders, check),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=float(self.head.get("seconds", 60)),
            )
        except subprocess.TimeoutExpired as late:
            return Outcome(-1, text(late.stdout), text(late.stderr) + "\n(timed out)")
        return Outcome(done.returncode, text(done.stdout), text(done.stderr))


def number(version):
    return tuple(map(int, version.split(".")))


def text(data):
    """Output as text, without addresses of objects, which differ from run to run."""
    return re.sub(r"\b0x[0-9a-f]{9,}\b", "0x…", (data or b"").decode("utf-8", "backslashreplace"))


def environment(folders, check=False):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "CEVALRY", "RUST_"))}
    folders = [str(HERE / "lib"), *folders]
    if check:
        kept["CEVALRY_CHECK"] = "1"
    return kept | {
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
    }


def problems(case, chosen):
    """Run a case each way and say what is wrong, as lines; none when it passes."""
    imports, check = chosen.imports, chosen.check
    folders = case.folders(imports, chosen.packages)
    if MODULE in case.path.parents:
        tested = case.run(ALONE, folders, check)
        return [] if tested.code == 0 else list(tested.lines())
    alone = case.run(ALONE, folders)
    if alone.code != int(case.head.get("exit", 0)):
        return ["the interpreter alone ends otherwise than the case says:", *list(alone.lines())[-SHOWN_LINES:]]
    found = []
    for way in COMPILED if imports else ():
        compiled = case.run(way, folders, check)
        if compiled.code < 0 and alone.code >= 0:
            found += ended_early(way, alone, compiled)
        elif compiled != alone:
            found += difflib.unified_diff(
                list(alone.lines()), list(compiled.lines()), ALONE.name, way.name, lineterm="", n=2
            )
    return found


def ended_early(way, alone, compiled):
    """Where a run was when a signal (or our patience) ended it."""
    expected, shown = alone.stdout.splitlines(), compiled.stdout.splitlines()
    agreed = 0
    while agreed < min(len(expected), len(shown)) and expected[agreed] == shown[agreed]:
        agreed += 1
    yield "%s ended with %d after %d lines as expected" % (way.name, compiled.code, agreed)
    for line in expected[max(0, agreed - 2) : agreed]:
        yield "before: " + line
    for line in expected[agreed : agreed + 2]:
        yield "expected next: " + line
    for line in compiled.stderr.splitlines()[-8:]:
        yield "stderr: " + line


def listed(path):
    """A list of names, each with the reason behind it."""
    if not path.exists():
        return {}
    rows = (line.partition(" ") for line in path.read_text().splitlines())
    return {name: reason.strip() for name, _, reason in rows}


def write_list(path, names, reasons):
    rows = (("%-36s %s" % (name, reasons.get(name, "(say why)"))).rstrip() for name in sorted(names))
    path.write_text("".join(row + "\n" for row in rows))


def check_reach(cases, chosen):
    """Compare the opcodes that no case reaches with the list that says why."""
    path = HERE / ("unreached-%s.txt" % VERSION)
    command = [sys.executable, str(HERE / "reach.py")]
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        runs = pool.map(
            lambda case: subprocess.run(
                [*command, str(case.path)],
                cwd=CASES,
                env=environment(case.folders(chosen.imports, chosen.packages)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
            ),
            cases,
        )
        reached = set()
        for run in runs:
            lines = text(run.stdout).splitlines()
            reached.update(line.removeprefix("reached ") for line in lines if line.startswith("reached "))
    every = set(text(subprocess.run([*command, "--every"], capture_output=True).stdout).split())
    missing = every - reached
    reasons = listed(path)
    if os.environ.get("UPDATE_EXPECT") == "1":
        write_list(path, missing, reasons)
        return []
    found = ["no case reaches " + name for name in sorted(missing - set(reasons))]
    found += ["a case reaches %s, which %s lists as unreached" % (name, path.name)
              for name in sorted(set(reasons) - missing)]
    return found


def main():
    options = argparse.ArgumentParser(description="Run the Python cases both ways.")
    options.add_argument("--import", dest="imports", metavar="FOLDER", help="the folder to import Cevalry from")
    options.add_argument("--packages", metavar="FOLDER", help="the folder that has packages from PyPI")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--no-reach", action="store_true", help="leave out the list of opcodes that no case reaches")
    options.add_argument("--check", action="store_true", help="check what compiled code relies on")
    options.add_argument("words", nargs="*", metavar="WORD", help="only cases whose path contains one of these")
    chosen = options.parse_args()
    # A shell that starts us in the background lets SIGINT be ignored, and cases would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    cases = [Case(path) for path in sorted(CASES.rglob("*.py"))]
    if chosen.imports:
        cases += [Case(path) for path in sorted(MODULE.glob("*.py"))]
    if chosen.words:
        cases = [case for case in cases if any(word in case.name for word in chosen.words)]
    known_path = HERE / ("known-%s.txt" % VERSION)
    known = listed(known_path) if chosen.imports else {}
    differing = set()
    passed = failed = skipped = 0
    run = []
    for case in cases:
        if case.why_skipped(chosen.packages):
            skipped += 1
        else:
            run.append(case)
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        for case, found in zip(run, pool.map(lambda case: problems(case, chosen), run)):
            if not found:
                passed += 1
                if case.name in known:
                    print("PASSES AGAIN", case.name)
                continue
            differing.add(case.name)
            if case.name in known:
                print("KNOWN", case.name, known[case.name])
                skipped += 1
                continue
            failed += 1
            print("FAILED", case.name)
            for line in found[:SHOWN_LINES]:
                print("   ", line)
            if len(found) > SHOWN_LINES:
                print("    … and %d lines more" % (len(found) - SHOWN_LINES))
    if chosen.imports and not chosen.words and os.environ.get("UPDATE_EXPECT") == "1":
        write_list(known_path, differing, known)
    if not chosen.words and not chosen.no_reach:
        found = check_reach([case for case in run if CASES in case.path.parents], chosen)
        if found:
            failed += 1
            print("FAILED list of opcodes that no case reaches (UPDATE_EXPECT=1 rewrites it)")
            for line in found:
                print("   ", line)
        else:
            passed += 1
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
