"""Machine code for people: source lines, bytecode, templates and machine code, interleaved."""

import dis
import linecache


def disassemble(code, blocks, hot):
    """The text for all blocks, or for those of the loop that matters most, without rare code."""
    instructions = {one.offset: one for one in dis.get_instructions(code)}
    if hot:
        blocks = _longest_inner_loop(blocks)
    lines = []
    for offset, address, size, pieces in blocks:
        lines.append(f"block {address:x} at {offset}, {size} bytes")
        shown_line = None
        shown_rare = False
        for at, outcome, rare, machine in pieces:
            if rare and hot:
                continue
            if rare and not shown_rare:
                shown_rare = True
                lines.append("  what runs rarely:")
            instruction = instructions.get(at)
            if instruction is not None:
                line = instruction.positions.lineno
                if line != shown_line and not rare:
                    source = linecache.getline(code.co_filename, line or 0).strip()
                    lines.append(f"  line {line}: {source}".rstrip(": "))
                shown_line = line
                lines.append(_bytecode(instruction, outcome))
            lines.extend(_machine(*one) for one in machine)
        lines.append("")
    return "\n".join(lines)


def _bytecode(instruction, outcome):
    name = instruction.opname
    argument = "" if instruction.arg is None else str(instruction.arg)
    if instruction.argrepr:
        argument += f" ({instruction.argrepr})"
    template = "" if outcome == name else f"  as {outcome}" if outcome.isidentifier() else f"  {outcome}"
    return f"  {instruction.offset:6} {name} {argument}".rstrip() + template


def _machine(address, text, note, _):
    return f"{'':12}{address:x}  {text:<36}  ; {note}" if note else f"{'':12}{address:x}  {text}"


def _longest_inner_loop(blocks):
    """The blocks of the loop with most bytecode among those that have no loop inside."""
    starts = {address: index for index, (_, address, _, _) in enumerate(blocks)}
    leads_to = [
        {starts[target] for piece in pieces for *_, target in piece[3] if target in starts}
        for *_, pieces in blocks
    ]
    comes_from = [{one for one, to in enumerate(leads_to) if index in to} for index in range(len(blocks))]
    loops = []
    for last, targets in enumerate(leads_to):
        for first in targets:
            if blocks[first][0] <= blocks[last][0]:
                # A jump back, perhaps: if so, the loop is what lies on a way from there to here.
                inside = _reached(leads_to, first, last) & _reached(comes_from, last, first)
                if first == last or last in _reached(leads_to, first, None):
                    loops.append(inside | {first, last})
    inner = [loop for loop in loops if not any(other < loop for other in loops)]

    def bytecode(loop):
        return sum(1 for index in loop for piece in blocks[index][3] if not piece[2])

    return [blocks[index] for index in sorted(max(inner, key=bytecode, default=range(len(blocks))))]


def _reached(leads_to, start, end):
    """What ways from the start reach that end at `end`."""
    reached = {start}
    waiting = [start] if start != end else []
    while waiting:
        for index in leads_to[waiting.pop()] - reached:
            reached.add(index)
            if index != end:
                waiting.append(index)
    return reached
