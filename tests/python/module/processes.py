"""Threads, signals, forks, subinterpreters and the end of the process."""

import os
import subprocess
import sys
import textwrap
import unittest


def run(source):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


class Processes(unittest.TestCase):
    def prints(self, source, output):
        self.assertEqual(run(source), (0, output, ""))

    def test_subinterpreters_are_refused(self):
        name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
        code, _, error = run(
            f"""
            import {name} as interpreters
            one = interpreters.create()
            result = interpreters.run_string(one, "import cevalry")
            if result is not None:
                raise ImportError(result.formatted)
            """
        )
        self.assertNotEqual(code, 0)
        self.assertRegex(error, "main interpreter|subinterpreters")

    def test_signals_reach_the_main_thread(self):
        self.prints(
            """
            import cevalry, os, signal, threading, time
            cevalry.enable()
            signal.signal(signal.SIGALRM, lambda *_: print("alarm", threading.current_thread().name))
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            started = time.monotonic()
            signal.pause()
            print(time.monotonic() - started < 5)
            """,
            "alarm MainThread\nTrue\n",
        )

    def test_fork(self):
        self.prints(
            """
            import cevalry, os
            cevalry.enable()
            child = os.fork()
            total = sum(n * n for n in range(300_000))
            if child == 0:
                cevalry.disable()
                os._exit(0 if total == 8999955000050000 else 1)
            print(os.waitpid(child, 0)[1], total, cevalry.is_enabled())
            """,
            "0 8999955000050000 True\n",
        )

    def test_compiled_when_the_process_ends(self):
        self.prints(
            """
            import atexit, cevalry, threading
            cevalry.enable(0)
            class Last:
                def __del__(self):
                    print("last", sum(range(5)))
            keep = Last()
            atexit.register(lambda: print("exit"))
            threading.Thread(target=lambda: [n for n in range(10**5)]).start()
            """,
            "exit\nlast 10\n",
        )

    def test_extra_slots_of_others(self):
        name = "PyUnstable_Eval_Request" if sys.version_info >= (3, 12) else "_PyEval_Request"
        self.prints(
            f"""
            import cevalry, ctypes
            Free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
            cevalry.enable(0)
            freed = Free(lambda extra: print("freed", extra))
            ctypes.pythonapi.{name}CodeExtraIndex(freed)
            source = compile("def work(n): return [m for m in range(n)]", "source", "exec")
            names = {{}}
            exec(source, names)
            print(names["work"](3))
            names.clear()
            del source
            print("end")
            """,
            "[0, 1, 2]\nend\n",
        )

    def test_threads_by_the_hundred(self):
        self.prints(
            """
            import cevalry, threading
            cevalry.enable(1)
            results = []
            def work(n):
                total = 0
                for value in range(n):
                    total += value
                results.append(total)
            for _ in range(10):
                threads = [threading.Thread(target=work, args=(1000,)) for _ in range(20)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
            print(len(results), set(results))
            """,
            "200 {499500}\n",
        )

    def test_hot_code_of_a_thread_while_the_main_thread_waits(self):
        self.prints(
            """
            import cevalry, threading, time
            cevalry.enable()
            def spin(until):
                turns = 0
                while time.monotonic() < until and not compiled():
                    turns += 1
                return turns
            def compiled():
                return cevalry.stats()["functions"] > 0
            thread = threading.Thread(target=spin, args=(time.monotonic() + 30,))
            thread.start()
            thread.join()
            print(compiled())
            """,
            "True\n",
        )

    def test_deep_recursion(self):
        self.prints(
            """
            import cevalry, sys, threading
            cevalry.enable(0)
            sys.setrecursionlimit(1_000_000)
            def depth(n):
                return 0 if n == 0 else 1 + depth(n - 1)
            print(depth(90_000))
            threading.stack_size(256 * 1024)
            thread = threading.Thread(target=lambda: print(depth(90_000)))
            thread.start()
            thread.join()
            sys.setrecursionlimit(500)
            try:
                depth(1000)
            except RecursionError as error:
                print(error)
            """,
            "90000\n90000\nmaximum recursion depth exceeded\n",
        )


if __name__ == "__main__":
    unittest.main()
