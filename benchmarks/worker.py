"""One process of one variant: runs a program as often as the driver says and answers the time it took.

    python worker.py GROUP traced|bare

A JSON object a line: first which SDK was imported, then an answer to each `{"run": program, "n": iterations}`.
Times are nanoseconds; `pace` is what the same plain loop took just before or after, so that the driver can tell
when the machine was slow.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
import time
import traceback
from typing import Any

from programs import Program

WARM = 8  # The part of the iterations, one in so many, that is run first and not timed.


LARGE = 16 << 20


def main() -> None:
    group, variant = sys.argv[1:]
    # asyncio receives into 256 kB blocks. Whether the C library maps and unmaps each of those, for 20 us apiece,
    # depends on whether something larger was ever freed: what happened to be imported must not decide that.
    large = bytearray(LARGE)
    del large
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # What a program prints must not mix with the answers.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def answer(**facts: Any) -> None:
        print(json.dumps(facts), file=answers, flush=True)

    try:
        programs = importlib.import_module(f"programs.{group}").programs(variant == "traced")
        if inspect.isawaitable(programs):
            programs = loop.run_until_complete(programs)
        sdk = sys.modules.get("aws_xray_sdk")
        answer(sdk=sdk and sdk.__file__)
        for line in sys.stdin:
            request = json.loads(line)
            answer(**_measure(loop, programs[request["run"]], request["n"]))
    except ModuleNotFoundError as error:
        answer(missing=error.name)
    except Exception:
        answer(error=traceback.format_exc())
    answers.flush()
    os._exit(0)  # The frameworks' own clean-up is no part of this.


def _measure(loop: asyncio.AbstractEventLoop, program: Program, n: int) -> dict[str, int]:
    if n >= WARM:
        _time(loop, program, n // WARM)  # Another process has just had the caches.
    before = _pace()
    cpu, wall = _time(loop, program, n)
    return {"cpu": cpu, "wall": wall, "pace": max(before, _pace())}


def _pace() -> int:
    began = time.process_time_ns()
    table: dict[int, str] = {}
    for number in range(2_000):
        table[number & 63] = str(number)
    return time.process_time_ns() - began


def _time(loop: asyncio.AbstractEventLoop, program: Program, n: int) -> tuple[int, int]:
    """CPU time of the whole process and wall time, in nanoseconds."""
    if inspect.iscoroutinefunction(program):
        job = program(n)
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        loop.run_until_complete(job)
    else:
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        program(n)
    return time.process_time_ns() - cpu, time.perf_counter_ns() - wall


if __name__ == "__main__":
    main()
