"""What a segment document means: its text becomes parts, each one segment or one subsegment.

Documents are hostile input. What makes a part unusable (its id, trace, name or start) refuses the whole document, as
the service does; any other field of a wrong type counts as absent, and long texts are cut so that memory is bounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ._fields import Fields

_ID = re.compile(r"[0-9a-fA-F]{16}\Z")
_TRACE_ID = re.compile(r"1-[0-9a-fA-F]{1,8}-[0-9a-fA-F]{24}\Z")
_YEAR_10000 = 253_402_300_800
_MOST_EXCEPTIONS = 5
_MOST_ANNOTATIONS = 50
_RESOURCES = ("table_name", "bucket_name", "queue_url", "topic_arn", "function_name")

Annotation = str | int | float | bool


class Reason(Enum):
    """Why a datagram was refused."""

    HEADER = "no X-Ray header line"
    ENCODING = "not UTF-8"
    JSON = "not JSON"
    DOCUMENT = "not a segment document"


class Refused(ValueError):
    """A datagram that holds no usable document; ``reason`` is what to count."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value} ({detail})" if detail else reason.value)
        self.reason = reason


class Outcome(Enum):
    """How the work of a part ended, the worst flag first."""

    FAULT = "fault"
    THROTTLE = "throttle"
    ERROR = "error"
    OK = "ok"


class Namespace(Enum):
    LOCAL = "local"
    REMOTE = "remote"
    AWS = "aws"


@dataclass(slots=True)
class Raised:
    """One recorded exception; ``frame`` is its innermost stack frame, as ``file:line in function``."""

    type: str
    message: str
    frame: str | None


@dataclass(slots=True)
class Part:
    """One segment or subsegment; times in epoch seconds, ``end`` is None while it is in progress."""

    id: str
    trace_id: str
    parent_id: str | None
    name: str
    is_segment: bool
    start: float
    end: float | None
    namespace: Namespace
    outcome: Outcome
    method: str | None
    url: str | None
    status: int | None
    database: str | None
    sql: str | None
    operation: str | None
    annotations: dict[str, Annotation]
    exceptions: tuple[Raised, ...]


def parse(text: str) -> list[Part]:
    """The parts of a document, the outermost first. Raises Refused."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(Reason.JSON) from error
    return list(_flatten(document))


def _flatten(document: object) -> Iterator[Part]:
    # Not recursive: the depth is the sender's choice.
    fields = Fields(document)
    trace_id = fields.text("trace_id") or ""
    if not _TRACE_ID.match(trace_id):
        raise Refused(Reason.DOCUMENT, "trace_id is missing or wrong")
    is_segment = fields.text("type") != "subsegment"
    waiting = [(fields, _parent_id(fields), is_segment)]
    while waiting:
        fields, parent_id, is_segment = waiting.pop()
        part = _part(fields, trace_id, parent_id, is_segment)
        yield part
        waiting.extend((Fields(child), part.id, False) for child in reversed(fields.items("subsegments")))


def _parent_id(fields: Fields) -> str | None:
    parent_id = fields.text("parent_id")
    if parent_id is not None and not _ID.match(parent_id):
        raise Refused(Reason.DOCUMENT, "parent_id is wrong")
    return parent_id


def _part(fields: Fields, trace_id: str, parent_id: str | None, is_segment: bool) -> Part:
    identity, name, start = fields.text("id") or "", fields.text("name"), _time(fields, "start_time")
    if not _ID.match(identity) or not name or start is None:
        wrong = "id" if not _ID.match(identity) else "start_time" if name else "name"
        raise Refused(Reason.DOCUMENT, f"{wrong} is missing or wrong")
    http, sql = fields.inner("http"), fields.inner("sql")
    request, status = http.inner("request"), http.inner("response").number("status")
    return Part(
        id=identity,
        trace_id=trace_id,
        parent_id=parent_id,
        name=name,
        is_segment=is_segment,
        start=start,
        end=None if fields.flag("in_progress") else _time(fields, "end_time"),
        namespace=_namespace(fields),
        outcome=_outcome(fields),
        method=request.text("method"),
        url=request.text("url"),
        status=int(status) if status is not None and 100 <= status <= 999 else None,
        database=(sql.text("database_type") or "sql") if sql else None,
        sql=sql.text("sanitized_query"),
        operation=_operation(fields.inner("aws")),
        annotations=_annotations(fields.inner("annotations")),
        exceptions=_exceptions(fields.inner("cause")),
    )


def _time(fields: Fields, key: str) -> float | None:
    value = fields.number(key)
    return value if value is not None and 0 <= value < _YEAR_10000 else None


def _namespace(fields: Fields) -> Namespace:
    try:
        return Namespace(fields.text("namespace"))
    except ValueError:
        return Namespace.LOCAL


def _outcome(fields: Fields) -> Outcome:
    return next((outcome for outcome in Outcome if fields.flag(outcome.value)), Outcome.OK)


def _operation(aws: Fields) -> str | None:
    texts = [aws.text("operation"), *(aws.text(key) for key in _RESOURCES)]
    return " ".join(text for text in texts if text) or None


def _annotations(fields: Fields) -> dict[str, Annotation]:
    found = {key: fields.simple(key) for key in fields.keys()[:_MOST_ANNOTATIONS]}
    return {key: value for key, value in found.items() if value is not None}


def _exceptions(cause: Fields) -> tuple[Raised, ...]:
    found = [Fields(item) for item in cause.items("exceptions")[:_MOST_EXCEPTIONS]]
    return tuple(
        Raised(fields.text("type") or "exception", fields.text("message") or "", _frame(fields.items("stack")))
        for fields in found
        if fields
    )


def _frame(stack: list[object]) -> str | None:
    frames = [Fields(item) for item in stack]
    # CPython writes the innermost frame last; Java, Node.js, Go and Ruby write it first.
    if frames and (frames[-1].text("path") or "").endswith(".py"):
        frames.reverse()
    ours = (frame for frame in frames if "site-packages" not in (frame.text("path") or ""))
    frame = next(ours, frames[0] if frames else Fields(None))
    path, line, label = frame.text("path"), frame.number("line"), frame.text("label")
    if not path:
        return None
    where = path.rsplit("/", 1)[-1] + (f":{line:.0f}" if line is not None else "")
    return f"{where} in {label}" if label else where
