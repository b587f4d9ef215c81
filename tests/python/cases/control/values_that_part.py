"""Two locals have one value before a loop, and values of their own when it comes round again."""


def words(line):
    found = []
    i, n = 0, len(line)
    while i < n:
        if line[i] == " ":
            i += 1
            continue
        start = i
        depth = 0
        while i < n and (depth or line[i] != " "):
            i += 1
        found.append((start, i))
    return found


def runs(items):
    found = []
    i = 0
    while i < len(items):
        first = i
        while i < len(items) and items[i] == items[first]:
            i += 1
        found.append((first, i))
    return found


def rising(limit):
    low = high = 0.5
    while high < limit:
        low = high
        step = high
        while step < limit and step < 3 * low:
            step += 0.25
        high = step
    return low, high


for _ in range(12):
    split = words("JIEA4 AB x {4}")
    equal = runs([1, 1, 2, 3, 3, 3])
    numbers = rising(20.0)
print(split)
print(equal)
print(numbers)
