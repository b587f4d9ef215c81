"""NaN in comparisons that the interpreter has specialised for floats before they are compiled."""


def rounds(x):
    n = 0
    while x != 0.1 and n < 3:
        n += 1
    return n


def branches(x):
    return (1 if x != 0.1 else 0), (1 if x == 0.1 else 0), (1 if x < 0.1 else 0), (1 if x >= 0.1 else 0)


for x in (2.5, float("nan"), 0.1):
    for _ in range(5000):
        rounds(2.5), branches(2.5)
    print(rounds(x), branches(x))
