"""The recorder: every verb that applications and integrations use."""

from __future__ import annotations

from ..sdk_config import SDKConfig
from ._configured import CONTEXT_MISSING_KEY, DAEMON_ADDR_KEY, Configured
from ._guard import swallow
from ._scope import enter, leave
from ._settings import TRACING_NAME_KEY
from .context import Context, finish_by_verbs, finish_segment_by_verbs
from .exceptions.exceptions import SegmentNameMissingException
from .models.dummy_entities import DummySegment, DummySubsegment, Unsampled
from .models.segment import Segment, SegmentContextManager
from .models.subsegment import Subsegment, SubsegmentContextManager
from .sampling.local.sampler import LocalSampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _T = TypeVar("_T")

__all__ = ["CONTEXT_MISSING_KEY", "DAEMON_ADDR_KEY", "TRACING_NAME_KEY", "AWSXRayRecorder"]


class AWSXRayRecorder(Configured):
    """Begins and ends segments and subsegments, and sends them.

    An application uses one, ``aws_xray_sdk.core.xray_recorder``.
    """

    # -- segments

    def in_segment(
        self,
        name: str | None = None,
        traceid: str | None = None,
        parent_id: str | None = None,
        sampling: bool | int | str | None = None,
    ) -> SegmentContextManager:
        """A segment for the time of a ``with`` block; arguments as for :meth:`begin_segment`."""
        return SegmentContextManager(self, name, traceid, parent_id, sampling)

    def begin_segment(
        self,
        name: str | None = None,
        traceid: str | None = None,
        parent_id: str | None = None,
        sampling: bool | int | str | None = None,
    ) -> Segment:
        """Begin a segment and make it current.

        `name` is the service's unless given; `traceid` and `parent_id` are the caller's. `sampling` decides whether
        it is recorded (a text is the name of the rule that decided); where it is None, the sampler decides. Raises
        SegmentNameMissingException when there is no name.
        """
        if not SDKConfig.enabled:
            return DummySegment(SDKConfig.DISABLED_ENTITY_NAME)
        name = name or self._service
        if not name:
            raise SegmentNameMissingException(
                f"A segment needs a name: configure(service=...), or set {TRACING_NAME_KEY}"
            )
        decision = sampling if sampling is not None else self._decide(name)
        if decision:
            segment = Segment(name, None, traceid, parent_id)
            segment.shared = self._origin
            if isinstance(decision, str):
                segment.set_rule_name(decision)
        else:
            segment = DummySegment(name, traceid, parent_id)
        context = self._context
        if context.is_plain:
            context.var.set(segment)
        else:
            context.put_segment(segment)
        return segment

    def _decide(self, name: str) -> bool | str:
        return self.ask_sampler({"service": name}) if self._sampling else True

    def ask_sampler(self, sampling_req: dict[str, Any]) -> bool | str:
        """The sampler's decision on a request; by the default local rules when the sampler fails."""
        try:
            decision: bool | str = self._sampler.should_trace(sampling_req)
            return decision
        except Exception as error:
            swallow(error)
            if self._fallback_sampler is None:
                self._fallback_sampler = LocalSampler()
            return self._fallback_sampler.should_trace(sampling_req)

    def end_segment(self, end_time: float | None = None) -> None:
        """End the current segment at `end_time` (epoch seconds) or now, and send it."""
        context = self._context
        if not SDKConfig.enabled:
            context.clear_trace_entities()
            return
        entity = context.get_trace_entity()
        if entity is None:
            return
        segment = entity.owner()
        was_open = segment.in_progress
        context.end_segment(end_time)
        if segment.in_progress:
            return  # a segment that the platform ends
        if was_open and segment.sampled:
            self._send_segment(segment)
        if entity is segment or not entity.in_progress:
            context.clear_trace_entities()
        else:
            # A subsegment that is open here stays current, so that it can still be ended; after it, nothing is.
            entity.cut_off()

    def finish_segment(self, segment: Segment, before: Any = None) -> None:
        """End this very segment, whatever is current; `before` (or nothing) is current then."""
        context = self._context
        was_open = segment.in_progress
        if context.is_plain:
            segment.close()
            context.var.set(before)
        else:
            finish_segment_by_verbs(context, segment, before)
        if was_open and segment.sampled and not segment.in_progress and SDKConfig.enabled:
            self._send_segment(segment)

    def _send_segment(self, segment: Segment) -> None:
        if segment.open_count > 0 or segment.has_strays:
            for subsegment in segment.part_from_open():
                self._send(subsegment)
        try:
            self._emitter.send_entity(segment)
        except Exception as error:
            swallow(error)

    def current_segment(self) -> Segment | Any:
        """The current segment, or None after what ``context_missing`` asks for."""
        if not SDKConfig.enabled:
            return DummySegment(SDKConfig.DISABLED_ENTITY_NAME)
        entity = self._context.get_trace_entity()
        return None if entity is None else entity.owner()

    # -- subsegments

    def in_subsegment(self, name: str | None = None, namespace: str = "local") -> SubsegmentContextManager:
        """A subsegment for the time of a ``with`` block; also a decorator, see :meth:`capture`."""
        return SubsegmentContextManager(self, name, namespace)

    def capture(self, name: str | None = None) -> SubsegmentContextManager:
        """Decorate a function of any kind: each call is a subsegment, by the function's name unless one is given."""
        return SubsegmentContextManager(self, name)

    def begin_subsegment(self, name: str, namespace: str = "local") -> Subsegment | Any:
        """Begin a subsegment below what is current, and make it current; None where no segment is open."""
        if not SDKConfig.enabled:
            return DummySubsegment(DummySegment(SDKConfig.DISABLED_ENTITY_NAME))
        context = self._context
        is_plain = context.is_plain
        parent = context.var.get() if is_plain else context.get_trace_entity()
        if parent is None:
            if is_plain:
                context.handle_context_missing()
            return None
        segment = parent if parent.type is None else parent.parent_segment
        if parent.sampled:
            subsegment = Subsegment(name, namespace, segment)
        elif parent is segment:
            return parent.child()  # nothing below is told apart, so nothing becomes current
        else:
            subsegment = Unsampled(name, namespace, segment)
        if is_plain:
            parent.add_subsegment(subsegment)
            context.var.set(subsegment)
        else:
            context.put_subsegment(subsegment)
        return subsegment

    def begin_subsegment_without_sampling(self, name: str) -> Subsegment | Any:
        """Begin a subsegment that is not recorded, nor is anything below it."""
        if not SDKConfig.enabled:
            return DummySubsegment(DummySegment(SDKConfig.DISABLED_ENTITY_NAME))
        parent = self._context.get_trace_entity()
        if parent is None:
            return None
        subsegment = DummySubsegment(parent.owner(), name)
        subsegment.parent = parent  # which does not count it: it must not stand in a document
        self._context.set_trace_entity(subsegment)
        return subsegment

    def end_subsegment(self, end_time: float | None = None) -> None:
        """End the current subsegment at `end_time` (epoch seconds) or now; its parent is current then."""
        if not SDKConfig.enabled:
            return
        subsegment = self._context.get_trace_entity()
        if subsegment is None or type(subsegment) is DummySegment:
            return
        if self._context.end_subsegment(end_time):
            segment = subsegment.parent_segment
            if not segment.in_progress or self._streaming.is_eligible(segment):
                self._let_leave(segment)

    def finish_subsegment(self, subsegment: Subsegment) -> None:
        """End this very subsegment, whatever is current."""
        context = self._context
        if context.is_plain:
            subsegment.close()
            context.var.set(subsegment.parent)
        else:
            finish_by_verbs(context, subsegment)
        segment = subsegment.parent_segment
        if not segment.in_progress or self._streaming.is_eligible(segment):
            self._let_leave(segment)

    def _let_leave(self, segment: Segment) -> None:
        """Send what is finished below a segment that is gone, or that has more subsegments than it should."""
        if not SDKConfig.enabled or not segment.sampled:
            return
        if segment.in_progress:
            self._streaming.stream(segment, self._send)
        else:
            for finished in segment.take_finished():
                self._send(finished)

    def current_subsegment(self) -> Subsegment | Any:
        """The current subsegment, or None where there is none."""
        if not SDKConfig.enabled:
            return DummySubsegment(DummySegment(SDKConfig.DISABLED_ENTITY_NAME))
        entity = self._context.get_trace_entity()
        if type(entity) is DummySegment:
            return entity.child()
        return entity if isinstance(entity, Subsegment) else None

    def record_subsegment(
        self,
        wrapped: Callable[..., _T],
        instance: Any,
        args: Any,
        kwargs: Any,
        name: str,
        namespace: str,
        meta_processor: Callable[..., Any] | None,
    ) -> _T:
        """Call ``wrapped(*args, **kwargs)`` within a subsegment and give its result.

        `meta_processor` is called afterwards with the keywords wrapped, instance, args, kwargs, return_value,
        exception, subsegment and stack (None); without one, an exception is recorded.
        """
        subsegment = enter(self, name, namespace)
        told = {"wrapped": wrapped, "instance": instance, "args": args, "kwargs": kwargs}
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            self._conclude(subsegment, meta_processor, told, None, error)
            raise
        self._conclude(subsegment, meta_processor, told, result, None)
        return result

    def _conclude(
        self, subsegment: Any, meta_processor: Any, told: dict[str, Any], result: Any, error: BaseException | None
    ) -> None:
        if subsegment is None:
            return
        if meta_processor is None:
            leave(self, subsegment, error)
            return
        try:
            meta_processor(**told, return_value=result, exception=error, subsegment=subsegment, stack=None)
        except Exception as ours:
            swallow(ours)
        leave(self, subsegment)

    def stream_subsegments(self) -> None:
        """Let finished subsegments of the current segment leave, where there are more than the threshold."""
        segment = self.current_segment()
        if segment is not None and SDKConfig.enabled and self._streaming.is_eligible(segment):
            self._streaming.stream(segment, self._send)

    def _send(self, entity: Any) -> None:
        try:
            self._emitter.send_entity(entity)
        except Exception as error:
            swallow(error)

    # -- what is current

    def peek(self) -> Any:
        """What is current, or None; never an error for the application."""
        context = self._context
        try:
            return context.peek() if isinstance(context, Context) else context.get_trace_entity()
        except Exception as error:
            swallow(error)
            return None

    def interrupted(self) -> Any:
        """The open entity that a new segment would interrupt, or None."""
        context = self._context
        entity = context.var.get() if context.is_plain else None
        return entity if entity is not None and entity.in_progress else None

    def resume(self, entity: Any) -> None:
        """Make `entity`, or nothing, current; never an error for the application."""
        try:
            self._context.set_trace_entity(entity)
        except Exception as error:
            swallow(error)

    def get_trace_entity(self) -> Any:
        """The current segment or subsegment, or None after what ``context_missing`` asks for."""
        if not SDKConfig.enabled:
            return DummySegment(SDKConfig.DISABLED_ENTITY_NAME)
        return self._context.get_trace_entity()

    def set_trace_entity(self, trace_entity: Any) -> None:
        """Make `trace_entity` current here, for instance in a thread that works for it."""
        self._context.set_trace_entity(trace_entity)

    def clear_trace_entities(self) -> None:
        """Make nothing current here."""
        self._context.clear_trace_entities()

    def is_sampled(self) -> bool:
        """Whether the current segment is recorded."""
        segment = self.current_segment() if SDKConfig.enabled else None
        return bool(segment is not None and segment.sampled)

    def put_annotation(self, key: str, value: str | int | float | bool) -> None:
        """Index the current segment or subsegment under `key`."""
        entity = self._context.get_trace_entity() if SDKConfig.enabled else None
        if entity is not None and entity.sampled:
            entity.put_annotation(key, value)

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """Keep any `value` with the current segment or subsegment."""
        entity = self._context.get_trace_entity() if SDKConfig.enabled else None
        if entity is not None and entity.sampled:
            entity.put_metadata(key, value, namespace)
