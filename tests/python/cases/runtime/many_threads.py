"""Threads by the hundred, at the same time and one after another, that make, run and drop functions."""
# seconds: 120
import sys
import threading

SOURCE = "def made(n):\n    total = {0}\n    for index in range(n):\n        total += index * {0}.5\n    return total"


def work(n):
    values, total = [], 0
    for index in range(n):
        values.append((index, index * 0.5))
        total += len(values) % 3
    return total + sum(value for _, value in values)


def numbers(n):
    for index in range(n):
        try:
            yield index // (index % 3)
        except ZeroDivisionError:
            yield None


def run(index, results):
    space = {}
    exec(SOURCE.format(index % 7), space)
    results[index] = work(200), space["made"](50), list(numbers(9)), start_depth(100)


def start_depth(n):
    return 0 if not n else 1 + start_depth(n - 1)


def at_once(count):
    results = [None] * count
    threads = [threading.Thread(target=run, args=(index, results)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(results), sorted({repr(result) for result in results})


def one_after_another(count):
    results = [None] * count
    for index in range(count):
        thread = threading.Thread(target=run, args=(index, results))
        thread.start()
        thread.join()
    return sorted({repr(result) for result in results})


sys.setswitchinterval(1e-5)
threading.stack_size(128 * 1024)
print(at_once(300))
print(one_after_another(300) == at_once(50)[1])
print(at_once(300)[0])
