"""What segments and subsegments have in common."""

from __future__ import annotations

import os
from _thread import RLock  # the module threading would cost a sixth of a bare start

from ..._log import Log
from .. import _clock
from .._guard import warn_once
from . import http
from ._document import document
from ._names import clean_annotation, clean_key, clean_name
from .http import HttpBlock
from .throwable import describe, mark_of
from .traceid import new_entity_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .segment import Segment
    from .subsegment import Subsegment
    from .trace_header import TraceHeader

log = Log(__name__)

tree_lock = RLock()
"""Guards the rare steps that take parts out of a tree; the usual begin and end of a subsegment does without."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=tree_lock.acquire, after_in_parent=tree_lock.release, after_in_child=tree_lock.release)

DEFAULT_FRAMES = 10


def _section(slot: str, doc: str) -> Any:
    """A dict that is kept in `slot` from when it is first looked at, so that most entities have none."""

    def read(self: Entity) -> Any:
        value = getattr(self, slot)
        if value is None:
            value = {}
            setattr(self, slot, value)
        return value

    return property(read, lambda self, value: setattr(self, slot, value), None, doc)


class Entity:
    """A named span of time in a trace, with what is known about it.

    Times are epoch seconds. Attributes that the SDK does not know go into the document as they are.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_annotations",
        "_aws",
        "_cause",
        "_children",
        "_http",
        "_metadata",
        "complete",
        "end_time",
        "error",
        "fault",
        "id",
        "in_progress",
        "name",
        "parent_id",
        "start_time",
        "throttle",
    )

    name: Any
    id: str
    start_time: float
    end_time: float | None
    parent_id: str | None
    complete: bool
    _http: Any
    _annotations: dict[str, Any] | None
    _metadata: dict[str, Any] | None
    _aws: dict[str, Any] | None
    _cause: dict[str, Any] | str | None
    _children: dict[Subsegment, None] | None

    # What only some kinds of entities have.
    type: str | None = None
    trace_id: Any = None
    sampled: bool = True
    user: str | None = None
    _service: dict[str, Any] | None = None
    shared: Any = None

    def __init__(self, name: str, entity_id: str | None = None) -> None:
        self.id = entity_id or new_entity_id()
        self.name = clean_name(name)
        self.start_time = _clock.now()
        self.in_progress = True
        self.complete = self.error = self.fault = self.throttle = False
        self.end_time = self.parent_id = self._children = None
        self._http = self._annotations = self._metadata = self._aws = self._cause = None

    # -- sections of the document: dicts that appear when they are first looked at

    @property
    def http(self) -> dict[str, Any]:
        """The http block: ``request`` and ``response``."""
        block: dict[str, Any] | HttpBlock | None = self._http
        if not isinstance(block, dict):
            block = self._http = {} if block is None else block.as_dict()
        return block

    @http.setter
    def http(self, value: dict[str, Any] | HttpBlock) -> None:
        self._http = value

    def answer(self, status: int, content_length: int | None = None) -> None:
        """Set the answer in the http block, and the flags that its status means."""
        status = int(status)
        block = self._http
        if isinstance(block, HttpBlock):
            block.status = status
            block.content_length = content_length
        else:
            self.http["response"] = {"status": status}
            if content_length is not None:
                self.http["response"]["content_length"] = content_length
        if status >= 400:
            self.apply_status_code(status)

    annotations: dict[str, Any] = _section("_annotations", "Key and value pairs that X-Ray indexes.")
    metadata: dict[str, Any] = _section("_metadata", "Namespaces of values that X-Ray keeps and does not index.")
    aws: dict[str, Any] = _section("_aws", "What is known about the AWS resource.")
    cause: dict[str, Any] | str = _section(
        "_cause", "Exceptions, or the id of one that is told elsewhere in the trace."
    )

    @property
    def subsegments(self) -> list[Subsegment]:
        """The children that are still here, oldest first; those streamed out are gone. A copy."""
        return list(self._children or ())

    # -- verbs

    def close(self, end_time: float | None = None) -> None:
        """End at `end_time` (epoch seconds), or now."""
        if not self._writable("close"):
            return
        if end_time is not None and (isinstance(end_time, bool) or not isinstance(end_time, (int, float))):
            warn_once(
                log, "end_time must be epoch seconds, not a value of type %s; now is taken", type(end_time).__name__
            )
            end_time = None
        self.end_time = end_time or _clock.now()
        self.in_progress = False

    def add_subsegment(self, subsegment: Subsegment) -> None:
        """Hang `subsegment` below this entity."""
        subsegment.parent = self
        subsegment.parent_id = self.id
        subsegment.parent_segment.open_count += 1
        children = self._children
        if children is None:
            with tree_lock:
                children = self._children
                if children is None:
                    children = self._children = {}
        children[subsegment] = None
        if self.complete:
            # Too late to be part of this entity's document (a task may outlive its segment). Asked after the
            # child is hung up, while an end first tells and then looks at its children: one of both sees the other.
            children.pop(subsegment, None)
            subsegment.leaves_alone = subsegment.parent_segment.has_strays = True

    def remove_subsegment(self, subsegment: Subsegment) -> None:
        """Take `subsegment` out, because it was sent by itself."""
        if self._children:
            self._children.pop(subsegment, None)
            subsegment.parent_segment.finished.pop(subsegment, None)

    def put_http_meta(self, key: str, value: Any) -> None:
        """Set a field of the http block: one of the names in ``models.http``; others are ignored."""
        if value is None or not self._writable("put_http_meta"):
            return
        if key == http.STATUS:
            value = _status(value)
            if value is None:
                return
            self.apply_status_code(value)
        if key in http.request_keys:
            self.http.setdefault("request", {})[key] = value
        elif key in http.response_keys:
            self.http.setdefault("response", {})[key] = value
        else:
            warn_once(log, "%r is not a field of the http block; ignored", str(key))

    def put_annotation(self, key: str, value: str | int | float | bool) -> None:
        """Index this entity under `key`: letters, digits, ``_`` and ``.``; text of at most 1,000 characters."""
        if not self._writable("put_annotation"):
            return
        name = clean_key(key)
        if name is not None:
            cleaned = clean_annotation(name, value)
            if cleaned is not None:
                self.annotations[name] = cleaned

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """Keep any `value` with this entity; a namespace must not begin with ``AWS.``."""
        if not self._writable("put_metadata"):
            return
        if not isinstance(namespace, str) or namespace.startswith("AWS."):
            warn_once(log, "The metadata namespace %r is reserved or no text; left out", str(namespace)[:100])
            return
        metadata = self.metadata
        if namespace in metadata:
            metadata[namespace][key] = value
        else:
            metadata[namespace] = {key: value}

    def set_aws(self, aws_meta: dict[str, Any]) -> None:
        """Replace the aws block."""
        if self._writable("set_aws"):
            self._aws = aws_meta

    def apply_status_code(self, status_code: int | str | None) -> None:
        """Set the flags that an HTTP status means: 4xx error, 429 throttle too, 5xx fault."""
        status = _status(status_code)
        if status is None or status < 400 or not self._writable("apply_status_code"):
            return
        if status >= 500:
            self.fault = True
        else:
            self.error = True
            if status == 429:
                self.throttle = True

    def add_error_flag(self) -> None:
        """Mark as failed by the client (4xx)."""
        if self._writable("add_error_flag"):
            self.error = True

    def add_fault_flag(self) -> None:
        """Mark as failed by the server (5xx)."""
        if self._writable("add_fault_flag"):
            self.fault = True

    def add_throttle_flag(self) -> None:
        """Mark as throttled (429)."""
        if self._writable("add_throttle_flag"):
            self.throttle = True

    def add_exception(
        self,
        exception: BaseException,
        stack: Iterable[Any] | None = None,
        remote: bool = False,
        *,
        limit: int = DEFAULT_FRAMES,
    ) -> None:
        """Mark as a fault that `exception` caused.

        `stack` holds objects shaped like ``traceback.FrameSummary``; where it is None the innermost `limit` frames of
        the exception's own traceback are taken. An exception that another entity of the segment has told already is
        referred to by its id.
        """
        if not self._writable("add_exception"):
            return
        self.fault = True
        told = self._exceptions_told()
        mark = mark_of(exception)
        known = told.get(mark)
        if known is not None:
            if not self._cause:
                self._cause = known
            return
        exceptions = describe(exception, mark, stack, remote, limit, told)
        self._cause = {"working_directory": _working_directory(), "exceptions": exceptions}

    def save_origin_trace_header(self, trace_header: TraceHeader) -> None:
        """Remember the header that the request came with, so that its other parts are passed on."""
        self.owner().save_origin_trace_header(trace_header)

    def get_origin_trace_header(self) -> TraceHeader | None:
        """The header that the request came with."""
        return self.owner().get_origin_trace_header()

    def to_dict(self) -> dict[str, Any]:
        """The document as a dict."""
        import json

        found: dict[str, Any] = json.loads(document(self))
        return found

    def serialize(self) -> str | None:
        """The document as JSON text; None for an entity that is not sampled."""
        return document(self)

    # -- for the models

    def owner(self) -> Segment:
        """The segment that this entity belongs to."""
        raise TypeError(f"{type(self).__name__} {self.name!r} belongs to no segment")

    def _exceptions_told(self) -> dict[Any, str]:
        return self.owner().exceptions_told

    def _writable(self, verb: str) -> bool:
        if self.in_progress:
            return True
        warn_once(log, "%s on %r is ignored: it has ended", verb, str(self.name))
        return False


def _status(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        warn_once(log, "An HTTP status must be a number; ignored: %r", str(value)[:100])
        return None


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
