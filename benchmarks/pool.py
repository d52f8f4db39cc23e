"""The driver's end of the worker processes."""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from environments import Variant

WORKER = Path(__file__).with_name("worker.py")
TRIES = 8  # Of a sample, at most.


class Missing(Exception):
    """The variant's interpreter lacks a module that the group needs."""


class Failed(Exception):
    """A worker could not do what it was told, or did other work than its rival."""


class Timing(NamedTuple):
    """Microseconds, and how many times slower than at its best the machine was."""

    cpu: float
    wall: float
    pace: float = 1


class Pace:
    """Tells when the machine is slow: where CPUs are shared with strangers, spells of seconds go at half the pace.

    It goes by the plain loop that workers run next to each sample, so what counts depends on nothing that is measured.
    `patience` is how many more seconds may be spent on repeating samples.
    """

    SLOW = 1.12

    def __init__(self) -> None:
        self.patience = 0.0
        self._best = math.inf

    def of(self, loop: float) -> float:
        """How many times slower than at its best the loop was."""
        self._best = min(self._best, loop)
        return loop / self._best

    def worth_repeating(self, timing: Timing) -> bool:
        """Whether a sample should be taken again; if so, it is paid for."""
        if timing.pace <= self.SLOW or self.patience <= 0:
            return False
        self.patience -= timing.wall / 1_000_000
        return True


class Worker:
    """A process of one variant that runs the programs of one group; it stays until closed.

    Raises Missing or Failed, from the start.
    """

    def __init__(self, variant: Variant, group: str, environment: dict[str, str], pace: Pace) -> None:
        self.variant = variant
        self._pace = pace
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [variant.python, str(WORKER), group, "bare" if variant.name == "bare" else "traced"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**variant.environment, **environment},
        )
        self._iterations: dict[str, int] = {}
        try:
            variant.check(self._answer()["sdk"])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def run(self, program: str, n: int) -> Timing:
        """What n iterations took in all."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"run": program, "n": n}).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._answer()
        return Timing(answer["cpu"] / 1000, answer["wall"] / 1000, self._pace.of(answer["pace"]))

    def warm_up(self, program: str, budget: float) -> None:
        """Find how many iterations take `budget` seconds, by running them."""
        n, spent, aim = 1, 0.0, budget * 1_000_000
        while spent < aim:
            timing = self.run(program, n)
            spent += timing.wall
            self._iterations[program] = max(1, round(n * aim / timing.wall))
            n = min(4 * n, self._iterations[program])

    def sample(self, program: str) -> Timing:
        """What one iteration takes, on average of as many as the warm-up found; repeated if the machine was slow."""
        n = self._iterations[program]
        timing = self.run(program, n)
        for _ in range(TRIES):
            if not self._pace.worth_repeating(timing):
                break
            timing = min(timing, self.run(program, n), key=lambda one: one.pace)
        return Timing(timing.cpu / n, timing.wall / n, timing.pace)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": f"worker gone\n{self._tail()}"}
        if "missing" in answer:
            raise Missing(answer["missing"])
        if "error" in answer:
            raise Failed(f"{self.variant.name}: {answer['error']}")
        return answer

    def _tail(self) -> str:
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")


def complain(message: str) -> None:
    """Tell the person at the terminal, apart from the table."""
    print(message, file=sys.stderr, flush=True)
