"""Threads see nothing of each other, and every subsegment arrives exactly once however ends race each other."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.segment import Segment
from tests.core import Document, Traced, complete, every, outline


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_together(*functions: Callable[[], None]) -> None:
    """Run all at once, each in a thread; raises what one of them raised."""
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], None]) -> None:
        barrier.wait()
        function()

    with ThreadPoolExecutor(len(functions)) as pool:
        for future in [pool.submit(run, function) for function in functions]:
            future.result()


def check_exactly_once(documents: list[Document], expected: set[str], root: Any) -> None:
    """Every id of `expected` and the root's arrived once, complete; all in one trace; every parent is known."""
    ended = complete(documents)
    times = Counter(each["id"] for each in ended)
    assert set(times) == expected | {root.id}
    assert set(times.values()) == {1}
    assert {each["trace_id"] for each in every(documents)} == {root.trace_id}
    assert {each["parent_id"] for each in ended if "type" in each} <= set(times)


def test_a_new_thread_sees_nothing(traced: Traced) -> None:
    xray_recorder.configure(context_missing="IGNORE_ERROR")
    seen: list[object] = []
    with xray_recorder.in_segment():
        thread = threading.Thread(target=lambda: seen.append(xray_recorder.get_trace_entity()))
        thread.start()
        thread.join()
    assert seen == [None] or sys.flags.__dict__.get("thread_inherit_context")


def test_work_given_to_a_thread_by_hand_hangs_below_the_giver(traced: Traced) -> None:
    def work(parent: Any) -> None:
        xray_recorder.set_trace_entity(parent)
        with xray_recorder.in_subsegment("in thread"):
            assert xray_recorder.current_segment().name == "app"
        xray_recorder.clear_trace_entities()
        assert xray_recorder.context.peek() is None

    with xray_recorder.in_segment(), xray_recorder.in_subsegment("giver") as giver, ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [giver] * 4))
        assert xray_recorder.get_trace_entity() is giver
    assert outline(*traced()) == ("app", [("giver", ["in thread"] * 4)])


def test_a_thread_that_runs_in_a_copied_context_hangs_below_the_giver(traced: Traced) -> None:
    @xray_recorder.capture()
    def work() -> None:
        pass

    with xray_recorder.in_segment():
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()
    assert outline(*traced()) == ("app", ["work"])


@pytest.mark.usefixtures("hasty")
def test_nobody_sees_anothers_segment(traced: Traced) -> None:
    def thread(number: int) -> None:
        async def task(name: str) -> None:
            async with xray_recorder.in_segment_async(name) as root:
                for n in range(5):
                    async with xray_recorder.in_subsegment_async(f"{name}/{n}") as mine:
                        await asyncio.sleep(0)
                        assert xray_recorder.get_trace_entity() is mine
                        assert xray_recorder.current_segment() is root
                assert xray_recorder.get_trace_entity() is root
            assert xray_recorder.context.peek() is None

        async def main() -> None:
            await asyncio.gather(*(task(f"{number}-{n}") for n in range(10)))

        asyncio.run(main())

    run_together(*[partial(thread, number) for number in range(6)])
    documents = traced()
    assert Counter(each["name"] for each in documents) == Counter(f"{t}-{n}" for t in range(6) for n in range(10))
    for document in documents:
        assert outline(document) == (document["name"], [f"{document['name']}/{n}" for n in range(5)])


@pytest.mark.parametrize("threshold", [0, 5, 10_000])
@pytest.mark.usefixtures("hasty")
def test_threads_below_one_open_segment_send_everything_once(traced: Traced, threshold: int) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    ids: set[str] = set()

    def work(parent: Any) -> None:
        xray_recorder.set_trace_entity(parent)
        for _ in range(20):
            with xray_recorder.in_subsegment("outer") as outer:
                ids.add(outer.id)
                for _ in range(3):
                    with xray_recorder.in_subsegment("inner") as inner:
                        ids.add(inner.id)

    with xray_recorder.in_segment() as root:
        run_together(*[partial(work, root)] * 5)
    check_exactly_once(traced(), ids, root)
    assert len(ids) == 5 * 20 * 4


def work_below(parent: Any, ids: set[str]) -> None:
    """Subsegments below `parent`, two deep, of which the ids are noted."""
    xray_recorder.set_trace_entity(parent)
    for _ in range(3):
        with xray_recorder.in_subsegment("outer") as outer, xray_recorder.in_subsegment("inner") as inner:
            ids.update((outer.id, inner.id))


def end_segment(root: Any) -> None:
    xray_recorder.set_trace_entity(root)
    xray_recorder.end_segment()


def end_subsegment(subsegment: Any) -> None:
    xray_recorder.set_trace_entity(subsegment)
    xray_recorder.end_subsegment()


@pytest.mark.parametrize("threshold", [0, 10_000])
@pytest.mark.usefixtures("hasty")
def test_the_end_of_a_segment_races_work_below_it_and_everything_arrives_once(traced: Traced, threshold: int) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    for _ in range(60):
        ids: set[str] = set()
        root = xray_recorder.begin_segment()
        run_together(partial(end_segment, root), *[partial(work_below, root, ids)] * 3)
        check_exactly_once(traced(), ids, root)


@pytest.mark.parametrize("threshold", [0, 10_000])
@pytest.mark.usefixtures("hasty")
def test_all_ends_of_a_tree_race_each_other_and_everything_arrives_once(traced: Traced, threshold: int) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    for _ in range(100):
        root = xray_recorder.begin_segment()
        parent = xray_recorder.begin_subsegment("parent")
        below = [parent]
        for n in range(3):
            xray_recorder.set_trace_entity(parent)
            below.append(xray_recorder.begin_subsegment(f"child {n}"))
        run_together(partial(end_segment, root), *[partial(end_subsegment, each) for each in below])
        check_exactly_once(traced(), {each.id for each in below}, root)


@pytest.mark.parametrize("threshold", [0, 10_000])
@pytest.mark.usefixtures("hasty")
def test_the_end_of_a_parent_races_the_ends_below_it_and_everything_arrives_once(
    traced: Traced, threshold: int
) -> None:
    xray_recorder.configure(streaming_threshold=threshold)
    for _ in range(100):
        root = xray_recorder.begin_segment()
        parent = xray_recorder.begin_subsegment("parent")
        below = [parent]
        for n in range(3):
            xray_recorder.set_trace_entity(parent)
            below.append(xray_recorder.begin_subsegment(f"child {n}"))
        run_together(*[partial(end_subsegment, each) for each in below])
        end_segment(root)
        check_exactly_once(traced(), {each.id for each in below}, root)


def test_a_segment_that_ends_while_a_part_is_taken_out_does_not_send_that_part_too(traced: Traced) -> None:
    taking, sent = threading.Event(), threading.Event()

    class Slow(Segment):
        def remove_subsegment(self, subsegment: Any) -> None:
            taking.set()
            sent.wait(0.2)  # all of it, unless the segment is sent meanwhile, which is the defect
            super().remove_subsegment(subsegment)

    class Watching(UDPEmitter):
        def send_entity(self, entity: Any) -> None:
            super().send_entity(entity)
            if entity is root:
                sent.set()

    emitter = Watching(f"{xray_recorder.emitter.ip}:{xray_recorder.emitter.port}")
    xray_recorder.configure(streaming_threshold=0, emitter=emitter)
    root = Slow("app")
    xray_recorder.set_trace_entity(root)
    child = xray_recorder.begin_subsegment("child")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(end_subsegment, child)
        assert taking.wait(10)
        end_segment(root)
        future.result()
    check_exactly_once(traced(), {child.id}, root)


def test_a_thread_that_outlives_its_segment_never_raises(traced: Traced) -> None:
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    ended, began = threading.Event(), threading.Event()
    ids: set[str] = set()

    def work(root: Any) -> None:
        xray_recorder.set_trace_entity(root)
        with xray_recorder.in_subsegment("open") as first:
            ids.add(first.id)
            began.set()
            assert ended.wait(10)
            xray_recorder.put_annotation("k", 1)
        xray_recorder.put_metadata("ignored", 1)
        with xray_recorder.in_subsegment("late") as second:
            ids.add(second.id)
        xray_recorder.end_segment()

    with ThreadPoolExecutor(1) as pool:
        with xray_recorder.in_segment() as root:
            future = pool.submit(work, root)
            assert began.wait(10)
        ended.set()
        future.result()
    check_exactly_once(traced(), ids, root)


def test_metadata_changed_while_a_document_is_written_does_no_harm(traced: Traced) -> None:
    data: dict[str, Any] = {f"k{n}": {"n": n} for n in range(200)}
    stop = threading.Event()

    def change() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            data[f"new {n % 500}"] = [n]
            data.pop(f"new {(n + 250) % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(50):
            with xray_recorder.in_segment() as root:
                root.put_metadata("data", data)
    finally:
        stop.set()
        thread.join()
    assert len(traced()) == 50
