# Event loops with subprocesses, whose frames call C functions that call Python.
import asyncio
import gc
import sys


async def output(*command):
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    stdout, _ = await process.communicate()
    return stdout.decode().strip()


async def main(loop):
    for n in range(ROUNDS):
        print(await asyncio.gather(*[output("echo", str(n)) for _ in range(2)]))
        gc.collect()
        counts.append(sys.getrefcount(loop))


# A thread that waits for a child may hold the loop a little longer; a leak grows in every round.
ROUNDS = 60
counts = []
loop = asyncio.new_event_loop()
loop.run_until_complete(main(loop))
loop.close()
print(counts[-1] - counts[1] < ROUNDS / 2)
