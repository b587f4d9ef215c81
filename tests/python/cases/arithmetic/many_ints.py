"""More unboxed values at once than there are registers, and operations that leave in the middle."""
from support import mixed


def many(a, b, n):
    c, d, e, f, g, h = a + 1, a + 2, a + 3, a + 4, a + 5, a + 6
    i, j, k, m, o, p = b + 1, b + 2, b + 3, b + 4, b + 5, b + 6
    for q in range(n):
        c, d, e = c + d, d + e, e + f
        f, g, h = f * g, g - h, h + a
        i, j, k = i + j * q, j + k, k - m
        m, o, p = m * o, o + p, p + b
    return a, b, c, d, e, f, g, h, i, j, k, m, o, p, q


def many_floats(a, n):
    b, c, d, e, f, g, h = a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7
    i, j, k, m, o, p, r, s = a * 1, a * 2, a * 3, a * 4, a * 5, a * 6, a * 7, a * 8
    for q in range(n):
        b, c, d, e = b + c, c * d, d - e, e / f
        f, g, h, i = f + g, g * h, h - i, i / j
        j, k, m, o = j + k, k * m, m - o, o / p
        p, r, s, a = p + r, r * s, s - a, a / b
    return a, b, c, d, e, f, g, h, i, j, k, m, o, p, r, s, q


mixed(many, [(1, 2, 3), (1, 2, 40), (2**30, -2**30, 6), (2**61, 3, 5), (2**62, -2**62, 9), (1.5, 2, 4), (1, 2.5, 4)] * 3)
mixed(many_floats, [(1.5, 3), (0.25, 5), (2, 4), (0, 3), (0.0, 2), (1e200, 4), (1.5, 30)] * 3)
