"""Segments and subsegments of requests that are not sampled: they take everything and keep nothing."""

from __future__ import annotations

from .. import _clock
from .noop_traceid import NOOP_ENTITY_ID, Noop, unsampled_entity_id, unsampled_trace_id
from .segment import Segment
from .subsegment import Subsegment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Unkept:
    """What both have in common. What nobody writes stands on the class, which spares setting it for each."""

    __slots__ = ()

    sampled: Any = False
    complete: Any = False
    error: Any = False
    fault: Any = False
    throttle: Any = False
    leaves_alone: Any = False
    has_strays: Any = False
    open_count: Any = 0
    size: Any = 0
    end_time: Any = None
    user: Any = None
    shared: Any = None
    _annotations: Any = None
    _aws: Any = None
    _cause: Any = None
    _children: Any = None
    _header: Any = None
    _http: Any = None
    _metadata: Any = None
    _service: Any = None
    _sql: Any = None
    _told: Any = None

    # Now: nobody asks when something began that is not recorded.
    start_time: Any = property(lambda self: _clock.now(), lambda self, value: None)

    def _writable(self, verb: str) -> bool:
        return False

    def close(self: Any, end_time: float | None = None) -> None:
        """End; nothing is sent."""
        self.in_progress = False

    def add_subsegment(self, subsegment: Any) -> None:
        """Become the parent of `subsegment`, and keep no list of those."""
        subsegment.parent = self

    def serialize(self) -> str | None:
        """None: there is no document."""
        return None


class DummySegment(_Unkept, Segment):
    """A segment that is not sampled; `traceid` is the caller's, so that it can be passed on."""

    __slots__ = ("_child",)

    def __init__(self, name: str = "dummy", traceid: str | None = None, parent_id: str | None = None) -> None:
        self.name = name
        self.id = unsampled_entity_id()
        self.trace_id = traceid or unsampled_trace_id()
        self.parent_id = parent_id
        self.in_progress = True
        self._child: Unsampled | None = None

    def child(self) -> Unsampled:
        """The one subsegment that stands for all below this segment; never current, and nothing to end."""
        if self._child is None:
            self._child = DummySubsegment(self)
            self._child.in_progress = False
        return self._child


class Unsampled(_Unkept, Subsegment):
    """A subsegment that is not sampled, made like others."""

    __slots__ = ()

    id = parent_id = NOOP_ENTITY_ID
    namespace = "local"

    def __init__(self, name: str, namespace: str, segment: Segment) -> None:
        self.name = name
        self.parent_segment = segment
        self.in_progress = True
        if not Noop.enabled:
            self.id = unsampled_entity_id()


class DummySubsegment(Unsampled):
    """A subsegment that is not sampled."""

    __slots__ = ()

    def __init__(self, segment: Segment, name: str = "dummy") -> None:
        super().__init__(name, "local", segment)
        self.parent = segment
