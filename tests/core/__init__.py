"""Tests of the core, and the documents that they expect: what a recorder sends while clock and ids stand still."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

from aws_xray_sdk.version import VERSION

Document = dict[str, Any]
Traced = Callable[[], list[Document]]

NOW = 1700000000.25
SERVICE = {"runtime": platform.python_implementation(), "runtime_version": platform.python_version().rstrip("+")}
AWS = {"xray": {"sdk": "X-Ray for Python", "sdk_version": VERSION}}


def entity_id(number: int) -> str:
    """The id of the entity that drew the `number`-th random number."""
    return f"{number:016x}"


def trace_id(number: int = 2) -> str:
    """The trace id of a segment that drew the `number`-th random number for it."""
    return f"1-6553f100-{number:024x}"


def segment(*subsegments: Document, name: str = "app", first: int = 1, **fields: Any) -> Document:
    """The document of a segment that drew number `first` for its id, the next for its trace, and so on below it."""
    numbers = count(first)
    document = _span(name, entity_id(next(numbers)))
    document["trace_id"] = fields.pop("trace_id", None) or trace_id(next(numbers))
    return _finished({**document, "service": SERVICE, "aws": AWS, **fields}, subsegments, numbers)


def subsegment(name: str, *subsegments: Document, **fields: Any) -> Document:
    """A subsegment in a document; its ids are filled in by what it is part of."""
    fields.setdefault("namespace", "local")
    return {"name": name, "type": "subsegment", **fields, "below": subsegments}


def pending(name: str, *subsegments: Document, **fields: Any) -> Document:
    """A subsegment that stands in its segment's document as one in progress."""
    return subsegment(name, *subsegments, in_progress=True, **fields)


def detached(subsegment: Document, number: int, parent: int, trace: str = "") -> Document:
    """The document of a subsegment sent by itself, by the number of its own id and its parent's."""
    inside = {**subsegment, "parent_id": entity_id(parent), "trace_id": trace or trace_id()}
    return _placed(inside, count(number))


def _span(name: str, id: str) -> Document:
    return {"id": id, "name": name, "start_time": NOW, "end_time": NOW, "in_progress": False}


def _placed(subsegment: Document, numbers: Iterator[int]) -> Document:
    document = {**_span(subsegment["name"], entity_id(next(numbers))), **subsegment}
    if document["in_progress"]:
        del document["end_time"]
    return _finished(document, document.pop("below"), numbers)


def _finished(document: Document, subsegments: Iterable[Document], numbers: Iterator[int]) -> Document:
    ids = {"parent_id": document["id"], "trace_id": document["trace_id"]}
    below = [_placed({**each, **ids}, numbers) for each in subsegments]
    return {**document, "subsegments": below} if below else document


def every(documents: Iterable[Document]) -> Iterator[Document]:
    """Each entity in `documents`, those that hang below others too."""
    for document in documents:
        yield document
        yield from every(document.get("subsegments", ()))


def complete(documents: Iterable[Document]) -> list[Document]:
    """The entities in `documents` that have ended."""
    return [each for each in every(documents) if not each["in_progress"]]


def outline(document: Document) -> Any:
    """Names only: a name, or a name with what hangs below it."""
    below = [outline(each) for each in document.get("subsegments", ())]
    return (document["name"], below) if below else document["name"]
