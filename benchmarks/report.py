"""Turns results into the table a person reads, the page's Markdown and JSON."""

import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from cases import Result

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


class Stat(NamedTuple):
    """A median and the quartiles about it."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)}-{_short(self.high)})"


class Row(NamedTuple):
    """One case as it is reported: `ratio` is the median of the rounds' own ratios, so that a slow spell counts little;
    `share` is what the target limits, `verdict` whether it keeps to that.
    """

    result: Result
    stats: dict[str, Stat]
    ratio: float
    share: float
    verdict: str


def rows(results: list[Result]) -> list[Row]:
    """A row for each result, in the same order."""
    stats = {result.case.name: {name: _stat(result.figures(name)) for name in result.cpu} for result in results}
    return [_row(result, stats) for result in results]


def text(table: list[Row]) -> str:
    """The table for a terminal: medians with quartiles."""
    header = ["case", "unit", "bare", "original", "ours", "ratio", "target", ""]
    lines = [header, *(_cells(row) for row in table)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown(table: list[Row], conditions: str) -> str:
    """The same for docs/performance.md, with how each figure is computed."""
    lines = [
        conditions,
        "",
        "| case | unit | original | ours | ours / original | target | | how |",
        "| --- | --- | ---: | ---: | ---: | --- | --- | --- |",
    ]
    for row in table:
        case, stats = row.result.case, row.stats
        medians = " | ".join(_short(stats[name].median) for name in ("original", "ours"))
        cells = f"{case.title} | {case.unit} | {medians} | {row.ratio:.2f} | {_target(row)} | {row.verdict}"
        lines.append(f"| {cells} | {case.how} |")
    return "\n".join(lines)


def write_markdown(path: Path, content: str) -> bool:
    """Put the content between the page's markers; False if it has none."""
    page = path.read_text() if path.exists() else ""
    if BEGIN not in page or END not in page:
        return False
    before, rest = page.split(BEGIN, 1)
    path.write_text(f"{before}{BEGIN}\n{content}\n{END}{rest.split(END, 1)[1]}")
    return True


def write_json(path: Path, table: list[Row], conditions: dict[str, Any]) -> None:
    """Everything measured, round by round."""
    path.write_text(json.dumps({"conditions": conditions, "cases": [_facts(row) for row in table]}, indent=1) + "\n")


def _row(result: Result, stats: dict[str, dict[str, Stat]]) -> Row:
    case = result.case
    own = stats[case.name]
    pairs = zip(result.figures("ours"), result.figures("original"), strict=True)
    ratio = statistics.median(ours / original for ours, original in pairs)
    if case.target is None:
        return Row(result, own, ratio, ratio, "")
    if case.target.of is None:
        share = own["ours"].median
    elif case.target.of in stats:
        share = own["ours"].median / stats[case.target.of]["ours"].median
    else:
        share = ratio
    return Row(result, own, ratio, share, "ok" if share <= case.target.limit else "over")


def _cells(row: Row) -> list[str]:
    case = row.result.case
    figures = [str(row.stats[name]) if name in row.stats else "" for name in ("bare", "original", "ours")]
    return [case.name, case.unit, *figures, f"{row.ratio:.2f}", _target(row), row.verdict]


def _target(row: Row) -> str:
    """The target, and where it is no share of the original, how ours stands to it."""
    target = row.result.case.target
    if target is None:
        return ""
    return str(target) if target.of in ("original", None) else f"{target} (is {row.share:.2f})"


def _facts(row: Row) -> dict[str, Any]:
    case = row.result.case
    return {
        "name": case.name,
        "how": case.how,
        "unit": case.unit,
        "median": {name: stat.median for name, stat in row.stats.items()},
        "ratio": row.ratio,
        "target": str(case.target) if case.target else None,
        "verdict": row.verdict,
        "cpu": row.result.cpu,
        "wall": row.result.wall,
        "steady": row.result.steady,
    }


def _stat(values: list[float]) -> Stat:
    if len(values) < 2:
        return Stat(values[0], values[0], values[0])
    return Stat(*statistics.quantiles(values, n=4, method="inclusive"))


def _short(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}" if abs(value) < 100 else f"{value:.0f}"
