"""Measures what tracing costs: uninstrumented, the original SDK and ours, in turns in one run.

    python benchmarks/run.py [--quick] [--only CASE,...] [--rounds N] [--markdown [FILE]] [--json FILE]

Exits with 0 even if a target is missed, with 1 if something could not be measured. cases.py lists the cases.
"""

import argparse
import itertools
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import measure
import report
import startup
from cases import Case, Result, chosen
from environments import ORIGINAL, ROOT, Variant, WrongPackage, differences, variants, versions
from pool import Failed, Missing, Pace, complain
from sink import Sink

FULL = measure.Effort(processes=5, rounds=16, sample=0.012, patience=15)
QUICK = measure.Effort(processes=2, rounds=6, sample=0.01, patience=2)
STARTS = 4  # Fresh interpreters for each set of processes.


def main() -> int:
    options = _options()
    try:
        cases = chosen([name for name in options.only.split(",") if name])
        sides = variants(options.python_ours, options.ours_path, options.python_original)
    except (ValueError, FileNotFoundError) as error:
        complain(str(error))
        return 2
    for difference in differences(sides[0].python, sides[1].python):
        complain(f"versions differ, ours / original: {difference}")
    began = time.monotonic()
    results, failures = _measure_all(cases, sides, _effort(options))
    table = report.rows(results)
    print(report.text(table))
    complain(f"{time.monotonic() - began:.0f} s")
    _write(options, table, _conditions(sides))
    for failure in failures:
        complain(f"FAILED {failure}")
    return 1 if failures else 0


def _measure_all(cases: list[Case], sides: list[Variant], effort: measure.Effort) -> tuple[list[Result], list[str]]:
    """The results group by group, and what went wrong."""
    results: list[Result] = []
    failures: list[str] = []
    bench = measure.Bench(Sink(), Pace())
    for group, members in itertools.groupby(cases, key=lambda case: case.group):
        complain(f"... {group}")
        try:
            if group == "startup":
                results += startup.measure(list(members), sides, STARTS * effort.processes)
            else:
                results += measure.measure(list(members), sides, bench, effort)
        except Missing as missing:
            library = str(missing).partition(".")[0]
            if library == "aws_xray_sdk":
                failures.append(f"{group}: no module {missing}")
            else:
                complain(f"skipped, {library} is not installed")
        except (Failed, WrongPackage) as error:
            failures.append(f"{group}: {error}")
    return results, failures


def _effort(options: argparse.Namespace) -> measure.Effort:
    effort = QUICK if options.quick else FULL
    if not options.rounds:
        return effort
    processes = min(effort.processes, options.rounds)
    return measure.Effort(processes, -(-options.rounds // processes), effort.sample, effort.patience)


def _conditions(sides: list[Variant]) -> dict[str, Any]:
    libraries = versions(sides[-1].python, ["django", "flask", "aiohttp"])
    python = libraries.pop("python")
    return {
        "python": python,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "original": ORIGINAL,
        "libraries": libraries,
    }


def _write(options: argparse.Namespace, table: list[report.Row], conditions: dict[str, Any]) -> None:
    if options.json:
        report.write_json(Path(options.json), table, conditions)
    if options.markdown:
        libraries = ", ".join(f"{name} {version}" for name, version in conditions["libraries"].items())
        line = f"CPU time, medians, CPython {conditions['python']}, {conditions['machine']}; {ORIGINAL}; {libraries}."
        content = report.markdown(table, line)
        if not report.write_markdown(Path(options.markdown), content):
            complain(f"no {report.BEGIN} and {report.END} in {options.markdown}, so here it is:")
            print(content)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="less than a minute; for a first impression")
    parser.add_argument("--only", default="", metavar="CASE,...", help="these cases only")
    parser.add_argument("--rounds", type=int, help="figures per case and variant")
    parser.add_argument(
        "--markdown",
        nargs="?",
        const=str(ROOT / "docs" / "performance.md"),
        metavar="FILE",
        help="write the table between the marker comments of FILE (docs/performance.md)",
    )
    parser.add_argument("--json", metavar="FILE", help="write every figure")
    parser.add_argument("--python-ours", default=sys.executable, metavar="PYTHON", help="interpreter of ours and bare")
    parser.add_argument("--ours-path", default=str(ROOT / "src"), metavar="DIR", help="PYTHONPATH of ours; may be ''")
    parser.add_argument("--python-original", metavar="PYTHON", help="instead of making .venv-original")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
