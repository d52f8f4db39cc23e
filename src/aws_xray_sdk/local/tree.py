"""A trace as text: a tree of its parts, with a bar that shows where in the trace each took its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from ._labels import label, remarks
from ._text import width
from .documents import Part
from .style import INKS, Ink, Piece, Style
from .traces import Trace

_MARK = 5  # "F 500"
_BAR = (10, 40)
_NARROWEST_LABELS = 40


@dataclass(slots=True)
class _Row:
    """One line; ``part`` is None where a parent is absent. The stem leads the lines below it."""

    lead: str
    stem: str
    part: Part | None
    id: str


@dataclass(slots=True)
class _Layout:
    """The columns' widths, and the time that a whole bar stands for."""

    label: int
    duration: int
    bar: int
    start: float
    end: float


def render(trace: Trace, style: Style) -> str:
    """The trace as lines of text, without a line end after the last."""
    rows = list(_rows(trace, style))
    layout = _layout(trace, rows, style)
    lines = [style.paint(line) for line in _header(trace, style)]
    for row in rows:
        lines.append(style.paint(_line(row, layout, style)).rstrip())
        if row.part:
            room = max(_NARROWEST_LABELS // 2, style.width - width(row.stem))
            lines += [style.paint([(row.stem, Ink.DIM), *line]) for line in remarks(row.part, style, room)]
    return "\n".join(lines)


def _header(trace: Trace, style: Style) -> list[list[Piece]]:
    services, segments = len(trace.services), len(trace.segments)
    counts = [_count(services, "service"), _count(len(trace.parts) - segments, "subsegment")]
    if segments != services:
        counts.insert(1, _count(segments, "segment"))
    total, counted = _duration(trace.end - trace.start), ", ".join(counts)
    line = [(trace.id, Ink.BOLD), (f"  {total}", Ink.PLAIN), (f"  {counted}", Ink.DIM)]
    notes = [(f"  ! {', '.join(_notes(trace))}", Ink.YELLOW)] if any(_notes(trace)) else []
    fits = sum(width(text) for text, _ in line + notes) <= style.width
    return [style.fit(one, style.width) for one in ([line + notes] if fits or not notes else [line, notes])]


def _notes(trace: Trace) -> Iterator[str]:
    roots, absent, running, looped = trace.children().get(None, []), trace.absent, trace.in_progress, trace.looped()
    if absent:
        yield f"{_count(len(absent), 'parent')} absent"
    if len(roots) > 1:
        yield f"{len(roots)} roots"
    if looped:
        yield f"{_count(len(looped), 'parent')} in a loop"
    if running:
        yield f"{len(running)} still in progress"
    if trace.times_shown > 1:
        yield "shown before, has grown"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _rows(trace: Trace, style: Style) -> Iterator[_Row]:
    children = trace.children()
    seen: set[str] = set()
    tops: list[Part | str] = [*children.get(None, ()), *sorted(trace.absent)]
    tops += sorted(trace.looped(), key=attrgetter("start", "id"))
    for top in tops:
        yield from _below(top, children, seen, style)


def _below(top: Part | str, children: dict[str | None, list[Part]], seen: set[str], style: Style) -> Iterator[_Row]:
    """The rows of one top and all under it. Not recursive and not ever wider: the depth is the sender's choice."""
    blank, signs = " " * width(style.signs.beside), style.signs
    waiting = [(top, "", "")]
    while waiting:
        item, lead, stem = waiting.pop()
        identity, part = (item, None) if isinstance(item, str) else (item.id, item)
        if identity in seen:
            continue
        seen.add(identity)
        below = [child for child in children.get(identity, ()) if child.id not in seen]
        yield _Row(lead, stem + (signs.beside if below else blank), part, identity)
        deepest = len(stem) > style.width // 3
        for child in reversed(below):
            is_last = child is below[-1]
            under = stem if deepest else stem + (blank if is_last else signs.beside)
            waiting.append((child, stem + (signs.last if is_last else signs.branch), under))


def _layout(trace: Trace, rows: list[_Row], style: Style) -> _Layout:
    start, end = trace.start, trace.end
    duration = max(len(_duration(end - start)), len("running"))
    bar = min(max(style.width // 5, _BAR[0]), _BAR[1])
    fixed = 2 + _MARK + 2 + duration
    if style.width - fixed - 2 - bar < _NARROWEST_LABELS:
        bar = 0
    most = max(style.width - fixed - (bar + 2 if bar else 0), _NARROWEST_LABELS // 2)
    widest = max(width(row.lead) + sum(width(text) for text, _ in _label(row, style, most)) for row in rows)
    return _Layout(min(most, max(widest, _NARROWEST_LABELS)), duration, bar, start, end)


def _label(row: _Row, style: Style, room: int) -> list[Piece]:
    room -= width(row.lead)
    if row.part is None:
        return style.fit([(f"? {row.id} has not arrived", Ink.YELLOW)], room)
    return label(row.part, style, room)


def _line(row: _Row, layout: _Layout, style: Style) -> list[Piece]:
    pieces = [(row.lead, Ink.DIM), *_label(row, style, layout.label)]
    if row.part is None:
        return pieces
    part, ink = row.part, INKS[row.part.outcome]
    mark = style.mark(part.outcome) if part.end is not None else style.signs.running
    duration = _duration(part.end - part.start) if part.end is not None else "running"
    pieces.append((" " * (layout.label - sum(width(text) for text, _ in pieces) + 2), Ink.PLAIN))
    pieces.append((f"{mark} {part.status or ''}".ljust(_MARK), ink))
    pieces.append((f"  {duration:>{layout.duration}}", Ink.PLAIN))
    if layout.bar:
        pieces += [("  ", Ink.PLAIN), (_bar(part, layout, style), ink)]
    return pieces


def _bar(part: Part, layout: _Layout, style: Style) -> str:
    """When the part ran, in half columns of the trace's time; dashed when it has not ended."""
    halves = 2 * layout.bar
    scale = halves / ((layout.end - layout.start) or 1)
    first = min(int((part.start - layout.start) * scale), halves - 1)
    last = max(round(((layout.end if part.end is None else part.end) - layout.start) * scale), first + 1)
    signs = style.signs.bar if part.end is not None else style.signs.open_bar
    cells = (signs[2 * (first <= half < last) + (first <= half + 1 < last)] for half in range(0, halves, 2))
    return "".join(cells).rstrip()
