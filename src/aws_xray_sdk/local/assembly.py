"""Traces on their way in: which are worth showing now, and which can be forgotten."""

from __future__ import annotations

from .documents import Part
from .traces import Trace

PATIENCE = 10


class Assembly:
    """Joins parts into traces and hands each trace out once it has been quiet for ``idle`` seconds.

    A trace with something missing is given ``PATIENCE`` times as long: a service inside a slow request reports before
    its caller does. A trace that grows after it was handed out is handed out again. When more than ``room`` parts are
    held, the traces that were quiet the longest are handed out, if they were not yet, and forgotten.
    """

    def __init__(self, idle: float, room: int = 50_000) -> None:
        self._idle = idle
        self._room = room
        self._held = 0
        self._traces: dict[str, Trace] = {}  # the one that was quiet the longest comes first
        self._changed: dict[str, float] = {}  # when each trace last grew, until it is handed out

    @property
    def waiting(self) -> bool:
        """Is there a trace that was not handed out since it grew?"""
        return bool(self._changed)

    def add(self, part: Part, now: float) -> None:
        trace = self._traces.get(part.trace_id) or Trace(part.trace_id)
        before = len(trace.parts)
        if trace.add(part):
            self._held += len(trace.parts) - before
            self._traces.pop(trace.id, None)
            self._traces[trace.id] = trace
            self._changed[trace.id] = now

    def due(self, now: float) -> list[Trace]:
        """The traces to show at this moment (seconds of the clock that ``add`` was given)."""
        quiet = [self._traces[key] for key, since in self._changed.items() if now - since >= self._idle]
        due = [trace for trace in quiet if trace.is_complete or now - self._changed[trace.id] >= self._idle * PATIENCE]
        due += [trace for trace in self._forget() if trace not in due and trace.id in self._changed]
        return self._hand_out(due)

    def rest(self) -> list[Trace]:
        """The traces that were not handed out since they grew."""
        return self._hand_out([self._traces[key] for key in self._changed])

    def _hand_out(self, traces: list[Trace]) -> list[Trace]:
        for trace in traces:
            trace.times_shown += 1
            del self._changed[trace.id]
        return traces

    def _forget(self) -> list[Trace]:
        forgotten = []
        while self._held > self._room:
            trace = self._traces.pop(next(iter(self._traces)))
            self._held -= len(trace.parts)
            forgotten.append(trace)
        return forgotten
