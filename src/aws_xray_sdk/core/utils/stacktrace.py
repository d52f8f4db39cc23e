"""Stack frames for documents, gathered without reading a source file.

The standard library's ``traceback.extract_*`` looks up the text of every line, which no document holds and which
made a raised exception cost 200 us; a walk over the frames costs a twentieth of that.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType, TracebackType
    from typing import Any

    Frame = tuple[str, int, str]  # path of the file, number of the line, name of the function

_OURS = __file__[: __file__.rindex("core")]


def get_stacktrace(limit: int | None = None) -> list[Frame]:
    """The frames of the caller, outermost first, of which the innermost `limit` are kept."""
    frames = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (limit is None or len(frames) < limit):
        frames.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
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
        code = entry.tb_frame.f_code
        if not code.co_filename.startswith(_OURS):
            frames.append((code.co_filename, entry.tb_lineno, code.co_name))
    frames.reverse()
    return frames, len(entries)


def frames_given(stack: Iterable[Any] | None) -> list[Frame]:
    """The frames of a `stack` that a caller hands over: any objects shaped like ``traceback.FrameSummary``."""
    found = [(str(entry[0]), int(entry[1]), str(entry[2])) for entry in stack or ()]
    return [frame for frame in found if not frame[0].startswith(_OURS)]
