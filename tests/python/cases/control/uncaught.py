"""An exception that nobody catches: the traceback that the interpreter prints, and its exit code."""
# exit: 1


def outer(values):
    return [inner(value) for value in values]


def inner(value):
    try:
        return 10 // value
    except ZeroDivisionError as error:
        raise ValueError(
            "cannot use "
            + repr(value)
        ) from error


for turn in range(50):
    outer([1, 2, 5])
print("warm")
outer([1, 0])
