"""Imported when an interpreter starts, by ``cevalry.pth``: see ``CEVALRY``.

It stands beside the package, whose own import is what may be refused.
"""

import os
import sys


def _in_subinterpreter():
    try:
        import _interpreters as interpreters  # 3.13 and later
    except ImportError:
        import _xxsubinterpreters as interpreters
    return interpreters.get_current() != interpreters.get_main()


if os.environ.get("CEVALRY", "").strip() not in ("", "0"):
    try:
        import cevalry

        cevalry.enable()
    except (ImportError, ValueError) as error:
        # The main interpreter may well have Cevalry, and one process speaks of this once at most.
        if not _in_subinterpreter():
            print(f"CEVALRY is set, but the program runs without Cevalry: {error}", file=sys.stderr)
