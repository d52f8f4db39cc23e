"""Exceptions as documents hold them: type, message, the user's frames, and what caused them.

Nothing is written on the user's exception and no reference to it is kept, so that its frames are freed when the
application lets it go. Whether an outer entity is leaving with the exception that an inner one has told already is
seen by a mark: the object's address, its type, the place where it was raised and its message. Two exceptions that
agree in all four say the same; without the message a freed one's address made the next one refer to it.
"""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

from ..utils.stacktrace import frames_given, frames_of
from ._values import text_of
from .traceid import new_entity_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..utils.stacktrace import Frame

    Mark = tuple[int, str, int, str]

MOST_CAUSES = 8
MOST_LINKS = 1000
LONGEST_MESSAGE = 8000


class Throwable:
    """One exception: its `id`, `message`, `type`, whether it came from a `remote` service, and its `stack`.

    `truncated` counts frames left out; `cause` is the id of the exception behind it; `skipped` counts exceptions
    left out behind it.
    """

    __slots__ = ("cause", "id", "message", "remote", "skipped", "stack", "truncated", "type")

    def __init__(self, exception: BaseException, stack: list[Frame], truncated: int = 0, remote: bool = False) -> None:
        self.id = new_entity_id()
        self.message = _message(exception)
        self.type = type(exception).__name__
        self.remote = remote
        self.stack = stack
        self.truncated = truncated
        self.cause: str | None = None
        self.skipped = 0

    def text(self) -> str:
        """The exception as JSON text."""
        remote = "true" if self.remote else "false"
        parts = [
            f'{{"id":"{self.id}","message":{quoted(self.message)},"type":{quoted(self.type)},"remote":{remote}',
        ]
        if self.truncated:
            parts.append(f',"truncated":{self.truncated}')
        if self.stack:
            parts.append(f',"stack":[{",".join([frame[3] for frame in self.stack])}]')
        if self.cause:
            parts.append(f',"cause":"{self.cause}"')
        if self.skipped:
            parts.append(f',"skipped":{self.skipped}')
        parts.append("}")
        return "".join(parts)


def cause_text(cause: Any) -> str:
    """A ``cause`` block as JSON text: the id of an exception told elsewhere, or exceptions."""
    exceptions = cause.get("exceptions") if type(cause) is dict else None
    if type(exceptions) is not list:  # of the application's own making, as others in a list may be
        return text_of(cause)
    told = ",".join([each.text() if type(each) is Throwable else text_of(each) for each in exceptions])
    others = [f"{quoted(str(key))}:{text_of(value)}," for key, value in cause.items() if key != "exceptions"]
    return f'{{{"".join(others)}"exceptions":[{told}]}}'


def mark_of(exception: BaseException) -> Mark:
    """What tells this exception from another one, without holding it."""
    traceback = exception.__traceback__
    if traceback is None:
        return id(exception), type(exception).__qualname__, 0, _message(exception)
    following = traceback.tb_next
    while following is not None:
        traceback = following
        following = traceback.tb_next
    place = id(traceback.tb_frame.f_code) + traceback.tb_lasti
    return id(exception), type(exception).__qualname__, place, _message(exception)


def describe(
    exception: BaseException,
    mark: Mark,
    stack: Iterable[Any] | None,
    remote: bool,
    limit: int,
    told: dict[Mark, str],
) -> list[Throwable]:
    """The exceptions of a ``cause`` block: `exception` first, then what caused it, each referring to the next by id.

    Frames come from `stack` (objects shaped like ``traceback.FrameSummary``) or, where it is None, from the
    exception's own traceback, of which the innermost `limit` are kept. A cause that is in `told` is only referred to
    (`exception` itself must not be in it); what is described here is added to it.
    """
    described: list[Throwable] = []
    seen: set[int] = set()
    link: BaseException | None = exception
    while link is not None and id(link) not in seen and len(seen) < MOST_LINKS:
        seen.add(id(link))
        if link is not exception:
            mark = mark_of(link)
        known = told.get(mark)
        if known is not None:
            described[-1].cause = known
            break
        if len(described) < MOST_CAUSES:
            given = stack if link is exception else None
            frames, left_out = frames_of(link.__traceback__, limit) if given is None else (frames_given(given), 0)
            one = Throwable(link, frames, left_out, bool(remote))
            told[mark] = one.id
            if described:
                described[-1].cause = one.id
            described.append(one)
        else:
            described[-1].skipped += 1
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return described


def _message(exception: BaseException) -> str:
    try:
        return str(exception)[:LONGEST_MESSAGE]
    except Exception:
        return f"<{type(exception).__name__}>"
