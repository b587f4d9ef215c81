"""Imported when the interpreter starts, by the package's ``.pth`` file: see ``CEVALRY``."""

import os
import sys

if os.environ.get("CEVALRY", "").strip() not in ("", "0"):
    try:
        import cevalry

        cevalry.enable()
    except (ImportError, ValueError) as error:
        print(f"CEVALRY is set, but the program runs without Cevalry: {error}", file=sys.stderr)
