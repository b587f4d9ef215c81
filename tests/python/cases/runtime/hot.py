"""Loops that run long enough to be found hot at the default threshold, first called or called often."""
# seconds: 120
import sys


class Particle:
    __slots__ = ("x", "v")

    def __init__(self, x, v):
        self.x = x
        self.v = v

    def step(self, dt):
        self.v -= self.x * dt
        self.x += self.v * dt
        return self.x


class Account:
    def __init__(self):
        self.balance = 0
        self.log = []

    def deposit(self, amount):
        if amount < 0:
            raise ValueError(amount)
        self.balance += amount
        if amount % 1000 == 999:
            self.log.append(amount)

    @property
    def rich(self):
        return self.balance > 10**6


class Unset:
    """Attributes that get their first values from sums of floats, in slots."""

    __slots__ = ("x", "y", "z")

    def __init__(self, i):
        self.x = x = i * 0.5
        self.y = x * 3
        self.z = (x * x) / 2


class UnsetPlain:
    def __init__(self, i):
        self.x = x = i * 0.5
        self.y = x * 3
        if i % 2:
            self.z = (x * x) / 2


def first_values(kind, n):
    total = 0.0
    for i in range(n):
        thing = kind(i)
        total += thing.x + thing.y
        del thing.x
        thing.x = total * 0.5
        total -= thing.x
    return total, thing.x, list(getattr(thing, "__dict__", ()))


def first_in_slots(n):
    return first_values(Unset, n)


def first_in_instances(n):
    return first_values(UnsetPlain, n)


def long_first_call(n):
    total = 0
    for i in range(n):
        total += i * i % 7
    return total


def float_while(limit):
    x, turns = 1.0, 0
    while x < limit:
        x = x * 1.0001 + 0.5
        turns += 1
    return x, turns


def particles(n):
    made = [Particle(index * 0.5, 1.0) for index in range(10)]
    total = 0.0
    for _ in range(n):
        for particle in made:
            total += particle.step(0.001)
    return total


def accounts(n):
    account = Account()
    refused = 0
    for amount in range(-50, n):
        try:
            account.deposit(amount)
        except ValueError as error:
            refused += error.args[0]
    return account.balance, len(account.log), account.rich, refused


def small(a, b):
    return a * 3 + b


def many_calls(n):
    value = 1
    for index in range(n):
        value = small(value, index) & 0xFFFFFF
    return value


def numbers(n):
    for index in range(n):
        yield index
        if index % 3 == 0:
            yield -index


def generator_sum(n):
    return sum(value * 2 for value in numbers(n))


def dictionary(n):
    counts = {}
    for index in range(n):
        key = index * 7919 % 101
        counts[key] = counts.get(key, 0) + 1
    return sorted(counts.items())[:5]


def text(n):
    parts = []
    line = ""
    for index in range(n):
        line += chr(97 + index % 26)
        if len(line) == 50:
            parts.append(line.upper())
            line = ""
    return len(parts), parts[-1], line


def matrix(n):
    a = [[i * j % 5 + 0.5 for j in range(n)] for i in range(n)]
    b = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i][k] * a[k][j]
            b[i][j] = total
    return b[3][4], sum(map(sum, b))


def closures(n):
    total = 0

    def add(x):
        nonlocal total
        total += x

    for index in range(n):
        add(index)
    return total


def grows_out_of_a_machine_word(n):
    value = 1
    history = []
    for index in range(n):
        value = value * 3 + index
        if index % 1000 == 0:
            history.append(value % 1_000_003)
            value %= 10**12
    return history


def changes_type_late(n):
    value = 0
    for index in range(n):
        if index == n - 10:
            value = value + 0.5
        if index == n - 5:
            value = str(value)
        value = value + (1 if not isinstance(value, str) else "!")
    return value


def collatz(limit):
    best = (0, 0)
    for start in range(1, limit):
        n, steps = start, 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        best = max(best, (steps, start))
    return best


def raises_at_the_end(n):
    values = [1] * n
    total = 0
    for index in range(n + 1):
        total += values[index]
    return total


def frames_after(n):
    for index in range(n):
        last = index * 0.5
    return sorted(sys._getframe().f_locals.items())


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


PROGRAMS = [(long_first_call, 1_500_000), (float_while, 1e12), (particles, 20_000), (accounts, 300_000), (many_calls, 400_000),
            (generator_sum, 200_000), (dictionary, 300_000), (text, 300_000), (matrix, 60), (closures, 300_000),
            (grows_out_of_a_machine_word, 100_000), (changes_type_late, 500_000), (collatz, 6000), (frames_after, 500_000), (fib, 22),
            (first_in_slots, 100_000), (first_in_instances, 100_000)]
for function, argument in PROGRAMS:
    print(function.__name__, function(argument))
try:
    raises_at_the_end(300_000)
except IndexError as error:
    print(error, error.__traceback__.tb_next.tb_lineno - raises_at_the_end.__code__.co_firstlineno)
for _ in range(3):
    for function, argument in PROGRAMS:
        print(function.__name__, function(argument if isinstance(argument, float) else max(12, argument // 10)))

# The same as module-level code.
total = 0
x = 0.0
for index in range(400_000):
    total += index & 3
    x += index * 0.25
print(total, x, index)
