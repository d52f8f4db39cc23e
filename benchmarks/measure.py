"""Runs the workers of one group against each other, in turns, so that noise hits all alike."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from cases import Case, Result
from environments import Variant
from pool import Failed, Pace, Timing, Worker, complain
from sink import Sink, work

ATTEMPTS = 5  # At the same work: a burst of datagrams can overrun the sink on a busy machine.


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds in each of several sets of fresh processes; seconds for a sample, and for a group's
    repeated ones in all.
    """

    processes: int
    rounds: int
    sample: float
    patience: float


@dataclass(frozen=True)
class Bench:
    """What all workers share."""

    sink: Sink
    pace: Pace


def measure(cases: list[Case], variants: list[Variant], bench: Bench, effort: Effort) -> list[Result]:
    """The results of one group's cases.

    Each set of processes is new, since where a process happens to lie in memory favours one or the other for as long
    as it lives. Raises Missing or Failed.
    """
    results = [Result(case) for case in cases]
    bench.pace.patience = effort.patience
    wanted = [variant for variant in variants if variant.name != "bare" or any(case.bare for case in cases)]
    for number in range(effort.processes):
        with _workers(wanted, cases[0].group, bench, number) as workers:
            if number == 0:
                _check_work(cases, workers, bench.sink)
            for worker in workers:
                for program in sorted({name for case in cases for name in (case.plus, case.minus) if name}):
                    worker.warm_up(program, effort.sample)
            for turn in range(effort.rounds):
                for result in results:
                    _round(result, workers, turn)
    if slow := sum(result.steady.count(False) for result in results):
        complain(f"    {slow} of {sum(len(result.steady) for result in results)} rounds fell in slow spells")
    return results


@contextmanager
def _workers(variants: list[Variant], group: str, bench: Bench, number: int) -> Iterator[list[Worker]]:
    environment = {"AWS_XRAY_DAEMON_ADDRESS": bench.sink.address, "PYTHONHASHSEED": str(number + 1)}
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Worker(variant, group, environment, bench.pace))) for variant in variants]


def _round(result: Result, workers: list[Worker], turn: int) -> None:
    """One figure of each variant; who goes first rotates."""
    case, timings = result.case, {}
    first = turn % len(workers)
    for worker in workers[first:] + workers[:first]:
        if case.bare or worker.variant.name != "bare":
            timings[worker.variant.name] = _figure(case, worker, turn)
    result.steady.append(all(timing.pace <= Pace.SLOW for timing in timings.values()))
    bare = timings.get("bare", Timing(0, 0))
    for name, timing in timings.items():
        less = bare if name != "bare" else Timing(0, 0)
        result.cpu.setdefault(name, []).append(timing.cpu - less.cpu)
        result.wall.setdefault(name, []).append(timing.wall - less.wall)


def _figure(case: Case, worker: Worker, turn: int) -> Timing:
    programs = [program for program in (case.plus, case.minus) if program]
    samples = {program: worker.sample(program) for program in programs[:: -1 if turn % 2 else 1]}
    plus, minus = samples[case.plus], samples.get(case.minus, Timing(0, 0))
    return Timing((plus.cpu - minus.cpu) / case.per, (plus.wall - minus.wall) / case.per, max(plus.pace, minus.pace))


def _check_work(cases: list[Case], workers: list[Worker], sink: Sink) -> None:
    """Raise Failed if ours reports less than the original: being fast by omission is not being fast."""
    named = {worker.variant.name: worker for worker in workers}
    original, ours = named["original"], named["ours"]
    for program in {case.plus for case in cases if case.per < 10_000}:
        for _ in range(ATTEMPTS):
            expected, found = _work(original, program, sink), _work(ours, program, sink)
            less = {part: f"{found[part]} of {n}" for part, n in expected.items() if found[part] < n}
            if not less:
                break
        else:
            raise Failed(f"{program}: ours reports less than the original: {less}")


def _work(worker: Worker, program: str, sink: Sink) -> dict[str, int]:
    sink.keep()
    worker.run(program, 1)
    return work(sink.take())
