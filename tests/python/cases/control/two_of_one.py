# Two locals that are one object in some rounds of a loop and two in others.

from support import warm


def words(text):
    found = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == " ":
            at += 1
            continue
        start = at
        while at < end and text[at] != " ":
            at += 1
        found.append(text[start:at])
    return found


def sum_of_starts(number):
    at = total = 0
    while at < number:
        start = at
        while at & 3 != 3:
            at += 1
        total += start
        at += 1
    return total


def sum_of_floats(number):
    at = total = 0.0
    while at < number:
        start = at
        while at % 4.0 != 3.0:
            at += 1.0
        total += start
        at += 1.0
    return total


def same_number(number):
    found = []
    at = 300
    while at < number:
        start = at
        if at & 7 == 5:
            at += 1
        found.append(start is at)
        at += 1
    return found


def same_float(number):
    found = []
    at = 1.5
    while at < number:
        start = at
        if at % 4 == 0.5:
            at += 1.0
        found.append((start is at, start, at))
        at += 1.0
    return found


def same_constant(rounds, first):
    found = []
    one = first + 1000
    other = one
    for round in range(rounds):
        found.append(one is other)
        if round == 4:
            one += 1
        if round == 6:
            other = one
    return found


def exchanged(rounds):
    one = other = 1000
    found = []
    for round in range(rounds):
        one, other = other, one + round
        if round == 3:
            one = other
        found.append((one, other, one is other))
    return found


for text in "AB0 CAPABILITY", "xx", "a b c ddd", "A1 NOOP (a b) c":
    warm(words, text)
warm(sum_of_starts, 320)
warm(sum_of_floats, 320)
warm(same_number, 330)
warm(same_float, 20)
warm(same_constant, 10, 5)
warm(same_constant, 10, 0.5)
warm(exchanged, 8)
