"""Worker processes: forked, started by a server, and spawned, with hot functions before and after."""
# seconds: 120
import concurrent.futures
import multiprocessing
import os
import threading


def work(n):
    total, real = 0, 0.5
    for index in range(n):
        total += index * index % 7
        real = real * 0.5 + index
    return total, real


def fails(n):
    work(n)
    raise ValueError(n)


class Shared:
    def __init__(self, n):
        self.n = n

    def run(self, x):
        return self.n * x + work(x)[0]


def pools(context):
    with context.Pool(2) as pool:
        print(pool.map(work, [10, 200, 3000]))
        print(pool.map(Shared(3).run, range(5)))
        try:
            pool.apply(fails, (5,))
        except ValueError as error:
            print("failed", error)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(work, [10, 200])), pool.submit(Shared(2).run, 9).result())
    queue = context.Queue()
    process = context.Process(target=put, args=(queue, 100))
    process.start()
    print(queue.get())
    process.join()
    print(process.exitcode)


def put(queue, n):
    queue.put(work(n))


def forks(n):
    """Forks in the middle of a loop; each child goes on in it."""
    total = 0.5
    for index in range(n):
        total = total * 0.5 + index
        if index == n - 5:
            child = os.fork()
            if child == 0:
                for more in range(1000):
                    total = total * 0.5 + more
                work(100)
                os._exit(int(total) % 100)
    return total, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def forks_of_forks(depth):
    work(50)
    if not depth:
        return 7
    child = os.fork()
    if child == 0:
        os._exit(forks_of_forks(depth - 1) + 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for turn in range(60):
        work(50)
    for turn in range(12):
        print(forks(30))
    print(forks_of_forks(4))
    for method in ("fork", "forkserver", "spawn"):
        print(method)
        pools(multiprocessing.get_context(method))
    print(work(1000))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print(list(pool.map(work, [10, 200, 3000] * 3)), threading.active_count() >= 1)
