"""Programs run the same without each mechanism, and unknown names are refused."""
# seconds: 600

import os
import pathlib
import subprocess
import sys
import unittest

import cevalry._cevalry as _cevalry

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
NAMES = [name for name, _ in _cevalry.MECHANISMS]

# Each case, and the mechanisms that it is run without, one at a time.
MEANT = {
    "arithmetic/numbers_in_place.py": (
        "unboxed-floats unboxed-ints unboxed-bools pending-increments overwriting members matching supposing"
        " number-functions patience needs alignment"
    ),
    "arithmetic/floats_freed.py": "free-floats",
    "arithmetic/truth.py": "unboxed-bools supposing number-functions",
    "calls/frameless.py": "frameless-calls known-code foreseen-branches supposing needs operators",
    "calls/pushed_frames.py": "pending-increments foreseen-branches pushed-frames known-code immortal-hints",
    "classes/asked_once.py": "steady-words",
    "classes/few_classes.py": "attributes-in-place attribute-answers",
    "classes/instances_with_dicts.py": "attributes-in-place attribute-answers",
    "classes/initialised_in_place.py": "fresh-instances steady-words frameless-calls",
    "classes/instances_dropped.py": "instance-drops",
    "classes/instances_made.py": "initializers instance-stand-ins",
    "classes/instances_of.py": "instance-checks supposing",
    "classes/many_classes.py": "attribute-answers members",
    "classes/operators_known.py": "operators operator-stand-ins supposing",
    "control/iterators.py": "iterators pending-increments",
    "control/loops.py": "unboxed-ints main-loops",
    "data/arrays.py": "subscripts unboxed-floats",
    "data/slices.py": "pending-slices unboxed-ints",
    "data/unpacking.py": "unpacking pending-increments",
    "generators/chains.py": "generators",
    "names/globals.py": "globals-in-place foreseen-branches",
}


def run(case, *launcher, without=""):
    environment = dict(os.environ, CEVALRY_WITHOUT=without)
    command = [sys.executable, *launcher, str(CASES / case)]
    done = subprocess.run(
        command, cwd=CASES, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )
    return done.returncode, done.stdout, done.stderr


class Mechanisms(unittest.TestCase):
    def test_each_is_left_out_of_a_case(self):
        meant = " ".join(MEANT.values()).split()
        self.assertEqual(sorted(set(meant)), sorted(NAMES))

    def test_cases_without_each(self):
        for case, names in MEANT.items():
            alone = run(case)
            for without in names.split():
                self.compare(case, alone, without)

    def test_cases_without_all(self):
        for case in "classes/operators_known.py", "data/slices.py":
            self.compare(case, run(case), ",".join(NAMES))

    def compare(self, case, alone, without):
        with self.subTest(case=case, without=without):
            compiled = run(case, "-m", "cevalry", "--threshold", "0", "--", without=without)
            self.assertEqual(compiled, alone)

    def test_unknown_names_are_refused(self):
        code = "try: import cevalry\nexcept ValueError as error: print(error)"
        environment = dict(os.environ, CEVALRY_WITHOUT="slices")
        out = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True).stdout
        listed = ", ".join(NAMES[:-1]) + " and " + NAMES[-1]
        self.assertEqual(out, f'CEVALRY_WITHOUT knows no mechanism "slices", only {listed}\n')


if __name__ == "__main__":
    unittest.main()
