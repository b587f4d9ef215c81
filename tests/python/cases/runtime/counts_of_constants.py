"""Counts of constants stay level where one of them leaves a local and goes on to be another's."""

from support import steady


def moved_on():
    """`x` is in memory when it is loaded, and is overwritten before `y` gets what was loaded."""
    big = 18446744073709551616
    x = y = 1
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        x, y = big, x


def swapped():
    x, y = 1.5, 18446744073709551616
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        x, y = y, x


def stored_twice():
    big = 18446744073709551616
    x = 1.5
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        x, x = big, 1.5


def stored_twice_the_other_way():
    """Python 3.11.2 stores these the other way round."""
    big = 18446744073709551616
    x = 1.5
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        x, x = 1.5, big


def text_stored_twice():
    big = 18446744073709551616
    x = y = "two words"
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        x, x = y, big


def deleted():
    x = 1.5
    turn = 0
    while turn < 9:
        turn += 1
        len(())
        y = x
        del x
        x = y


for function in (moved_on, swapped, stored_twice, stored_twice_the_other_way, text_stored_twice, deleted):
    steady(function, watch=function.__code__.co_consts)
