"""The type of an object that nobody else has is known when the object is gone."""
from itertools import count


def is_type(first, second):
    return first is second, first == second


def types_of(numbers):
    return is_type(type(next(numbers)), int), is_type(type(next(numbers)), float), type(next(numbers)).__name__


for _ in range(30):
    seen = types_of(count(10, 1.0))
    assert seen == ((True, True), (True, True), "float"), seen
print(seen)
