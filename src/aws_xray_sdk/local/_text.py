"""Text from documents made fit for a terminal: nothing it could obey, and of a known width."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    r"""The text with every character that is no plain sign turned into its escape, for example ``\x1b``.

    That covers control characters, line ends, marks that turn the direction of writing and broken surrogates.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def one_line(text: str) -> str:
    """The text with each run of blanks and line ends turned into one blank, and visible."""
    return visible(" ".join(text.split()))


def width(text: str) -> int:
    """The number of terminal columns that visible text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, room: int, ellipsis: str) -> str:
    """The visible text, shortened to ``room`` columns when it is wider."""
    if width(text) <= room:
        return text
    room -= width(ellipsis)
    kept = []
    for sign in text:
        room -= _columns(sign)
        if room < 0:
            break
        kept.append(sign)
    return "".join(kept) + ellipsis


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
