"""A subsegment: a part of a segment's work, or a call that the segment's service made."""

from __future__ import annotations

from .. import _clock
from .._guard import swallow
from .._scope import leave
from ._names import clean_name, clean_names
from .entity import Entity, _section, tree_lock
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
    _sql: dict[str, Any] | None
    type = "subsegment"

    def __init__(self, name: str, namespace: str, segment: Segment) -> None:
        self.start_time = _clock.now()
        self.id = _clock.bits(64).to_bytes(8, "big").hex()
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
    def sampled(self) -> bool:
        """Whether this is sent; the segment decides."""
        return self.parent_segment.sampled

    @sampled.setter
    def sampled(self, value: bool) -> None:
        self.parent_segment.sampled = value

    @property
    def trace_id(self) -> Any:
        """The trace's id."""
        return self.parent_segment.trace_id

    sql: dict[str, Any] = _section("_sql", "What is known about the query.")

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
        if self._children is not None:
            self._settle()
            return
        self.complete = True
        if self._children is None:  # asked again on purpose: see add_subsegment
            self._finish()
        else:
            with tree_lock:
                self.complete = False
                self._settle()

    def _settle(self) -> None:
        """Finish once everything below that goes along with this has ended too: whichever thread ends the last part."""
        with tree_lock:
            if not self.complete and self._is_settled():
                self._finish()

    def _is_settled(self) -> bool:
        self.complete = True
        for child in self.subsegments:
            if child.leaves_alone:
                (self._children or {}).pop(child, None)  # it stays among the finished until it is sent
            elif not child.complete:
                self.complete = False
        return self.complete

    def _finish(self) -> None:
        """Count as finished, and let a parent that ended earlier know."""
        segment = self.parent_segment
        segment.open_count -= 1
        segment.finished[self] = None
        parent = self.parent
        if isinstance(parent, Subsegment) and not parent.in_progress:
            parent._settle()

    def cut_off(self) -> None:
        """Let the topmost subsegment above this one know no parent: the segment has ended, nothing follows here."""
        if isinstance(self.parent, Subsegment):
            self.parent.cut_off()
        else:
            self.parent = None

    def owner(self) -> Segment:
        """The segment that this belongs to."""
        return self.parent_segment


class SubsegmentContextManager:
    """``with recorder.in_subsegment(...)``: a subsegment for the time of a block, or of each call of a function.

    The block always gets a subsegment that it can write to; where no segment is open, nobody records it.
    """

    __slots__ = ("name", "namespace", "recorder", "subsegment")

    def __init__(self, recorder: AWSXRayRecorder, name: str | None = None, namespace: str = "local") -> None:
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


def is_already_recording(func: Any) -> bool:
    """Whether calls of `func` are recorded already, because it was decorated or patched."""
    from .._capture import is_captured

    return is_captured(func)


def set_as_recording(decorated_func: Any, wrapped: Any) -> None:
    """Mark `decorated_func`, which stands for `wrapped`, as recorded."""
    from .._capture import mark

    mark(decorated_func)


def subsegment_decorator(
    wrapper: Any = None, /, *, enabled: bool | None = None, adapter: Any = None, proxy: Any = None
) -> Any:
    """A decorator that calls ``wrapper(wrapped, instance, args, kwargs)`` in place of the decorated function.

    For decorators of the application's own. `instance` is what a method was called on; with `enabled` false, functions
    are given back as they are. `adapter` and `proxy` are accepted and not needed.
    """
    if wrapper is None:
        return lambda given: subsegment_decorator(given, enabled=enabled)

    def decorate(wrapped: Any) -> Any:
        return wrapped if enabled is False else _Decorated(wrapper, wrapped, None)

    return decorate


class _Decorated:
    """A function behind a wrapper; binds as the function does."""

    def __init__(self, wrapper: Any, wrapped: Any, instance: Any) -> None:
        from functools import update_wrapper

        self._wrapper = wrapper
        self._instance = instance
        update_wrapper(self, wrapped)
        self.__wrapped__ = wrapped

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._wrapper(self.__wrapped__, self._instance, args, kwargs)

    def __get__(self, instance: Any, owner: type) -> Any:
        bound = self.__wrapped__.__get__(instance, owner)
        return _Decorated(self._wrapper, bound, instance if instance is not None else owner)
