"""The command line: sets the stage as the interpreter does, then runs the program."""

import os
import sys

import cevalry
from cevalry import _cevalry

_USAGE = """\
usage: python -m cevalry [--threshold N] [--stats] [--] (SCRIPT | - | -m MODULE | -c COMMAND) [ARGUMENT ...]"""

_HELP = f"""{_USAGE}

Run a Python program as python itself would, compiled.

options:
  -h, --help     show this message
  --threshold N  samples (about one each millisecond) that must meet a function before it is
                 compiled; 0 compiles everything at first sight
  --stats        print what was compiled, to stderr, when the program ends"""


def main():
    """Run the program that the command line names, and end the process as it would."""
    threshold, stats, program = _options(sys.argv[1:])
    kind, name, arguments = _program(program)
    try:
        cevalry.enable(threshold)
    except ValueError as error:
        _fail(str(error))
    if stats:
        import atexit

        atexit.register(_print_stats)
    sys.orig_argv[:] = _original_arguments(program)
    run = {"-c": _run_command, "-m": _run_module, "-": _run_input}.get(kind, _run_script)
    code, interrupted = run(name, arguments)
    if interrupted:
        # The interpreter ends itself by the signal when this leaves the main module.
        sys.excepthook = lambda *_: None
        raise KeyboardInterrupt
    raise SystemExit(code)


def _options(arguments):
    """Take our own options off the command line; the rest names the program."""
    threshold = None
    stats = False
    at = 0
    while at < len(arguments):
        argument = arguments[at]
        at += 1
        if argument == "--stats":
            stats = True
        elif argument == "--threshold" or argument.startswith("--threshold="):
            text = argument.partition("=")[2]
            if not text and at < len(arguments):
                text = arguments[at]
                at += 1
            try:
                threshold = int(text)
            except ValueError:
                _fail(f"--threshold needs a whole number, not {text!r}")
        elif argument in ("-h", "--help"):
            print(_HELP)
            raise SystemExit(0)
        elif argument == "--":
            break
        else:
            at -= 1
            break
    return threshold, stats, arguments[at:]


def _fail(message):
    print(f"{_USAGE}\npython -m cevalry: error: {message}", file=sys.stderr)
    raise SystemExit(2)


def _program(arguments):
    """Which program to run: its kind, its name and its arguments."""
    if not arguments:
        _fail("name a script, or a module after -m, or a command after -c")
    first, *rest = arguments
    for kind in ("-c", "-m"):
        if first == kind:
            if not rest:
                _fail(f"{kind} needs an argument")
            return kind, rest[0], rest[1:]
        if first.startswith(kind):
            return kind, first[len(kind) :], rest
    if first == "-":
        return first, first, rest
    if first.startswith("-"):
        _fail(f"{first} is not an option of this command")
    return "", first, rest


def _original_arguments(program):
    """What ``sys.orig_argv`` would be without this command."""
    original = sys.orig_argv
    for at in range(1, len(original) - 1):
        if original[at] == "-m" and original[at + 1] == "cevalry":
            return original[:at] + program
    return original[:1] + program


def _run_script(path, arguments):
    sys.argv[:] = [path, *arguments]
    filename = os.path.abspath(path)
    # A folder or an archive with a main module is run as a module, from there.
    if _is_importable(filename):
        _replace_first_path(filename, always=True)
        return _cevalry.run_module("__main__", False, _fresh_main().__dict__)
    try:
        with open(filename, "rb") as file:
            start = file.read(4)
    except OSError as error:
        program = sys.orig_argv[0]
        print(
            f"{program}: can't open file {filename!r}: [Errno {error.errno}] {error.strerror}",
            file=sys.stderr,
        )
        raise SystemExit(2) from None
    _replace_first_path(os.path.dirname(os.path.realpath(path)))
    return _run_file(filename, start)


def _run_file(filename, start):
    import importlib.machinery
    import importlib.util

    main = _fresh_main()
    main.__file__ = filename
    main.__cached__ = None
    if filename.endswith(".pyc") or start == importlib.util.MAGIC_NUMBER:
        import marshal

        main.__loader__ = importlib.machinery.SourcelessFileLoader("__main__", filename)
        with open(filename, "rb") as file:
            code = marshal.loads(file.read()[16:])
        return _cevalry.run_code(code, main.__dict__)
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", filename)
    return _cevalry.run_file(os.fsencode(filename), main.__dict__)


def _run_input(name, arguments):
    sys.argv[:] = [name, *arguments]
    _replace_first_path("")
    main = _fresh_main()
    main.__file__ = "<stdin>"
    main.__cached__ = None
    return _cevalry.run_input(main.__dict__)


def _run_module(name, arguments):
    sys.argv[:] = ["-m", *arguments]
    return _cevalry.run_module(name, True, _fresh_main().__dict__)


def _run_command(command, arguments):
    sys.argv[:] = ["-c", *arguments]
    _replace_first_path("")
    main = _fresh_main()
    return _cevalry.run_command(command.encode("utf-8", "surrogateescape"), main.__dict__)


def _is_importable(path):
    import pkgutil

    return pkgutil.get_importer(path) is not None and (
        os.path.isdir(path) or _is_archive(path)
    )


def _is_archive(path):
    import zipimport

    return isinstance(sys.path_importer_cache.get(path), zipimport.zipimporter)


def _replace_first_path(folder, always=False):
    """``-m`` has put the current folder first, unless the user asked for a safe path."""
    if not sys.flags.safe_path:
        sys.path[0] = folder
    elif always:
        sys.path.insert(0, folder)


def _fresh_main():
    """A ``__main__`` as the interpreter makes it, in place of the one that runs this."""
    import importlib.machinery
    import types

    main = types.ModuleType("__main__")
    main.__loader__ = importlib.machinery.BuiltinImporter
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    main.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main
    return main


def _print_stats():
    stats = cevalry.stats()
    exits = stats.pop("exits")
    missing = stats.pop("missing")
    for name, value in stats.items():
        shown = f"{value:.6f}" if isinstance(value, float) else value
        print(f"{name.replace('_', ' ')}: {shown}", file=sys.stderr)
    for reason, count in sorted(exits.items(), key=lambda one: -one[1]):
        print(f"{count:12} {reason}", file=sys.stderr)
    for opcode, reason in missing.items():
        print(f"{opcode} may leave to the interpreter: {reason}", file=sys.stderr)
