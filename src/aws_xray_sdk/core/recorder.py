"""The recorder: every verb that applications and integrations use."""

from __future__ import annotations

import os
import sys
from _operator import attrgetter

from .._log import Log
from ..sdk_config import SDKConfig
from ..version import VERSION
from ._guard import swallow, warn_once
from ._scope import enter, leave
from ._settings import SETTINGS, TRACING_NAME_KEY, checked
from .context import Context, finish_by_verbs, finish_segment_by_verbs
from .daemon_config import DEFAULT_ADDRESS, DaemonConfig
from .emitters.udp_emitter import UDPEmitter
from .exceptions.exceptions import InvalidDaemonAddressException, InvalidSettingError, SegmentNameMissingException
from .models.default_dynamic_naming import DefaultDynamicNaming
from .models.dummy_entities import DummySegment, DummySubsegment, Unsampled
from .models.noop_traceid import Noop
from .models.segment import Origin, Segment, SegmentContextManager
from .models.subsegment import Subsegment, SubsegmentContextManager
from .sampling.local.sampler import LocalSampler
from .sampling.sampler import DefaultSampler
from .streaming.default_streaming import DefaultStreaming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _T = TypeVar("_T")

log = Log(__name__)

CONTEXT_MISSING_KEY = "AWS_XRAY_CONTEXT_MISSING"
DAEMON_ADDR_KEY = "AWS_XRAY_DAEMON_ADDRESS"

_RUNTIME = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
_SERVICE_INFO = {"runtime": _RUNTIME, "runtime_version": "%d.%d.%d" % sys.version_info[:3]}
_XRAY_META = {"xray": {"sdk": "X-Ray for Python", "sdk_version": VERSION}}


def _attribute(private: str, doc: str) -> Any:
    """A public attribute that is kept under the name `private`, which old code assigns too."""
    return property(attrgetter(private), lambda self, value: setattr(self, private, value), None, doc)


class AWSXRayRecorder:
    """Begins and ends segments and subsegments, and sends them.

    An application uses one, ``aws_xray_sdk.core.xray_recorder``.
    """

    # Properties that are made below this class.

    def __init__(self) -> None:
        self._streaming: Any = DefaultStreaming()
        self._context: Any = Context()
        self._sampler: Any = DefaultSampler()
        self._emitter: Any = _default_emitter()
        self._sampling = True
        self._max_trace_back = 10
        self._plugins: tuple[Any, ...] | None = None
        self._service: str | None = os.environ.get(TRACING_NAME_KEY) or None
        self._dynamic_naming: Any = None
        self._stream_sql = True
        self._aws_metadata = _XRAY_META
        self._origin = Origin(_SERVICE_INFO, _XRAY_META)
        self._fallback_sampler: LocalSampler | None = None

    # -- settings

    def configure(
        self,
        sampling: bool | None = None,
        plugins: tuple[Any, ...] | None = None,
        context_missing: str | None = None,
        sampling_rules: dict[str, Any] | str | os.PathLike[str] | None = None,
        daemon_address: str | None = None,
        service: str | None = None,
        context: Any = None,
        emitter: Any = None,
        streaming: Any = None,
        dynamic_naming: Any = None,
        streaming_threshold: int | None = None,
        max_trace_back: int | None = None,
        sampler: Any = None,
        stream_sql: bool | None = None,
    ) -> None:
        """Change what is given, and nothing else.

        The environment variables ``AWS_XRAY_TRACING_NAME``, ``AWS_XRAY_CONTEXT_MISSING`` and
        ``AWS_XRAY_DAEMON_ADDRESS`` win over arguments. A wrong value raises InvalidSettingError (a ValueError; for
        addresses and rules InvalidDaemonAddressException and InvalidSamplingManifestError) and changes nothing.
        """
        given = locals()
        values = {
            option: checked(option, given[option])
            for option, setting in SETTINGS.items()
            if given[option] is not None or (setting.variable and os.environ.get(setting.variable))
        }
        if "sampling_rules" in values and not hasattr(values.get("sampler", self._sampler), "load_local_rules"):
            raise InvalidSettingError("sampling_rules: not accepted with a sampler that has no load_local_rules(rules)")
        Noop.read_environment()
        # In the order of the table where one builds on another: objects first, then what is set on them.
        for option in (
            "service",
            "context",
            "emitter",
            "streaming",
            "sampler",
            "sampling",
            "max_trace_back",
            "stream_sql",
        ):
            if option in values:
                setattr(self, option, values[option])
        self._configure_parts(values)

    def _configure_parts(self, values: dict[str, Any]) -> None:
        if "context_missing" in values:
            self._context.context_missing = values["context_missing"]
        if "streaming_threshold" in values:
            self._streaming.streaming_threshold = values["streaming_threshold"]
        if "dynamic_naming" in values:
            self.dynamic_naming = values["dynamic_naming"]
        if "plugins" in values:
            self._set_plugins(values["plugins"])
        if "sampling_rules" in values:
            self._sampler.load_local_rules(values["sampling_rules"])
        if "daemon_address" in values and hasattr(self._emitter, "set_daemon_address"):
            self._emitter.set_daemon_address(values["daemon_address"])
        if "daemon_address" in values and hasattr(self._sampler, "load_settings"):
            self._sampler.load_settings(DaemonConfig(values["daemon_address"]), self._context, None)

    def _set_plugins(self, plugins: tuple[Any, ...]) -> None:
        self._plugins = plugins
        for plugin in plugins:
            warn_once(
                log, "The plugin %r is not part of this version; segments do not tell where they ran", str(plugin)
            )

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
        parent = context.var.get() if context.is_plain else context.get_trace_entity()
        if parent is None:
            if context.is_plain:
                context.handle_context_missing()
            return None
        segment = parent if parent.type is None else parent.parent_segment
        if parent.sampled:
            subsegment = Subsegment(name, namespace, segment)
        elif parent is segment:
            return parent.child()  # nothing below is told apart, so nothing becomes current
        else:
            subsegment = Unsampled(name, namespace, segment)
        if context.is_plain:
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

    # -- attributes

    context: Any = _attribute("_context", "What knows the current entity.")
    emitter: Any = _attribute("_emitter", "What sends documents.")
    max_trace_back: Any = _attribute("_max_trace_back", "How many frames of an exception's stack are kept.")
    sampler: Any = _attribute("_sampler", "What decides which requests are recorded.")
    sampling: Any = _attribute("_sampling", "Whether the sampler is asked at all.")
    service: Any = _attribute("_service", "The name of segments that are not named otherwise.")
    stream_sql: Any = _attribute("_stream_sql", "Whether the text of SQL statements is recorded.")
    streaming: Any = _attribute("_streaming", "What decides which subsegments leave early.")

    def __setattr__(self, name: str, value: Any) -> None:
        # Old code assigns `_context`; of one that the application made from nothing, only the verbs are known.
        if name == "_context" and not isinstance(value, Context):
            value.is_plain = False
        object.__setattr__(self, name, value)

    @property
    def enabled(self) -> bool:
        """Whether the SDK records."""
        return SDKConfig.enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        SDKConfig.set_sdk_enabled(value)

    @property
    def streaming_threshold(self) -> int:
        """How many subsegments may hang on a segment before the finished ones leave."""
        threshold: int = self._streaming.streaming_threshold
        return threshold

    @streaming_threshold.setter
    def streaming_threshold(self, value: int) -> None:
        self._streaming.streaming_threshold = value

    @property
    def dynamic_naming(self) -> Any:
        """What names segments by the host of the request; None names them all by `service`."""
        return self._dynamic_naming

    @dynamic_naming.setter
    def dynamic_naming(self, value: Any) -> None:
        self._dynamic_naming = DefaultDynamicNaming(value, self._service) if isinstance(value, str) else value


def _default_emitter() -> UDPEmitter:
    """An emitter to the address in the environment; a wrong one there must not keep the application from starting."""
    try:
        return UDPEmitter()
    except InvalidDaemonAddressException as error:
        log.warning("%s: %s; documents go to %s", DAEMON_ADDR_KEY, error, DEFAULT_ADDRESS)
        return UDPEmitter.to_address(DEFAULT_ADDRESS)
