"""Documents as X-Ray SDKs send them, to test the local X-Ray with."""

import json
from typing import Any

from aws_xray_sdk.local.documents import Part, parse
from aws_xray_sdk.local.traces import Trace

TRACE_ID = "1-65a0b1c2-0123456789abcdef01234567"
OTHER_TRACE_ID = "1-65a0b1c2-ffffffffffffffffffffffff"
START = 1_700_000_000.0

Document = dict[str, Any]


def identity(number: int) -> str:
    """A valid id, the same for the same number."""
    return f"{number:016x}"


def subsegment(number: int, name: str, start: float = 0, end: float | None = 100, **fields: Any) -> Document:
    """An embedded subsegment; times in milliseconds from the start of the trace, ``end`` None while in progress."""
    times: Document = {"in_progress": True} if end is None else {"in_progress": False, "end_time": START + end / 1000}
    return {"id": identity(number), "name": name, "start_time": START + start / 1000, **times, **fields}


def segment(number: int, name: str, start: float = 0, end: float | None = 100, **fields: Any) -> Document:
    return {**subsegment(number, name, start, end), "trace_id": TRACE_ID, **fields}


def detached(number: int, parent: int, name: str, start: float = 0, end: float | None = 100, **fields: Any) -> Document:
    """A subsegment in a document of its own."""
    link = {"type": "subsegment", "parent_id": identity(parent)}
    return segment(number, name, start, end, **link, **fields)


def http(method: str, url: str, status: int) -> Document:
    return {"request": {"method": method, "url": url}, "response": {"status": status}}


def parts(*documents: Document) -> list[Part]:
    return [part for document in documents for part in parse(json.dumps(document))]


def trace(*documents: Document) -> Trace:
    """The trace that these documents, arriving in this order, make."""
    return Trace(TRACE_ID, parts(*documents))


def datagram(document: object) -> bytes:
    return b'{"format":"json","version":1}\n' + json.dumps(document).encode()
