"""``python -m cevalry``: run a program as ``python`` itself would, compiled."""

from cevalry._command import main

main()
