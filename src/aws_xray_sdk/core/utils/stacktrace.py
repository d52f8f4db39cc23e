"""Stack frames for documents, gathered without reading a source file.

The standard library's ``traceback.extract_*`` looks up the text of every line, which no document holds and which
made a raised exception cost 200 us; a walk over the frames costs a twentieth of that.
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    Frame = tuple[str, int, str, str]  # path of the file, number of the line, name of the function, JSON text

_OURS = __file__[: __file__.rindex("core")]
_REMEMBERED = 4096

# What is raised is raised in the same places again: each place's frame, with its JSON text, by code and position.
_known: dict[tuple[CodeType, int], Frame | None] = {}


def get_stacktrace(limit: int | None = None) -> list[Frame]:
    """The frames of the caller, outermost first, of which the innermost `limit` are kept."""
    frames: list[Frame] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (limit is None or len(frames) < limit):
        frames.append(_frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    frames.reverse()
    return frames


def frames_of(traceback: TracebackType | None, limit: int) -> tuple[list[Frame], int]:
    """The innermost `limit` frames of a traceback that are not ours, outermost first, and how many were left out."""
    entries = []
    while traceback is not None:
        entries.append(traceback)
        traceback = traceback.tb_next
    frames: list[Frame] = []
    while entries and len(frames) < limit:
        entry = entries.pop()
        place = entry.tb_frame.f_code, entry.tb_lasti
        try:
            frame = _known[place]
        except KeyError:
            frame = _remember(place, entry.tb_lineno)
        if frame is not None:
            frames.append(frame)
    frames.reverse()
    return frames, len(entries)


def frames_given(stack: Iterable[Any] | None) -> list[Frame]:
    """The frames of a `stack` that a caller hands over: any objects shaped like ``traceback.FrameSummary``."""
    found = [(str(entry[0]), int(entry[1]), str(entry[2])) for entry in stack or ()]
    return [_frame(*facts) for facts in found if not facts[0].startswith(_OURS)]


def _remember(place: tuple[CodeType, int], line: int) -> Frame | None:
    code = place[0]
    if len(_known) >= _REMEMBERED:
        _known.clear()
    ours = code.co_filename.startswith(_OURS)
    frame = _known[place] = None if ours else _frame(code.co_filename, line, code.co_name)
    return frame


def _frame(filename: str, line: int, label: str) -> Frame:
    path = quoted(os.path.basename(filename))
    return filename, line, label, f'{{"path":{path},"line":{line},"label":{quoted(label)}}}'
