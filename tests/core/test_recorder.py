"""The recorder's verbs, for plain code and for coroutines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder, AWSXRayRecorder, xray_recorder
from aws_xray_sdk.core.exceptions.exceptions import SegmentNameMissingException
from aws_xray_sdk.core.models.dummy_entities import DummySegment, DummySubsegment
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from tests.core import NOW, Traced, complete, detached, entity_id, outline, pending, segment, subsegment, trace_id

TRACE = "1-5759e988-bd862e3fe1be46a994272793"
pytestmark = pytest.mark.usefixtures("fixed")


def current() -> Any:
    return xray_recorder.context.peek()


# -- segments


def test_a_segment_is_sent_when_it_ends_and_nothing_is_current_then(traced: Traced) -> None:
    begun = xray_recorder.begin_segment()
    assert isinstance(begun, Segment)
    assert xray_recorder.current_segment() is xray_recorder.get_trace_entity() is begun
    assert traced() == []
    xray_recorder.end_segment()
    assert current() is None
    assert traced() == [segment()]


def test_a_segment_takes_name_trace_and_parent_of_its_caller(traced: Traced) -> None:
    xray_recorder.begin_segment("mine", traceid=TRACE, parent_id="53995c3f42cd8ad8", sampling=1)
    xray_recorder.end_segment()
    assert traced() == [segment(name="mine", trace_id=TRACE, parent_id="53995c3f42cd8ad8")]


def test_arguments_may_be_given_by_position(traced: Traced) -> None:
    xray_recorder.begin_segment("mine", TRACE, "53995c3f42cd8ad8", 1)
    xray_recorder.begin_subsegment("sub", "remote")
    xray_recorder.put_metadata("k", 1, "mine")
    xray_recorder.end_subsegment(NOW + 1)
    xray_recorder.end_segment(NOW + 2)
    inner = subsegment("sub", namespace="remote", end_time=NOW + 1, metadata={"mine": {"k": 1}})
    expected = segment(inner, name="mine", trace_id=TRACE, parent_id="53995c3f42cd8ad8", end_time=NOW + 2)
    assert [{**expected, "subsegments": [{**expected["subsegments"][0], "id": entity_id(2)}]}] == traced()


def test_the_rule_that_decided_is_told(traced: Traced) -> None:
    with xray_recorder.in_segment(sampling="my-rule"):
        pass
    with xray_recorder.in_segment(sampling=1):
        pass
    [by_rule, other] = traced()
    assert by_rule["aws"]["xray"]["sampling_rule_name"] == "my-rule"
    assert "sampling_rule_name" not in other["aws"]["xray"]


def test_the_sampler_decides_by_the_segments_name_where_nobody_else_did(traced: Traced) -> None:
    asked: list[Any] = []

    class Sampler:
        def should_trace(self, sampling_req: Any = None) -> bool:
            asked.append(sampling_req)
            return False

    xray_recorder.configure(sampling=True, sampler=Sampler())
    with xray_recorder.in_segment("mine"):
        assert not xray_recorder.is_sampled()
    assert asked == [{"service": "mine"}]
    with xray_recorder.in_segment("mine", sampling=1):
        assert xray_recorder.is_sampled()
    assert len(asked) == 1
    assert len(traced()) == 1


@pytest.mark.parametrize("name", [None, ""])
def test_a_segment_without_any_name_is_refused(recorder: AsyncAWSXRayRecorder, name: str | None) -> None:
    for begin in (recorder.begin_segment, lambda name: recorder.in_segment(name).__enter__()):
        with pytest.raises(SegmentNameMissingException):
            begin(name)
    assert current() is None


def test_ending_a_segment_twice_or_without_one_sends_nothing_more(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        xray_recorder.end_segment()
    assert len(caplog.records) == 1
    begun = xray_recorder.begin_segment()
    xray_recorder.end_segment()
    xray_recorder.set_trace_entity(begun)
    xray_recorder.end_segment()
    assert traced() == [segment()]


def test_a_segment_within_another_arrives_by_itself_and_the_outer_one_goes_on(traced: Traced) -> None:
    with xray_recorder.in_segment("outer") as outer, xray_recorder.in_subsegment("sub") as sub:
        with xray_recorder.in_segment("inner") as inner:
            assert xray_recorder.current_segment() is inner
        assert xray_recorder.get_trace_entity() is sub
        with xray_recorder.in_subsegment("below"):
            assert xray_recorder.current_segment() is outer
    assert [outline(each) for each in traced()] == ["inner", ("outer", [("sub", ["below"])])]
    assert current() is None


def test_a_block_ends_its_own_segment_whatever_is_current(traced: Traced) -> None:
    with xray_recorder.in_segment("mine"):
        xray_recorder.begin_subsegment("left open")
        xray_recorder.clear_trace_entities()
    [document] = traced()
    assert document["name"] == "mine"
    assert document["subsegments"][0]["in_progress"] is True


def test_an_open_subsegment_stands_as_in_progress_and_follows_when_it_ends(traced: Traced) -> None:
    xray_recorder.begin_segment()
    xray_recorder.begin_subsegment("open", "remote")
    xray_recorder.put_annotation("not yet", 1)
    with xray_recorder.in_subsegment("finished"):
        pass
    xray_recorder.end_segment()
    assert traced() == [
        detached(subsegment("finished"), 4, parent=3),
        segment(pending("open", namespace="remote")),
    ]
    xray_recorder.put_annotation("late", 2)
    xray_recorder.end_subsegment()
    ended = subsegment("open", namespace="remote", annotations={"not_yet": 1, "late": 2})
    assert traced() == [detached(ended, 3, parent=1)]


def test_end_times_may_be_given_and_wrong_ones_are_now(traced: Traced) -> None:
    for end_time in (NOW + 5, "late", True):
        xray_recorder.begin_segment()
        xray_recorder.end_segment(end_time=end_time)  # type: ignore[arg-type]
    assert [each["end_time"] for each in traced()] == [NOW + 5, NOW, NOW]


# -- subsegments


def test_subsegments_nest_and_end_in_turn(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        outer = xray_recorder.begin_subsegment("outer")
        inner = xray_recorder.begin_subsegment("inner", namespace="aws")
        assert xray_recorder.current_subsegment() is xray_recorder.get_trace_entity() is inner
        assert xray_recorder.current_segment() is root
        xray_recorder.end_subsegment()
        assert xray_recorder.current_subsegment() is outer
        xray_recorder.end_subsegment(end_time=NOW + 1)
        assert xray_recorder.current_subsegment() is None
        assert xray_recorder.get_trace_entity() is root
    assert traced() == [segment(subsegment("outer", subsegment("inner", namespace="aws"), end_time=NOW + 1))]


@pytest.mark.parametrize("threshold", [0, 30])
def test_a_parent_that_ends_before_its_children_waits_for_them(traced: Traced, threshold: int) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    with xray_recorder.in_segment() as root:
        grandparent = xray_recorder.begin_subsegment("grandparent")
        parent = xray_recorder.begin_subsegment("parent")
        child = xray_recorder.begin_subsegment("child")
        for each in (grandparent, parent):
            xray_recorder.set_trace_entity(each)
            xray_recorder.end_subsegment()
        assert traced() == []
        xray_recorder.set_trace_entity(child)
        xray_recorder.end_subsegment()
        xray_recorder.set_trace_entity(root)
        left = traced()
    tree = subsegment("grandparent", subsegment("parent", subsegment("child")))
    assert [*left, *traced()] == ([segment(tree)] if threshold else [detached(tree, 3, parent=1), segment()])


def test_ending_a_subsegment_where_none_is_open_does_nothing(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    with xray_recorder.in_segment() as root:
        for _ in range(3):
            xray_recorder.end_subsegment()
        assert xray_recorder.get_trace_entity() is root
    assert traced() == [segment()]
    assert len(caplog.records) == 1


def test_a_subsegment_without_sampling_is_not_recorded_nor_what_is_below(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        skipped = xray_recorder.begin_subsegment_without_sampling("skipped")
        assert isinstance(skipped, DummySubsegment)
        assert not xray_recorder.get_trace_entity().sampled
        with xray_recorder.in_subsegment("below"):
            xray_recorder.put_annotation("k", 1)
        xray_recorder.end_subsegment()
        assert xray_recorder.get_trace_entity() is root
        with xray_recorder.in_subsegment("kept"):
            pass
    [document] = traced()
    assert outline(document) == ("app", ["kept"])


def test_without_a_segment_begin_gives_none_and_a_block_gets_something_to_write_to(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert xray_recorder.begin_subsegment("none") is None
        with xray_recorder.in_subsegment("dummy") as dummy:
            assert isinstance(dummy, Subsegment)
            dummy.put_annotation("k", 1)
            dummy.put_metadata("k", 1)
            dummy.put_http_meta("url", "http://host")
            dummy.set_sql({"url": "db"})
            dummy.add_exception(ValueError("no"), [])
            assert dummy.annotations == {}
    assert current() is None
    assert traced() == []
    assert len(caplog.records) == 2, "one line for each place that asked"


def test_a_block_without_a_name_is_recorded(traced: Traced) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment():
        pass
    assert len(complete(traced())) == 2


# -- what is current


def test_what_is_current_can_be_set_and_cleared(traced: Traced) -> None:
    root = xray_recorder.begin_segment()
    xray_recorder.clear_trace_entities()
    assert current() is None
    xray_recorder.set_trace_entity(root)
    assert xray_recorder.get_trace_entity() is root
    xray_recorder.end_segment()
    assert traced() == [segment()]


def test_annotations_and_metadata_go_to_what_is_current(traced: Traced) -> None:
    with xray_recorder.in_segment():
        xray_recorder.put_annotation("a", "segment")
        xray_recorder.put_metadata("m", "segment")
        with xray_recorder.in_subsegment("sub"):
            xray_recorder.put_annotation("a", 5)
            xray_recorder.put_metadata("m", [5], "mine")
    inner = subsegment("sub", annotations={"a": 5}, metadata={"mine": {"m": [5]}})
    assert traced() == [segment(inner, annotations={"a": "segment"}, metadata={"default": {"m": "segment"}})]


def test_whether_a_request_is_sampled_can_be_asked(traced: Traced) -> None:
    xray_recorder.configure(context_missing="IGNORE_ERROR")
    assert xray_recorder.is_sampled() is False
    with xray_recorder.in_segment():
        assert xray_recorder.is_sampled() is True
    with xray_recorder.in_segment(sampling=0), xray_recorder.in_subsegment("sub"):
        assert xray_recorder.is_sampled() is False


@pytest.mark.parametrize("sampling", [0, False])
def test_a_request_that_is_not_sampled_sends_nothing_and_takes_everything(traced: Traced, sampling: Any) -> None:
    root = xray_recorder.begin_segment("mine", traceid=TRACE, sampling=sampling)
    assert isinstance(root, DummySegment)
    assert (root.trace_id, root.sampled) == (TRACE, False)
    inner = xray_recorder.begin_subsegment("sub")
    for entity in (root, inner):
        entity.put_annotation("a", 1)
        entity.put_metadata("m", 1)
        entity.put_http_meta("status", 500)
        entity.add_exception(ValueError("no"), [])
        entity.apply_status_code(500)
        assert entity.serialize() is None
        assert not (entity.annotations or entity.metadata or entity.http or entity.fault)
    xray_recorder.end_subsegment()
    assert xray_recorder.current_segment() is root
    xray_recorder.end_segment()
    assert current() is None
    assert traced() == []


def test_unsampled_ids_are_zeros_unless_the_environment_says_otherwise(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    with xray_recorder.in_segment(sampling=0) as root, xray_recorder.in_subsegment("sub") as inner:
        assert (root.trace_id, root.id, inner.id) == ("1-00000000-" + "0" * 24, "0" * 16, "0" * 16)
    monkeypatch.setenv("AWS_XRAY_NOOP_ID", "false")
    xray_recorder.configure()
    with xray_recorder.in_segment(sampling=0) as root:
        assert {root.trace_id, root.id} == {trace_id(2), entity_id(1)}
    monkeypatch.delenv("AWS_XRAY_NOOP_ID")
    xray_recorder.configure()


# -- recorders


def test_the_asynchronous_blocks_give_what_the_plain_ones_do(traced: Traced) -> None:
    async def main() -> None:
        async with xray_recorder.in_segment_async("mine", traceid=TRACE, sampling=1) as root:
            assert xray_recorder.current_segment() is root
            async with xray_recorder.in_subsegment_async("sub", namespace="remote") as inner:
                assert xray_recorder.current_subsegment() is inner
        assert current() is None

    asyncio.run(main())
    [document] = traced()
    assert outline(document) == ("mine", ["sub"])
    assert document["trace_id"] == TRACE


def test_recorders_of_the_applications_own_keep_apart(traced: Traced) -> None:
    other = AWSXRayRecorder()
    other.configure(service="other", sampling=False, daemon_address="127.0.0.1:9", context_missing="IGNORE_ERROR")
    with xray_recorder.in_segment() as mine, other.in_segment() as others:
        assert xray_recorder.current_segment() is mine
        assert other.current_segment() is others
    assert [each["name"] for each in traced()] == ["app"]
