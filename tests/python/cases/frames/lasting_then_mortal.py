"""A local holds what is never freed, then what is counted, while another is a number in a register.

The frame is known to others by then: a traceback holds it.
"""


def lose(small):
    global quotient
    large = 4611686018427387903
    first = ()
    second = (1, 2)

    def waits():
        yield

    waiting = waits()
    try:
        waiting.throw(ValueError(1))
    except ValueError:
        pass
    finally:
        waiting.close()
    left = 9
    while left > 0:
        left -= 1
        first = second
        quotient = small // large
    return left, first


for _ in range(60):
    last = lose(4294967295)
print(last, quotient)
