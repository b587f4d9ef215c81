"""Say which opcodes, specialised members included, the code of a case ends up with.

    python reach.py CASE.py     runs the case and prints `reached NAME` for each
    python reach.py --every     prints every opcode that a compiler or the specialiser can produce

The interpreter keeps the specialised form in the code object, so the case is simply run, and its
code is looked at every time a function of `support` says that a function is warm, and at the end.
"""

import dis
import io
import opcode
import pathlib
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent

# Markers of the compiler and the interpreter's own, never an instruction that a program runs.
NOT_INSTRUCTIONS = {
    "CACHE",
    "RESERVED",
    "RESUME_CHECK_INSTRUMENTED",
    "INTERPRETER_EXIT",
    "ENTER_EXECUTOR",
    "EXTENDED_ARG_QUICK",
    "DO_TRACING",
}


def every():
    names = {name for name, value in opcode.opmap.items() if value < 256}
    specialised = getattr(opcode, "_specialized_opmap", None)
    names.update(specialised if specialised is not None else opcode._specialized_instructions)
    return {
        name
        for name in names
        if name not in NOT_INSTRUCTIONS
        and not name.startswith("INSTRUMENTED_")
        and not name.endswith(("_ADAPTIVE", "_QUICK"))
    }


def walk(code, seen):
    """A code object and all that it contains."""
    if id(code) in seen:
        return
    seen[id(code)] = code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            walk(constant, seen)


def ours(code):
    name = code.co_filename
    return name.startswith("<") and not name.startswith("<frozen") or str(HERE) in name


class Collector:
    def __init__(self):
        self.codes = {}
        self.reached = set()

    def look(self, code):
        """Note what a code object, and all that it contains, looks like now."""
        found = {}
        walk(code, found)
        for code in found.values():
            for instruction in dis.get_instructions(code, adaptive=True):
                self.reached.add(instruction.opname)

    def audit(self, event, arguments):
        if event == "exec" and isinstance(arguments[0], types.CodeType) and ours(arguments[0]):
            walk(arguments[0], self.codes)


def main(path):
    collector = Collector()
    sys.addaudithook(collector.audit)
    import support

    support.on_warm.append(collector.look)
    out = sys.stdout
    sys.stdout = io.StringIO()
    sys.argv = [path]
    sys.path[0] = str(pathlib.Path(path).parent)
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    code = compile(pathlib.Path(path).read_text(encoding="utf-8"), path, "exec")
    try:
        exec(code, module.__dict__)
    except BaseException:
        # A case may well end in an exception; that it ends as it should is for `run.py` to see.
        pass
    sys.settrace(None)
    sys.setprofile(None)
    sys.stdout = out
    for code in list(collector.codes.values()):
        collector.look(code)
    for name in sorted(collector.reached):
        print("reached", name)


if __name__ == "__main__":
    if sys.argv[1] == "--every":
        print("\n".join(sorted(every())))
    else:
        main(sys.argv[1])
