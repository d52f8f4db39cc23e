"""A segment: the work of one service on one request, root of the subsegments that tell of its parts."""

from __future__ import annotations

from .. import _clock
from .._guard import swallow
from ..exceptions.exceptions import SegmentNameMissingException
from ._names import clean_name, clean_names
from ._values import text_of
from .entity import Entity, tree_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ..recorder import AWSXRayRecorder
    from .subsegment import Subsegment
    from .throwable import Mark
    from .trace_header import TraceHeader


class Origin:
    """What every segment of a program says of it, written out once: `service`, `aws` and what plugins found."""

    __slots__ = ("aws", "service", "text")

    def __init__(self, service: dict[str, Any], aws: dict[str, Any], **more: Any) -> None:
        self.service = service
        self.aws = aws
        sections = {"service": service, "aws": aws, **more}
        self.text = "".join(f',"{key}":{text_of(value)}' for key, value in sections.items() if value)


class Segment(Entity):
    """The work of one service on one request.

    `traceid` (made when not given) names the trace, `parent_id` the caller's subsegment.
    """

    __slots__ = (
        "_header",
        "_service",
        "_told",
        "finished",
        "has_strays",
        "open_count",
        "sampled",
        "shared",
        "trace_id",
        "user",
    )

    user: str | None
    _service: dict[str, Any] | None
    _header: TraceHeader | None
    _told: dict[Mark, str] | None
    shared: Origin | None
    """What every segment of the program says of it; None once this segment says it by itself."""

    def __init__(
        self,
        name: str,
        entityid: str | None = None,
        traceid: str | None = None,
        parent_id: str | None = None,
        sampled: bool = True,
    ) -> None:
        # Every call less counts here: this runs for each request.
        self.start_time = _clock.now()
        self.id = entityid or _clock.bits(64).to_bytes(8, "big").hex()
        try:
            self.name = clean_names[name]
        except (KeyError, TypeError):
            self.name = clean_name(name)
        self.trace_id = traceid or f"1-{int(self.start_time):08x}-{_clock.bits(96).to_bytes(12, 'big').hex()}"
        self.sampled = sampled
        self.parent_id = parent_id
        self.in_progress = True
        self.complete = self.error = self.fault = self.throttle = False
        self.end_time = self._children = self.user = self.shared = self._header = self._told = None
        self._http = self._annotations = self._metadata = self._aws = self._cause = self._service = None
        self.finished: dict[Subsegment, None] = {}
        self.open_count = 0
        self.has_strays = False

    # -- sections

    @property
    def service(self) -> dict[str, Any]:
        """What is known about the program: its runtime, its version."""
        self._own_origin()
        if self._service is None:
            self._service = {}
        return self._service

    @service.setter
    def service(self, value: dict[str, Any]) -> None:
        self._own_origin()
        self._service = value

    @property
    def aws(self) -> dict[str, Any]:
        """What is known about the place where the program runs, and the SDK."""
        self._own_origin()
        if self._aws is None:
            self._aws = {}
        return self._aws

    @aws.setter
    def aws(self, value: dict[str, Any]) -> None:
        self._own_origin()
        self._aws = value

    def _own_origin(self) -> None:
        origin, self.shared = self.shared, None
        if origin is not None:
            self._service = dict(origin.service)
            self._aws = {key: dict(value) if type(value) is dict else value for key, value in origin.aws.items()}

    # -- verbs

    def close(self, end_time: float | None = None) -> None:
        """End at `end_time` (epoch seconds), or now. What is still open below leaves by itself when it ends."""
        if end_time is None and self.in_progress:
            self.end_time = _clock.now()
            self.in_progress = False
        else:
            super().close(end_time)
        self.complete = True
        if self._children:
            with tree_lock:
                pass  # another thread may be taking out a part just now, since it saw this open

    def set_service(self, service_info: dict[str, Any]) -> None:
        """Replace what is known about the program."""
        if self._writable("set_service"):
            self.service = service_info

    def set_aws(self, aws_meta: dict[str, Any]) -> None:
        """Replace the aws block."""
        if self._writable("set_aws"):
            self.aws = aws_meta

    def set_user(self, user: str) -> None:
        """Name the user who sent the request; X-Ray indexes it."""
        if self._writable("set_user"):
            self.user = user

    def set_rule_name(self, rule_name: str) -> None:
        """Name the sampling rule that decided to record this segment."""
        if self._writable("set_rule_name"):
            self.aws.setdefault("xray", {})["sampling_rule_name"] = rule_name

    def save_origin_trace_header(self, trace_header: TraceHeader) -> None:
        """Remember the header that the request came with, so that its other parts are passed on."""
        self._header = trace_header

    def get_origin_trace_header(self) -> TraceHeader | None:
        """The header that the request came with."""
        return self._header

    # -- the tree

    @property
    def exceptions_told(self) -> dict[Mark, str]:
        """The ids of the exceptions that entities of this segment have described."""
        if self._told is None:
            self._told = {}
        return self._told

    def owner(self) -> Segment:
        """This segment."""
        return self

    def increment(self) -> None:
        """Count one more subsegment that is open."""
        self.open_count += 1

    def decrement_ref_counter(self) -> None:
        """Count one open subsegment less."""
        self.open_count -= 1

    def decrement_subsegments_size(self) -> int:
        """How many subsegments hang here; they are counted where they are, so there is nothing to take off."""
        return self.size

    def get_total_subsegments_size(self) -> int:
        """How many subsegments hang here, at any depth."""
        return self.size

    @property
    def size(self) -> int:
        """How many subsegments hang here, at any depth: those that are open and those that have not left yet."""
        return self.open_count + len(self.finished)

    def ready_to_send(self) -> bool:
        """Whether this segment and everything below has ended."""
        return not self.in_progress and self.open_count <= 0

    def take_finished(self) -> list[Subsegment]:
        """Take out the finished subtrees that can leave now: those whose parent is open, or won't take them along.

        Each is handed out once, whichever thread asks. What is finished below a finished parent goes with it.
        """
        with tree_lock:
            finished = list(self.finished)
            leaving = [each for each in finished if each.leaves_alone or not each.parent.complete]
            for each in leaving:
                if each.parent is not None:
                    each.parent.remove_subsegment(each)
            # Emptied last, and in place: an end in another thread adds to this, or waits while it holds anything.
            for each in finished:
                self.finished.pop(each, None)
        return leaving

    def part_from_open(self) -> list[Subsegment]:
        """Prepare the tree of an ended segment for sending, and take out what is finished below an open subsegment.

        From here on an open subsegment stands in the segment's document as one in progress, and leaves by itself
        when it ends.
        """
        with tree_lock:
            still_open = [each for each in self.subsegments if not each.complete]
            for each in still_open:
                each.leaves_alone = True
                for child in each.subsegments:
                    child.leaves_alone = True  # of one that ends just now in another thread too
                    if not child.complete:
                        still_open.append(child)
            return self.take_finished()


class SegmentContextManager:
    """``with recorder.in_segment(...)``: a segment for the time of a block."""

    __slots__ = ("_before", "name", "parent_id", "recorder", "sampling", "segment", "traceid")

    def __init__(
        self,
        recorder: AWSXRayRecorder,
        name: str | None = None,
        traceid: str | None = None,
        parent_id: str | None = None,
        sampling: bool | int | str | None = None,
    ) -> None:
        self.recorder = recorder
        self.name = name
        self.traceid = traceid
        self.parent_id = parent_id
        self.sampling = sampling
        self.segment: Segment | None = None
        self._before: Any = None

    def __enter__(self) -> Segment:
        try:
            recorder = self.recorder
            self._before = recorder.interrupted()
            self.segment = recorder.begin_segment(self.name, self.traceid, self.parent_id, self.sampling)
        except SegmentNameMissingException:
            raise
        except Exception as error:
            swallow(error)
            from .dummy_entities import DummySegment

            return DummySegment()
        return self.segment

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        segment = self.segment
        if segment is None:
            return
        try:
            if exc_val is not None and not isinstance(exc_val, GeneratorExit) and segment.in_progress:
                segment.add_exception(exc_val, None, limit=self.recorder.max_trace_back)
            self.recorder.finish_segment(segment, self._before)
        except Exception as error:
            swallow(error)
