"""Strings: f-strings, formatting, concatenation in place, indexing, and bytes."""
from support import mixed, warm


def formatted(x):
    return f"{x}", f"{x!r:>10}", f"{x!s}|{x!a}", f"<{x}-{x}>", f"{x=}", f"plain", f"{x:{'>'}{12}}", f"{'nested ' + f'{x}'}"


def spec(x):
    return f"{x:.3f}"


def percent(x):
    return "%s and %r" % (x, x), "%d" % 5, "%5.1f|%x" % (1.25, 255)


def joined(n):
    text = ""
    for index in range(n):
        text += "x"
        text += str(index)
    return text


def concatenation(a, b):
    c = a + b
    c += a
    return c + b, c


def shared_accumulation(parts):
    total = ""
    kept = []
    for part in parts:
        kept.append(total)
        total += part
    return kept, total


def characters(text):
    return [text[index] for index in range(len(text))], text[0] + text[-1]


def reversal(text):
    out = ""
    for character in text:
        out = character + out
    return out


def compare(words):
    return sorted(words), [a < b for a in words for b in words], [a == b for a in words for b in words]


def splitting(line):
    found = {}
    for word in line.split():
        found[word] = found.get(word, 0) + len(word)
    return found


class Custom:
    def __str__(self):
        return "custom str"

    def __repr__(self):
        return "custom repr"

    def __format__(self, spec):
        return "custom format " + spec


class BadFormat:
    def __format__(self, spec):
        return 5

    def __repr__(self):
        raise ValueError("no repr")

    __str__ = __repr__


class Text(str):
    def __add__(self, other):
        return "Text.__add__"

    def __format__(self, spec):
        return "Text.__format__"

    def __str__(self):
        return "Text.__str__"


VALUES = [(5,), ("text",), (2.5,), (None,), (Custom(),), (BadFormat(),), (Text("t"),), (b"bytes",), ([1],), (10**25,), (True,)]
mixed(formatted, *VALUES)
mixed(spec, (1.5,), (3,), ("a",), (Custom(),), (None,), (1 + 1j,))
mixed(percent, *VALUES[:5])
mixed(joined, (5,), (0,), (2.5,))
print(len(joined(3000)))
mixed(concatenation, ("ab", "cd"), ("", "x"), ("\u1234", "a"), (b"a", b"b"), ("a", 1), (Text("a"), "b"), ("a", Text("b")), ([1], [2]))
mixed(shared_accumulation, (["a", "b", "c"],), ([Text("x"), "y"],), (["a", 5],), (("\u1234", "b"),))
mixed(characters, ("hello",), ("h\u00e9llo",), ("\u1234\U0001F600",), (b"ab",), ("",), ([1, 2],))
mixed(reversal, ("abc",), ("\u1234x",), (["a", "b"],), (b"ab",))
mixed(compare, (["b", "a", "ab", ""],), (["\u1234", "x"],), (["a", 1],), ([b"a", b"b"],))
mixed(splitting, ("the cat the dog",), ("",), (b"a b a",), (5,))


def globals_concatenation():
    global message
    message = "a"
    for _ in range(5):
        message += "b"
    return message


def cell_concatenation():
    text = ""

    def add(part):
        nonlocal text
        text += part

    for part in "xyz":
        add(part)
    return text


def attribute_concatenation(thing):
    thing.text = ""
    for part in "xyz":
        thing.text += part
    return thing.text


warm(globals_concatenation)
warm(cell_concatenation)
warm(attribute_concatenation, type("Box", (), {})())
