"""How a terminal is written to: its width, whether it takes colours, and which signs it can show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TextIO

from ._text import cut, width
from .documents import Outcome


class Ink(Enum):
    """SGR parameters; the outcomes have X-Ray's colours."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    GREEN = "32"
    YELLOW = "33"
    PURPLE = "35"
    RED = "31"


Piece = tuple[str, Ink]

INKS = {Outcome.OK: Ink.GREEN, Outcome.ERROR: Ink.YELLOW, Outcome.THROTTLE: Ink.PURPLE, Outcome.FAULT: Ink.RED}


@dataclass(frozen=True, slots=True)
class Signs:
    """The signs that are not letters, in the one set or the other; all but the words are one column wide."""

    branch: str = "├─ "
    last: str = "└─ "
    beside: str = "│  "
    segment: str = "◆"
    remote: str = "→"
    ok: str = "✓"
    running: str = "…"
    ellipsis: str = "…"
    bar: str = " ╺╸━"  # nothing, right half, left half, both halves of a column
    open_bar: str = " ╶╴╌"


ASCII = Signs("|- ", "`- ", "|  ", "*", ">", "+", "~", "~", " ===", " ---")


@dataclass(frozen=True, slots=True)
class Style:
    width: int = 100
    colour: bool = False
    signs: Signs = Signs()

    def mark(self, outcome: Outcome) -> str:
        """The sign that says what the colour says."""
        return self.signs.ok if outcome is Outcome.OK else outcome.name[0]

    def fit(self, pieces: Iterable[Piece], room: int) -> list[Piece]:
        """The pieces, as far as they go into ``room`` columns."""
        kept = []
        for text, ink in pieces:
            text = cut(text, room, self.signs.ellipsis)
            room -= width(text)
            kept.append((text, ink))
            if room <= 0:
                break
        return kept

    def paint(self, pieces: Iterable[Piece]) -> str:
        return "".join(self._paint(text, ink) for text, ink in pieces)

    def _paint(self, text: str, ink: Ink) -> str:
        if not self.colour or ink is Ink.PLAIN or not text:
            return text
        return f"\x1b[{ink.value}m{text}\x1b[0m"


def style_of(stream: TextIO, colour: bool = True) -> Style:
    """The style for a stream: its terminal's width and, if ``colour``, colours unless NO_COLOR is set."""
    is_terminal = stream.isatty()
    colour = colour and is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = shutil.get_terminal_size((100, 24)).columns
    return Style(max(40, min(columns, 180)), colour, Signs() if _shows_signs(stream) else ASCII)


def _shows_signs(stream: TextIO) -> bool:
    signs = Signs()
    try:
        "".join((signs.branch, signs.last, signs.beside, signs.ok, signs.bar, signs.open_bar)).encode(stream.encoding)
    except (LookupError, TypeError, UnicodeEncodeError):
        return False
    return True
