"""Contexts: what is current, what happens when nothing is, and contexts of the application's own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder, AWSXRayRecorder, xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.core.context import MISSING_SEGMENT_MSG, Context
from aws_xray_sdk.core.exceptions.exceptions import SegmentNotFoundException
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from tests.core import Traced, outline


@xray_recorder.capture()
def captured() -> int:
    return 1


@xray_recorder.capture()
def captured_generator() -> Iterator[int]:
    yield 1


def request() -> None:
    """A request with work of several kinds."""
    with xray_recorder.in_segment("app"):
        xray_recorder.put_annotation("a", 1)
        with xray_recorder.in_subsegment("outer"):
            captured()
            xray_recorder.begin_subsegment("by hand")
            xray_recorder.put_metadata("m", 1)
            xray_recorder.end_subsegment()
        assert list(captured_generator()) == [1]


REQUEST = ("app", [("outer", ["captured", "by hand"]), "captured_generator"])


class Noting(Context):
    """A context that notes which of its verbs are called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.called: list[str] = []

    def put_segment(self, segment: Any) -> None:
        self.called.append("put_segment")
        super().put_segment(segment)

    def end_segment(self, end_time: Any = None) -> None:
        self.called.append("end_segment")
        super().end_segment(end_time)

    def put_subsegment(self, subsegment: Any) -> None:
        self.called.append("put_subsegment")
        super().put_subsegment(subsegment)

    def end_subsegment(self, end_time: Any = None) -> bool:
        self.called.append("end_subsegment")
        return super().end_subsegment(end_time)

    def get_trace_entity(self) -> Any:
        self.called.append("get_trace_entity")
        return super().get_trace_entity()

    def set_trace_entity(self, trace_entity: Any) -> None:
        self.called.append("set_trace_entity")
        super().set_trace_entity(trace_entity)

    def clear_trace_entities(self) -> None:
        self.called.append("clear_trace_entities")
        super().clear_trace_entities()

    def handle_context_missing(self) -> None:
        self.called.append("handle_context_missing")


class OwnLocal(Context):
    """A context with a storage of its own, as gevent and thread pools have needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._local = threading.local()


class OnList(Context):
    """A context written against the list of entities that `_local` holds."""

    def get_trace_entity(self) -> Any:
        entities = getattr(self._local, "entities", None)
        return entities[-1] if entities else None

    def set_trace_entity(self, trace_entity: Any) -> None:
        setattr(self._local, "entities", [trace_entity])

    def clear_trace_entities(self) -> None:
        self._local.entities = []


class Foreign:
    """A context that is not derived from ours."""

    context_missing = "LOG_ERROR"

    def __init__(self) -> None:
        self.stack: list[Any] = []

    def put_segment(self, segment: Any) -> None:
        self.stack = [segment]

    def end_segment(self, end_time: Any = None) -> None:
        if self.stack:
            self.stack[0].close(end_time)

    def put_subsegment(self, subsegment: Any) -> None:
        if self.stack:
            self.stack[-1].add_subsegment(subsegment)
            self.stack.append(subsegment)

    def end_subsegment(self, end_time: Any = None) -> bool:
        if not isinstance(self.get_trace_entity(), Subsegment):
            return False
        self.stack.pop().close(end_time)
        return True

    def get_trace_entity(self) -> Any:
        return self.stack[-1] if self.stack else None

    def set_trace_entity(self, trace_entity: Any) -> None:
        self.stack = []
        while trace_entity is not None:
            self.stack.insert(0, trace_entity)
            trace_entity = getattr(trace_entity, "parent", None)

    def clear_trace_entities(self) -> None:
        self.stack = []

    def handle_context_missing(self) -> None:
        pass


@pytest.mark.parametrize("kind", [Context, AsyncContext, Noting, OwnLocal, OnList, Foreign])
@pytest.mark.parametrize("way", ["configured", "set", "assigned"])
def test_a_context_of_the_applications_own_is_used(traced: Traced, kind: Any, way: str) -> None:
    context = kind()
    if way == "configured":
        xray_recorder.configure(context=context)
    elif way == "set":
        xray_recorder.context = context
    else:
        xray_recorder._context = context
    assert xray_recorder.context is xray_recorder._context is context
    request()
    [document] = traced()
    assert outline(document) == REQUEST
    xray_recorder.configure(context_missing="IGNORE_ERROR")
    assert xray_recorder.get_trace_entity() is None


def test_overridden_verbs_are_called(traced: Traced) -> None:
    context = Noting()
    xray_recorder.configure(context=context)
    request()
    assert {"put_segment", "end_segment", "put_subsegment", "end_subsegment", "get_trace_entity"} <= set(context.called)
    assert context.called.count("put_segment") == context.called.count("end_segment") == 1
    assert context.called.count("put_subsegment") == context.called.count("end_subsegment") == 4
    assert "handle_context_missing" not in context.called


def test_a_single_overridden_verb_is_called(traced: Traced) -> None:
    ended: list[str] = []

    class OnlyEnd(Context):
        def end_subsegment(self, end_time: Any = None) -> bool:
            ended.append(self.get_trace_entity().name)
            return super().end_subsegment(end_time)

    xray_recorder.configure(context=OnlyEnd())
    request()
    assert ended == ["captured", "by hand", "outer", "captured_generator"]


def test_an_overridden_missing_strategy_is_asked(recorder: AsyncAWSXRayRecorder) -> None:
    context = Noting()
    recorder.configure(context=context)
    assert recorder.begin_subsegment("none") is None
    assert recorder.current_segment() is None
    assert captured() == 1
    assert context.called.count("handle_context_missing") == 3


def test_the_local_storage_holds_the_path_to_what_is_current() -> None:
    context = Context()
    root = Segment("root")
    context.put_segment(root)
    first, second = Subsegment("a", "local", root), Subsegment("b", "local", root)
    context.put_subsegment(first)
    context.put_subsegment(second)
    assert context._local.entities == [root, first, second]
    context._local.entities = [root, first]
    assert context.get_trace_entity() is first
    context._local.entities = []
    assert context.peek() is None


def test_an_assigned_storage_holds_the_path_to_what_is_current() -> None:
    context = OwnLocal()
    storage = context._local
    assert isinstance(storage, threading.local)
    root = Segment("root")
    context.put_segment(root)
    child = Subsegment("a", "local", root)
    context.put_subsegment(child)
    assert storage.entities == [root, child]
    assert context.end_subsegment()
    assert storage.entities == [root]
    context.clear_trace_entities()
    assert storage.entities == []


def test_what_is_a_subsegment_can_be_asked() -> None:
    root = Segment("root")
    assert Context()._is_subsegment(Subsegment("a", "local", root))
    assert not Context()._is_subsegment(root)


# -- when nothing is current


def ask(recorder: AWSXRayRecorder) -> None:
    recorder.put_annotation("a", 1)


def test_log_error_says_one_line_for_each_place(
    recorder: AsyncAWSXRayRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        recorder.put_annotation("a", 1)
        recorder.put_metadata("a", 1)
        ask(recorder)
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == 3
    assert all(each.startswith(MISSING_SEGMENT_MSG) for each in messages)
    assert all(__file__ in each for each in messages)
    assert {each.levelno for each in caplog.records} == {logging.ERROR}
    assert {each.name for each in caplog.records} == {"aws_xray_sdk.core.context"}


def test_many_places_do_not_flood_the_log(recorder: AsyncAWSXRayRecorder, caplog: pytest.LogCaptureFixture) -> None:
    for n in range(2_000):
        exec(compile("\n" * n + "recorder.put_annotation('a', 1)", "many", "exec"), {"recorder": recorder})
    assert len(caplog.records) < 500


def test_ignore_error_says_nothing(recorder: AsyncAWSXRayRecorder, caplog: pytest.LogCaptureFixture) -> None:
    recorder.configure(context_missing="IGNORE_ERROR")
    ask(recorder)
    assert recorder.current_segment() is None
    assert recorder.current_subsegment() is None
    assert recorder.get_trace_entity() is None
    recorder.end_segment()
    recorder.end_subsegment()
    with recorder.in_subsegment("a"):
        pass
    assert caplog.records == []


def test_runtime_error_raises(recorder: AsyncAWSXRayRecorder) -> None:
    recorder.configure(context_missing="RUNTIME_ERROR")
    with pytest.raises(SegmentNotFoundException, match="cannot find the current segment"):
        ask(recorder)


@pytest.mark.parametrize("kind", [Context, AsyncContext])
def test_the_strategy_can_be_given_and_changed(kind: Any) -> None:
    assert kind().context_missing == "LOG_ERROR"
    context = kind("IGNORE_ERROR")
    assert context.context_missing == "IGNORE_ERROR"
    context.context_missing = "RUNTIME_ERROR"
    with pytest.raises(SegmentNotFoundException):
        context.handle_context_missing()


def test_the_environments_strategy_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "IGNORE_ERROR")
    context = Context("RUNTIME_ERROR")
    assert context.context_missing == "IGNORE_ERROR"
    context.context_missing = "LOG_ERROR"
    assert context.context_missing == "IGNORE_ERROR"


def test_an_unknown_strategy_is_told_and_not_taken(caplog: pytest.LogCaptureFixture) -> None:
    context = Context("IGNORE_ERROR")
    context.context_missing = "LOUD"
    assert context.context_missing == "IGNORE_ERROR"
    [record] = caplog.records
    assert "'LOUD'" in record.getMessage()
    assert "RUNTIME_ERROR" in record.getMessage()


def test_two_contexts_keep_apart() -> None:
    one, other = Context(), Context("IGNORE_ERROR")
    one.put_segment(Segment("mine"))
    assert other.get_trace_entity() is None
