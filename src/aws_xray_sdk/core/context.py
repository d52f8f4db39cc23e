"""What is current: the segment or subsegment that new work hangs below.

One ``ContextVar`` holds the entity itself, so that threads, tasks, callbacks and greenlets each see their own and a
new task sees its creator's. Entities know their parents, so there is no stack to keep, and none to leak.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

from .._log import Log
from ._guard import first_time
from .exceptions.exceptions import SegmentNotFoundException
from .models.entity import Entity
from .models.segment import Segment
from .models.subsegment import Subsegment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

log = Log(__name__)

MISSING_SEGMENT_MSG = "cannot find the current segment/subsegment, please make sure you have a segment open"
CXT_MISSING_STRATEGY_KEY = "AWS_XRAY_CONTEXT_MISSING"
SUPPORTED_CONTEXT_MISSING = ("RUNTIME_ERROR", "LOG_ERROR", "IGNORE_ERROR")

_VERBS = frozenset(
    (
        "get_trace_entity",
        "set_trace_entity",
        "clear_trace_entities",
        "put_segment",
        "end_segment",
        "put_subsegment",
        "end_subsegment",
    )
)


class Context:
    """What is current in this thread, task or greenlet.

    `context_missing` says what happens when something is to be recorded and no segment is open: ``RUNTIME_ERROR``
    raises, ``LOG_ERROR`` logs once for each line of code that meets it, ``IGNORE_ERROR`` does nothing. The
    environment variable ``AWS_XRAY_CONTEXT_MISSING`` wins.

    A subclass may assign its own storage to ``_local``: any object that keeps attributes. It then holds, as
    ``entities``, the path from the segment to what is current.
    """

    is_plain = True
    """Whether `var` alone tells what is current, so that the recorder may read and set it without asking the verbs."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not _VERBS.isdisjoint(cls.__dict__):
            cls.is_plain = False
        if "get_trace_entity" in cls.__dict__ and "peek" not in cls.__dict__:
            cls.peek = cls.get_trace_entity  # type: ignore[method-assign]

    def __init__(self, context_missing: str = "LOG_ERROR") -> None:
        self.var: ContextVar[Any] = ContextVar("aws_xray_sdk.current", default=None)
        self._storage: Any = None
        self._context_missing = "LOG_ERROR"
        self.context_missing = context_missing

    @property
    def context_missing(self) -> str:
        """``RUNTIME_ERROR``, ``LOG_ERROR`` or ``IGNORE_ERROR``."""
        return self._context_missing

    @context_missing.setter
    def context_missing(self, value: str) -> None:
        wanted = os.environ.get(CXT_MISSING_STRATEGY_KEY) or value
        if wanted in SUPPORTED_CONTEXT_MISSING:
            self._context_missing = wanted
        else:
            log.warning(
                "context_missing: %r is none of %s; %s is kept",
                wanted,
                ", ".join(SUPPORTED_CONTEXT_MISSING),
                self._context_missing,
            )

    @property
    def _local(self) -> Any:
        return _Local(self) if self._storage is None else self._storage

    @_local.setter
    def _local(self, storage: Any) -> None:
        self._storage = storage
        self.is_plain = False

    # -- looking

    def peek(self) -> Any:
        """What is current, or None; never an error."""
        if self._storage is None:
            return self.var.get()
        entities = getattr(self._storage, "entities", None)
        return entities[-1] if entities else None

    def get_trace_entity(self) -> Any:
        """What is current, or None after `handle_context_missing`."""
        entity = self.var.get() if self._storage is None else self.peek()
        if entity is None:
            self.handle_context_missing()
        return entity

    def set_trace_entity(self, trace_entity: Entity | None) -> None:
        """Make `trace_entity` current here, for instance in a thread that works for it."""
        if self._storage is None:
            self.var.set(trace_entity)
        else:
            self._storage.entities = path_to(trace_entity)

    def clear_trace_entities(self) -> None:
        """Make nothing current."""
        if self._storage is None:
            self.var.set(None)
        else:
            self._storage.entities = []

    # -- beginning and ending

    def put_segment(self, segment: Segment) -> None:
        """Make a new segment current."""
        if self._storage is None:
            self.var.set(segment)
        else:
            self.set_trace_entity(segment)

    def end_segment(self, end_time: float | None = None) -> None:
        """End the current segment; what hangs below and is still open leaves by itself."""
        entity = self.get_trace_entity()
        if entity is not None:
            entity.owner().close(end_time)

    def put_subsegment(self, subsegment: Subsegment) -> None:
        """Hang a new subsegment below what is current, and make it current."""
        entity = self.var.get() if self._storage is None else self.peek()
        if entity is None:
            self.handle_context_missing()
            return
        entity.add_subsegment(subsegment)
        if self._storage is None:
            self.var.set(subsegment)
        else:
            self.set_trace_entity(subsegment)

    def end_subsegment(self, end_time: float | None = None) -> bool:
        """End the current subsegment; its parent is current then. False if none is open."""
        entity = self.var.get() if self._storage is None else self.peek()
        if not isinstance(entity, Subsegment):
            if entity is None:
                self.handle_context_missing()
            elif first_time(("no subsegment", call_site())):
                log.warning("There is no subsegment to end")
            return False
        entity.close(end_time)
        if self._storage is None:
            self.var.set(entity.parent)
        else:
            self.set_trace_entity(entity.parent)
        return True

    # -- when nothing is current

    def handle_context_missing(self) -> None:
        """Raise, log once for each line of code, or do nothing, as `context_missing` says."""
        if self._context_missing == "IGNORE_ERROR":
            return
        if self._context_missing == "RUNTIME_ERROR":
            raise SegmentNotFoundException(MISSING_SEGMENT_MSG)
        site = call_site()
        if first_time((MISSING_SEGMENT_MSG, site)):
            log.error("%s (%s; told once)", MISSING_SEGMENT_MSG, site)

    def _is_subsegment(self, entity: object) -> bool:
        return isinstance(entity, Subsegment)


def finish_by_verbs(context: Any, subsegment: Subsegment) -> None:
    """End this very subsegment in a `context` that has verbs of its own."""
    if context.get_trace_entity() is not subsegment:
        context.set_trace_entity(subsegment)
    context.end_subsegment()


def finish_segment_by_verbs(context: Any, segment: Segment, before: Entity | None) -> None:
    """End this very segment in a `context` that has verbs of its own."""
    context.set_trace_entity(segment)
    context.end_segment()
    if before is None:
        context.clear_trace_entities()
    else:
        context.set_trace_entity(before)


class _Local:
    """The storage of a context as an object with `entities`, for subclasses written against a list."""

    def __init__(self, context: Context) -> None:
        object.__setattr__(self, "_context", context)

    @property
    def entities(self) -> list[Any]:
        return path_to(self._context.var.get())  # type: ignore[attr-defined]

    @entities.setter
    def entities(self, entities: list[Any]) -> None:
        # Not through the context's verbs: a subclass's may be written in terms of this very list.
        self._context.var.set(entities[-1] if entities else None)  # type: ignore[attr-defined]


def path_to(entity: Any) -> list[Any]:
    """The entities from the segment down to `entity`."""
    path: list[Any] = []
    while entity is not None:
        path.append(entity)
        entity = getattr(entity, "parent", None)
    path.reverse()
    return path


def call_site() -> str:
    """Where the application is, as ``file:line in function``: the nearest line that is not ours."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("aws_xray_sdk."):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
