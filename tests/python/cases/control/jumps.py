"""Conditions of every shape, and bodies so long that jumps and arguments need more than a byte."""
from support import mixed, warm


def tangled(a, b, c):
    if a and (b or not c):
        if not (a or b) or c:
            return 1
        return 2
    elif a is None or b is not None and c:
        return 3
    elif not a and not b and not c:
        return 4
    return 5 if a else 6 if b or c else 7


def loop_conditions(n):
    found = []
    while n > 0 and (n % 2 or n > 3) and not n == 7:
        n -= 1
        if n is not None and n & 1:
            found.append(n)
        while n and n % 5:
            n -= 1
    return found, n


def none_loops(values):
    values = list(values)
    steps = 0
    item = values.pop() if values else None
    while item is not None:
        steps += 1
        item = values.pop() if values else None
    while item is None:
        item = steps
    while not item:
        item = "end"
    return steps, item


for a in (0, 1, None):
    for b in (0, 1, None):
        for c in (0, 1, None):
            mixed(tangled, (a, b, c))
mixed(loop_conditions, (20,), (7,), (3,), (2.5,))
mixed(none_loops, ("abc",), ([],), ([0, None, 1],))

statements = "\n".join("    if n == %d: x += %d * n; y = [x, n, 'name%d', %d.5]" % (i, i, i, i) for i in range(400))
source = """
def enormous(n):
    x = 0
    y = None
    for turn in range(2):
%s
        if n < 0:
            break
        x += turn
    return x, y
""" % statements.replace("\n", "\n    ").replace("    if", "        if", 1)
names = {}
exec(compile(source, "<enormous>", "exec"), names)
mixed(names["enormous"], (3,), (399,), (1000,), (-1,), (2.0,), ("a",))

many = ", ".join("v%d" % i for i in range(300))
exec(compile("def wide():\n    %s = range(300)\n    return v0 + v299, [%s][150]\n" % (many, many), "<wide>", "exec"), names)
warm(names["wide"])
exec(compile("def arguments(%s):\n    return v299 - v0\n" % many, "<arguments>", "exec"), names)
print(names["arguments"](*range(300)))
