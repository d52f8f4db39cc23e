"""What importing and configuring costs a fresh interpreter."""

import os
import subprocess
import time
from typing import NamedTuple

from cases import Case, Result
from environments import Variant
from pool import WORKER, Failed

CONFIGURE = "from aws_xray_sdk.core import xray_recorder; xray_recorder.configure(service='x')"

# VmHWM, not ru_maxrss: that one starts at what the parent had.
FACTS = """
import sys
count = len(sys.modules)
with open('/proc/self/status') as status:
    peak = next((line.split()[1] for line in status if line.startswith('VmHWM')), 0)
sdk = sys.modules.get('aws_xray_sdk')
print(count, peak, sdk and sdk.__file__)
"""


class Start(NamedTuple):
    """One interpreter's life: milliseconds, modules, MiB."""

    cpu: float
    wall: float
    modules: int
    memory: float


def measure(cases: list[Case], variants: list[Variant], rounds: int) -> list[Result]:
    """Results of the startup cases; each variant's own interpreter with `pass` is what is subtracted."""
    results = [Result(case) for case in cases]
    traced = [variant for variant in variants if variant.name != "bare"]
    for variant in traced:  # Once for the byte code and the disk.
        _start(variant, CONFIGURE)
    for turn in range(rounds):
        for variant in traced[:: -1 if turn % 2 else 1]:
            bare, loaded = _start(variant, "pass"), _start(variant, CONFIGURE)
            for result in results:
                _add(result, variant.name, bare, loaded)
    return results


def _add(result: Result, name: str, bare: Start, loaded: Start) -> None:
    field = {"ms": "cpu", "modules": "modules", "MiB": "memory"}[result.case.unit]
    result.cpu.setdefault(name, []).append(getattr(loaded, field) - getattr(bare, field))
    if name == "ours":
        result.cpu.setdefault("bare", []).append(getattr(bare, field))
    if field == "cpu":
        result.wall.setdefault(name, []).append(loaded.wall - bare.wall)


def _start(variant: Variant, statement: str) -> Start:
    began = time.perf_counter()
    process = subprocess.Popen(
        [variant.python, "-c", statement + FACTS],
        stdout=subprocess.PIPE,
        env=variant.environment,
        cwd=WORKER.parent,  # -c imports from where it is.
        text=True,
    )
    assert process.stdout
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    process.stdout.close()
    if process.returncode:
        raise Failed(f"{variant.name}: {statement} exited with {process.returncode}")
    modules, peak, sdk = output.split(maxsplit=2)
    if statement != "pass":
        variant.check(sdk.strip())
    return Start(1000 * (usage.ru_utime + usage.ru_stime), 1000 * wall, int(modules), int(peak) / 1024)
