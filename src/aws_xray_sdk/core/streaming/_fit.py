"""A document that is too large for a datagram, as several that fit.

Subtrees leave by themselves (X-Ray joins them by their parent's id), so nothing is lost by that. Only an entity that
is too large alone is trimmed: its metadata, the largest values first, then its SQL text, then its stacks, then
everything that is not needed to find it.
"""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted
from copy import copy

from ..._log import Log
from .._guard import warn_once
from ..models._document import closing, opening, stub
from ..models._values import MOST_CHARACTERS, block_text, text_of
from ..models.throwable import Throwable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

log = Log(__name__)

_FRAME = len(',"subsegments":[]}')
_NOTE_ROOM = 2000  # bytes that the note on what was left out may take, beside 500 that every step leaves
NOTE = "aws_xray_sdk"  # the metadata namespace that tells of trimming


def fitting(entity: Any, limit: int) -> Iterator[tuple[str, bool]]:
    """The documents for `entity` and everything below, each of at most `limit` bytes, and whether it was trimmed."""
    order = [entity]
    for each in order:
        order.extend(each.subsegments)
    texts: dict[Any, list[str]] = {each: [] for each in order}
    for each in reversed(order):
        head = stub(each) if each is not entity and each.leaves_alone else opening(each)
        is_trimmed = len(head) + _FRAME > limit
        if is_trimmed:
            head = _trimmed(each, limit - _FRAME)
        inside, outside = _packed(texts.pop(each), limit - len(head) - _FRAME)
        for text in outside:
            yield text, False
        text = head + closing(inside)
        if each is entity or is_trimmed:
            yield text, is_trimmed
        else:
            texts[each.parent].insert(0, text)


def _packed(texts: list[str], room: int) -> tuple[list[str], list[str]]:
    """The texts that fit into `room` together, in their order, and the others."""
    inside: list[str] = []
    outside: list[str] = []
    for text in texts:
        if len(text) + 1 <= room:
            room -= len(text) + 1
            inside.append(text)
        else:
            outside.append(text)
    return inside, outside


def _trimmed(entity: Any, limit: int) -> str:
    """The opening of `entity` within `limit` bytes, with a note on what was left out."""
    slim = copy(entity)
    left_out: list[str] = []
    for cut in (_cut_metadata, _cut_sql, _cut_stacks, _cut_rest):
        left_out[:0] = cut(slim, len(opening(slim)) - limit + 500)
        _note(slim, left_out)
        text = opening(slim)
        if len(text) <= limit:
            break
    warn_once(log, "%r does not fit into a datagram; left out: %s", str(slim.name), ", ".join(left_out)[:500])
    return text


def _note(slim: Any, left_out: list[str]) -> None:
    told: list[str] = []
    room = _NOTE_ROOM - 200
    for each in left_out:
        room -= len(quoted(each[:200])) + 1
        if room < 0:
            break
        told.append(each[:200])
    slim._metadata = {**(slim._metadata or {}), NOTE: {"trimmed": told}}


def _cut_metadata(slim: Any, excess: int) -> list[str]:
    """Leave out metadata values, the largest first, until `excess` bytes are gone."""
    room = len(text_of(slim._metadata or {})) - excess - _NOTE_ROOM
    sizes = [
        (len(text_of(value)), str(namespace), key)
        for namespace, values in dict(slim._metadata or {}).items()
        if isinstance(values, dict)
        for key, value in list(values.items())
    ]
    slim._metadata = {
        str(namespace): dict(values) if isinstance(values, dict) else {}
        for namespace, values in dict(slim._metadata or {}).items()
    }
    # By the sizes of all values: the text of a section that is far too large tells only what was written of it.
    room -= sum(len(quoted(namespace)) + 4 for namespace in slim._metadata)
    left_out: list[str] = []
    for size, namespace, key in sorted(sizes, key=lambda entry: entry[0]):
        room -= size + len(quoted(str(key))) + 2
        if room < 0:
            del slim._metadata[namespace][key]
            left_out.insert(0, f"metadata {namespace}.{str(key)[:100]} ({size} bytes)")
    return left_out


def _cut_sql(slim: Any, excess: int) -> list[str]:
    query = (getattr(slim, "_sql", None) or {}).get("sanitized_query")
    if excess <= 0 or not isinstance(query, str):
        return []
    # What counts is the JSON text, in which a character takes up to twelve bytes.
    kept = query[:MOST_CHARACTERS]
    room = max(len(block_text(slim._sql)) - excess, 1000)
    while (size := len(quoted(kept))) > room:
        kept = kept[: len(kept) * room // size]
    slim._sql = {**slim._sql, "sanitized_query": kept + "..."}
    return [f"SQL text after {len(kept)} of {len(query)} characters"]


def _cut_stacks(slim: Any, excess: int) -> list[str]:
    if excess <= 0 or not isinstance(slim._cause, dict):
        return []
    exceptions = [copy(each) for each in slim._cause.get("exceptions", ()) if isinstance(each, Throwable)]
    for each in exceptions:
        each.message = each.message[:1000]
        each.truncated += max(len(each.stack) - 3, 0)
        each.stack = each.stack[-3:]
    slim._cause = {**slim._cause, "exceptions": exceptions} if exceptions else None
    return ["all but the innermost 3 frames of stacks"]


def _cut_rest(slim: Any, excess: int) -> list[str]:
    """Leave out all that is not needed to know what took how long and how it went."""
    if excess <= 0:
        return []
    slim._metadata = slim._annotations = slim._cause = slim._http = slim._aws = None
    for name in ("_sql", "_service", "user"):
        if getattr(slim, name, None):
            setattr(slim, name, None)
    for key in list(slim.__dict__):
        del slim.__dict__[key]
    return ["annotations, http, aws, sql, cause, user and other attributes"]
