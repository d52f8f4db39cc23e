"""A subsegment: a part of a segment's work, or a call that the segment's service made."""

from __future__ import annotations


from .. import _clock
from .._guard import swallow
from .._scope import leave
from ._names import clean_name, clean_names
from .entity import Entity, tree_lock
from .segment import Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, TypeVar

    from ..recorder import AWSXRayRecorder

    _F = TypeVar("_F", bound=Callable[..., Any])


class Subsegment(Entity):
    """A part of a segment's work; `namespace` is ``local``, ``remote`` or ``aws``.

    `parent` is the entity it hangs below; `leaves_alone` says that its document is sent by itself because the
    segment's was sent without it.
    """

    __slots__ = ("_sql", "leaves_alone", "namespace", "parent", "parent_segment")

    parent: Any
    type = "subsegment"

    def __init__(self, name: str, namespace: str, segment: Segment) -> None:
        self.start_time = _clock.now()
        self.id = "%016x" % _clock.bits(64)
        try:
            self.name = clean_names[name]
        except (KeyError, TypeError):
            self.name = clean_name(name)
        self.namespace = namespace
        self.parent_segment = segment
        self.in_progress = True
        self.leaves_alone = self.complete = self.error = self.fault = self.throttle = False
        self.end_time = self.parent_id = self.parent = self._children = None
        self._http = self._annotations = self._metadata = self._aws = self._cause = self._sql = None

    @property
    def sampled(self) -> bool:  # type: ignore[override]
        """Whether this is sent; the segment decides."""
        return self.parent_segment.sampled

    @property
    def trace_id(self) -> str:  # type: ignore[override]
        """The trace's id."""
        return self.parent_segment.trace_id

    @property
    def sql(self) -> dict[str, Any]:
        """What is known about the query."""
        if self._sql is None:
            self._sql = {}
        return self._sql

    @sql.setter
    def sql(self, value: dict[str, Any]) -> None:
        self._sql = value

    def set_sql(self, sql: dict[str, Any]) -> None:
        """Replace the sql block; see ``sanitized_query``, ``url``, ``user``, ``database_type`` in X-Ray's guide."""
        if self._writable("set_sql"):
            self._sql = sql

    def close(self, end_time: float | None = None) -> None:
        """End at `end_time` (epoch seconds), or now."""
        if not self.in_progress:
            return
        if end_time is None:
            self.end_time = _clock.now()
            self.in_progress = False
        else:
            super().close(end_time)
        if not self._children:
            self.complete = True
        if not self._children or self._is_settled():  # asked again on purpose: see add_subsegment
            segment = self.parent_segment
            segment.open_count -= 1
            segment.finished[self] = None
            if self.parent is not None and not self.parent.in_progress:
                self._settle_parent()

    def _is_settled(self) -> bool:
        """Whether everything below that goes along with this has ended too; sets `complete`."""
        with tree_lock:
            self.complete = True
            for child in self.subsegments:
                if child.leaves_alone:
                    self.remove_subsegment(child)
                elif not child.complete:
                    self.complete = False
            return self.complete

    def _settle_parent(self) -> None:
        """Let a parent that ended before its children know that the last of them has."""
        parent = self.parent
        if isinstance(parent, Subsegment):
            with tree_lock:
                if not parent.complete and parent._is_settled():
                    parent.parent_segment.open_count -= 1
                    parent.parent_segment.finished[parent] = None
                    if not parent.parent.in_progress:
                        parent._settle_parent()

    def owner(self) -> Segment:
        """The segment that this belongs to."""
        return self.parent_segment


class SubsegmentContextManager:
    """``with recorder.in_subsegment(...)``: a subsegment for the time of a block, or of each call of a function.

    The block always gets a subsegment that it can write to; where no segment is open, nobody records it.
    """

    __slots__ = ("name", "namespace", "recorder", "subsegment")

    def __init__(self, recorder: "AWSXRayRecorder", name: str | None = None, namespace: str = "local") -> None:
        self.recorder = recorder
        self.name = name
        self.namespace = namespace
        self.subsegment: Subsegment | None = None

    def __call__(self, function: _F) -> _F:
        """Record each call of `function`, by its name unless one was given."""
        from .._capture import captured

        return captured(self.recorder, function, self.name, self.namespace)

    def __enter__(self) -> Subsegment:
        try:
            subsegment = self.recorder.begin_subsegment(self.name, self.namespace)  # type: ignore[arg-type]
        except Exception as error:
            swallow(error)
            subsegment = None
        self.subsegment = subsegment
        if subsegment is None:
            from .dummy_entities import DummySegment, DummySubsegment

            return DummySubsegment(DummySegment())
        return subsegment

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        subsegment = self.subsegment
        if exc_val is None and subsegment is not None and subsegment.in_progress:
            try:
                self.recorder.finish_subsegment(subsegment)
            except Exception as error:
                swallow(error)
        else:
            leave(self.recorder, subsegment, exc_val)
