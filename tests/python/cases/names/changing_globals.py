"""Globals and builtins whose names come and go while functions that use them are compiled."""

import builtins


def shown():
    return value, len("abc"), abs(-2)


def count(turns):
    total = 0
    for i in range(turns):
        total += value + abs(i) + len("ab")
    return total


def grow(name, amount):
    for i in range(amount):
        globals()[f"{name}{i}"] = i


def attempt():
    try:
        return shown()
    except NameError as error:
        return str(error)


value = 1
for _ in range(30):
    shown()
    count(5)
print(shown(), count(40))

# More names: the keys are made anew, several times over.
for amount in (3, 30, 300, 3000):
    grow("more", amount)
    value += 1
    print(amount, [shown() for _ in range(12)][-1], count(40))

# Another value of any type, and none.
for value in (2.5, 10**30, True):
    print([shown() for _ in range(12)][-1], count(40))
del value
print([attempt() for _ in range(12)][-1])
value = 7
print([attempt() for _ in range(12)][-1])

# A builtin's name as a global, and as one no more.
globals()["len"] = lambda text: -1
print([shown() for _ in range(12)][-1], count(40))
del len
print([shown() for _ in range(12)][-1], count(40))

# Another builtin, and one that is gone.
length = builtins.len
builtins.len = lambda text: 100
print([shown() for _ in range(12)][-1], count(40))
del builtins.len
print([attempt() for _ in range(12)][-1])
builtins.len = length
print([shown() for _ in range(12)][-1], count(40))

# Names that make the keys anything but strings, and fewer keys.
globals()[1] = 2
print([shown() for _ in range(12)][-1], count(40))
del globals()[1]
for name in [name for name in globals() if isinstance(name, str) and name.startswith("more")]:
    del globals()[name]
grow("again", 40)
print([shown() for _ in range(12)][-1], count(40))

# Other dictionaries for the same code.
for others in ({"value": 1}, {"value": 2, "abs": lambda x: x - 1}, {}):
    exec("attempts = []", others)
    for _ in range(12):
        try:
            others["attempts"].append(eval(shown.__code__, others))
        except NameError as error:
            others["attempts"].append(str(error))
    print(others["attempts"][-1])


class Odd(dict):
    def __missing__(self, name):
        return f"no {name}"


for _ in range(12):
    odd = eval("value", Odd())
print(odd)

# A name that is equal to that in the code and not the same object.
others = {"".join(["val", "ue"]): 5}
for _ in range(12):
    result = eval(shown.__code__, others)
print(result)

# All names at once.
saved = dict(globals())
code = shown.__code__
function = type(shown)(code, saved)
for _ in range(12):
    function()
saved.clear()
try:
    function()
except NameError as error:
    print(error)
