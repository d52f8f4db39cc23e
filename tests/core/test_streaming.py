"""Finished subsegments leave a segment that has many, and a segment with thousands costs no more for each."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming
from tests.conftest import Daemon
from tests.core import Traced, complete, detached, outline, segment, subsegment


def names(documents: Any) -> list[str]:
    return [each["name"] for each in documents]


def begin_and_end(*named: str) -> None:
    for name in named:
        with xray_recorder.in_subsegment(name):
            pass


def test_thirty_finished_subsegments_stay_and_one_more_lets_them_leave(traced: Traced) -> None:
    assert xray_recorder.streaming_threshold == 30
    with xray_recorder.in_segment():
        begin_and_end(*map(str, range(30)))
        assert traced() == []
        begin_and_end("30")
        assert names(traced()) == [str(n) for n in range(31)]
    assert names(complete(traced())) == ["app"]


@pytest.mark.parametrize("threshold", [0, 1, 5])
def test_the_threshold_can_be_set(traced: Traced, threshold: int) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    assert xray_recorder.streaming_threshold == threshold
    assert xray_recorder.streaming.streaming_threshold == threshold
    with xray_recorder.in_segment():
        begin_and_end(*map(str, range(threshold)))
        assert traced() == []
        begin_and_end("last")
        assert len(traced()) == threshold + 1


@pytest.mark.usefixtures("fixed")
def test_what_leaves_early_is_a_whole_document_of_its_own(traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=0)
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("outer", namespace="remote") as outer:
        outer.put_annotation("k", 1)
        with xray_recorder.in_subsegment("inner"):
            pass
        assert traced() == [detached(subsegment("inner"), 4, parent=3)]
    assert traced() == [
        detached(subsegment("outer", namespace="remote", annotations={"k": 1}), 3, parent=1),
        segment(),
    ]


@pytest.mark.usefixtures("fixed")
def test_a_finished_subtree_leaves_as_one_document(traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=2)
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("open"):
        with xray_recorder.in_subsegment("top"):
            pass
        assert traced() == []
        with xray_recorder.in_subsegment("second"), xray_recorder.in_subsegment("below"):
            pass
        found = traced()
    assert found[0] == detached(subsegment("top"), 4, parent=3)
    assert Counter(names(complete(found + traced()))) == Counter(["app", "open", "top", "second", "below"])


def test_a_deep_tree_arrives_once(traced: Traced) -> None:
    def descend(depth: int) -> None:
        with xray_recorder.in_subsegment(f"level {depth}"):
            if depth < 200:
                descend(depth + 1)

    with xray_recorder.in_segment():
        descend(0)
    documents = traced()
    assert Counter(names(complete(documents))) == Counter(["app", *(f"level {n}" for n in range(201))])


def test_a_wide_tree_of_many_levels_arrives_once_and_with_its_parents(traced: Traced) -> None:
    parents: dict[str, str] = {}

    def grow(depth: int) -> None:
        for _ in range(4):
            with xray_recorder.in_subsegment("node") as node:
                parents[node.id] = node.parent_id or ""
                if depth:
                    grow(depth - 1)

    with xray_recorder.in_segment() as root:
        grow(4)
    found = complete(traced())
    assert Counter(each["id"] for each in found) == Counter([root.id, *parents])
    assert {each["id"]: each["parent_id"] for each in found if "type" in each} == parents


def test_many_concurrently_open_subsegments_stay_until_they_end(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        opened = []
        for n in range(500):
            xray_recorder.set_trace_entity(root)
            opened.append(xray_recorder.begin_subsegment(str(n)))
        assert traced() == []
        for each in opened:
            xray_recorder.set_trace_entity(each)
            xray_recorder.end_subsegment()
        xray_recorder.set_trace_entity(root)
    found = complete(traced())
    assert Counter(names(found)) == Counter(["app", *map(str, range(500))])


def test_subsegments_by_hand_stream_when_asked(traced: Traced) -> None:
    with xray_recorder.in_segment():
        begin_and_end("a", "b")
        xray_recorder.streaming.streaming_threshold = 1
        xray_recorder.stream_subsegments()
        assert names(traced()) == ["a", "b"]


def test_nothing_streams_from_a_request_that_is_not_sampled(traced: Traced) -> None:
    xray_recorder.configure(streaming_threshold=0)
    with xray_recorder.in_segment(sampling=0):
        begin_and_end("a", "b")
        xray_recorder.stream_subsegments()
    assert traced() == []


def calls_of(function: Callable[[], None]) -> int:
    """How many calls of Python and C functions `function` makes: a measure that no busy machine disturbs."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls


def open_root_with_children(count: int) -> Callable[[], None]:
    def run() -> None:
        xray_recorder.begin_segment("app")
        for _ in range(count):
            xray_recorder.begin_subsegment("child")
            xray_recorder.end_subsegment()
        xray_recorder.end_segment()

    return run


def open_root_below_another(count: int) -> Callable[[], None]:
    def run() -> None:
        xray_recorder.begin_segment("app")
        xray_recorder.begin_subsegment("open")
        open_root_with_children_of_current(count)
        xray_recorder.end_subsegment()
        xray_recorder.end_segment()

    return run


def open_root_with_children_of_current(count: int) -> None:
    for _ in range(count):
        with xray_recorder.in_subsegment("child"):
            pass


def many_open_at_once(count: int) -> Callable[[], None]:
    def run() -> None:
        root = xray_recorder.begin_segment("app")
        opened = []
        for _ in range(count):
            xray_recorder.set_trace_entity(root)
            opened.append(xray_recorder.begin_subsegment("child"))
        for each in opened:
            xray_recorder.set_trace_entity(each)
            xray_recorder.end_subsegment()
        xray_recorder.set_trace_entity(root)
        xray_recorder.end_segment()

    return run


def many_finished_below_an_open_parent_that_stays(count: int) -> Callable[[], None]:
    """Each child has a child still open, so nothing below the root can leave."""

    def run() -> None:
        root = xray_recorder.begin_segment("app")
        opened = []
        for _ in range(count):
            xray_recorder.set_trace_entity(root)
            parent = xray_recorder.begin_subsegment("parent")
            opened.append(xray_recorder.begin_subsegment("open"))
            xray_recorder.set_trace_entity(parent)
            xray_recorder.end_subsegment()
        for each in opened:
            xray_recorder.set_trace_entity(each)
            xray_recorder.end_subsegment()
        xray_recorder.set_trace_entity(root)
        xray_recorder.end_segment()

    return run


@pytest.mark.parametrize("threshold", [0, 30, 100_000])
@pytest.mark.parametrize(
    "shape",
    [
        open_root_with_children,
        open_root_below_another,
        many_open_at_once,
        many_finished_below_an_open_parent_that_stays,
    ],
)
def test_each_child_costs_the_same_however_many_there_are(
    traced: Traced, shape: Callable[[int], Callable[[], None]], threshold: int
) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    shape(50)()  # what is done once
    few, many = calls_of(shape(100)) / 100, calls_of(shape(2_000)) / 2_000
    assert many < few * 1.2


def test_ten_thousand_children_arrive(daemon: Daemon, traced: Traced) -> None:
    found: list[bytes] = []
    with xray_recorder.in_segment():
        for _ in range(100):
            open_root_with_children_of_current(100)
            found += daemon.datagrams()
    assert sum(each.count(b'"child"') for each in found + daemon.datagrams()) == 10_000


class Walking:
    """A streaming of the application's own, written against the entities' public parts."""

    streaming_threshold = 1

    def is_eligible(self, segment: Any) -> bool:
        return bool(segment.get_total_subsegments_size() > self.streaming_threshold)

    def stream(self, entity: Any, callback: Callable[[Any], None]) -> None:
        for child in entity.subsegments:
            if child.in_progress:
                self.stream(child, callback)
            else:
                entity.remove_subsegment(child)
                callback(child)


def test_a_streaming_of_the_applications_own_is_used(traced: Traced) -> None:
    xray_recorder.configure(streaming=Walking())
    with xray_recorder.in_segment() as root:
        begin_and_end("a")
        assert traced() == []
        begin_and_end("b")
        assert [outline(each) for each in traced()] == ["a", "b"]
        assert root.subsegments == []
        with xray_recorder.in_subsegment("c"):
            begin_and_end("d", "e")
    found = complete(traced())
    assert Counter(names(found)) == Counter(["app", "c", "d", "e"])


def test_a_streaming_of_the_applications_own_keeps_counting_right(traced: Traced) -> None:
    xray_recorder.configure(streaming=Walking())
    with xray_recorder.in_segment() as root:
        begin_and_end("a", "b")
        assert root.get_total_subsegments_size() == 0
        begin_and_end("c")
        assert root.get_total_subsegments_size() == 1


class Reluctant(DefaultStreaming):
    """Lets nothing leave."""

    def is_eligible(self, segment: Any) -> bool:
        return False


def test_a_streaming_that_never_streams_leaves_all_in_the_segment(traced: Traced) -> None:
    xray_recorder.configure(streaming=Reluctant())
    with xray_recorder.in_segment():
        begin_and_end(*map(str, range(100)))
    [document] = traced()
    assert outline(document) == ("app", [str(n) for n in range(100)])


def test_entities_list_a_copy_of_their_subsegments(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        begin_and_end("a")
        root.subsegments.clear()
        assert names_of(root.subsegments) == ["a"]
    assert outline(*traced()) == ("app", ["a"])


def names_of(entities: Any) -> list[str]:
    return [each.name for each in entities]
