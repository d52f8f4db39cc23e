"""What a line says about one part: its name and what it did, its annotations, what it raised."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._text import cut, one_line, visible, width
from .documents import Annotation, Namespace, Outcome, Part, Raised
from .style import INKS, Ink, Piece, Style

_COLUMN_LIST = re.compile(r"(SELECT(?: DISTINCT)?) .+? FROM ", re.IGNORECASE)
_SHORTEST_MESSAGE = 20


def label(part: Part, style: Style, room: int) -> list[Piece]:
    """The part's name, what kind of work it was and what it did, at most ``room`` columns wide."""
    name = visible(part.name)
    ink = Ink.BOLD if part.is_segment else Ink.PLAIN
    pieces = [*_kind(part, style), (name, ink if part.outcome is Outcome.OK else INKS[part.outcome])]
    deed = _deed(part, room - sum(width(text) for text, _ in pieces) - 2, style)
    if deed:
        pieces.append((f"  {deed}", Ink.PLAIN if part.is_segment else Ink.DIM))
    return style.fit(pieces, room)


def _kind(part: Part, style: Style) -> list[Piece]:
    if part.is_segment:
        return [(f"{style.signs.segment} ", INKS[part.outcome])]
    if part.database:
        return [(f"{cut(visible(part.database), 12, style.signs.ellipsis)} ", Ink.DIM)]
    if part.namespace is Namespace.AWS:
        return [("aws ", Ink.DIM)]
    if part.namespace is Namespace.REMOTE:
        return [(f"{style.signs.remote} ", Ink.DIM)]
    return []


def _deed(part: Part, room: int, style: Style) -> str:
    if part.sql:
        return _short_sql(part.sql, room, style)
    if part.operation:
        return one_line(part.operation)
    return one_line(" ".join(text for text in (part.method, _place(part)) if text))


def _short_sql(sql: str, room: int, style: Style) -> str:
    text = one_line(sql)
    if width(text) > room:
        # The tables and conditions tell more than the columns do.
        text = _COLUMN_LIST.sub(rf"\1 {style.signs.ellipsis} FROM ", text, count=1)
    return text


def _place(part: Part) -> str:
    """The part's URL without what its name says already: the scheme, the host, and any password."""
    if not part.url or "://" not in part.url:
        return part.url or ""
    host, slash, path = part.url.partition("://")[2].partition("/")
    host = host.rpartition("@")[2]
    if part.is_segment or host == part.name:
        return slash + path or "/"
    return host.removeprefix(part.name if host.startswith(f"{part.name}:") else "") + slash + path


def remarks(part: Part, style: Style, room: int) -> Iterator[list[Piece]]:
    """The lines below a part: one of annotations, and one for each exception."""
    if part.annotations:
        text = "  ".join(f"{visible(key)}={_value(value)}" for key, value in part.annotations.items())
        yield [(cut(text, room, style.signs.ellipsis), Ink.DIM)]
    for number, raised in enumerate(part.exceptions):
        yield _raised(raised, "! " if number == 0 else "  caused by ", style, room)


def _value(value: Annotation) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = one_line(str(value))
    return f'"{text}"' if " " in text or not text else text


def _raised(raised: Raised, lead: str, style: Style, room: int) -> list[Piece]:
    text = lead + visible(raised.type) + (f": {one_line(raised.message)}" if raised.message else "")
    frame = f"  at {visible(raised.frame)}" if raised.frame else ""
    text = cut(text, max(_SHORTEST_MESSAGE, room - width(frame)), style.signs.ellipsis)
    return style.fit([(text, Ink.RED), (frame, Ink.DIM)], room)
