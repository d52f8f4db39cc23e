"""``tail``: print each trace as a tree, a moment after the last of it came in."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

from .assembly import Assembly
from .collector import Collector
from .documents import Reason, Refused
from .style import Style
from .traces import Trace
from .tree import render

_LOOK = 0.05
_SMALL_BUFFER = 1024 * 1024
_REMEDY = "On Linux: sudo sysctl -w net.core.rmem_max=8388608"


def tail(collector: Collector, style: Style, idle: float) -> None:
    """Print traces to standard output until interrupted; what was still waiting then is printed too."""
    _say(f"Waiting for segments on UDP {_address(collector)}. Ctrl-C ends.")
    if collector.buffer < _SMALL_BUFFER:
        _say(f"A burst of segments may be lost: the receive buffer is small. {_REMEDY}")
    assembly = Assembly(idle)
    try:
        _run(collector, assembly, style)
    except KeyboardInterrupt:
        _show(assembly.rest(), style)
        if collector.refused:
            _say(f"Refused: {_sum_up(collector)}.")


def _run(collector: Collector, assembly: Assembly, style: Style) -> None:
    look, lost = 0.0, 0
    while True:
        _take(collector, assembly)
        now = time.monotonic()
        if now < look:
            continue
        due = assembly.due(now)
        _show(due, style)
        if due and collector.lost() > lost:
            lost = collector.lost()
            _say(f"Lost {lost:,} datagrams so far: more came at once than the receive buffer holds. {_REMEDY}")
        look = time.monotonic() + _LOOK


def _take(collector: Collector, assembly: Assembly) -> None:
    try:
        # With nothing to show there is nothing to wake up for.
        parts = collector.receive(_LOOK if assembly.waiting else None)
    except Refused as refused:
        if collector.refused[refused.reason] == 1:
            _say(f"Refused a datagram: {refused}. Others like it are counted only.")
        return
    now = time.monotonic()
    for part in parts:
        assembly.add(part, now)


def _show(traces: Iterable[Trace], style: Style) -> None:
    for trace in traces:
        sys.stdout.write(f"{render(trace, style)}\n\n")
        sys.stdout.flush()


def _sum_up(collector: Collector) -> str:
    return ", ".join(f"{collector.refused[reason]:,} {reason.value}" for reason in Reason if collector.refused[reason])


def _address(collector: Collector) -> str:
    host = f"[{collector.host}]" if ":" in collector.host else collector.host
    return f"{host}:{collector.port}"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
