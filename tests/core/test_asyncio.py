"""Tasks see what is current where they are made, and nobody else's; no loop is captured, no task factory needed."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder, xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext, task_factory
from tests.core import Document, Traced, complete, every, outline


async def work(name: str, rounds: int = 2) -> None:
    """A subsegment with one below, with other tasks' turns in between."""
    async with xray_recorder.in_subsegment_async(name):
        for _ in range(rounds):
            await asyncio.sleep(0)
        async with xray_recorder.in_subsegment_async(f"below {name}"):
            await asyncio.sleep(0)


def children(document: Document) -> set[tuple[str, str]]:
    """Each subsegment with the name of its parent."""
    names = {each["id"]: each["name"] for each in every([document])}
    return {(names[each["parent_id"]], each["name"]) for each in every([document]) if "type" in each}


def expected(parent: str, *names: str) -> set[tuple[str, str]]:
    return {(parent, name) for name in names} | {(name, f"below {name}") for name in names}


def test_gathered_tasks_hang_below_what_gathered_them(traced: Traced) -> None:
    async def main() -> None:
        async with xray_recorder.in_segment_async(), xray_recorder.in_subsegment_async("gather"):
            await asyncio.gather(*(work(f"task {n}", n) for n in range(5)))

    asyncio.run(main())
    [document] = traced()
    assert children(document) == {("app", "gather")} | expected("gather", *(f"task {n}" for n in range(5)))


if sys.version_info >= (3, 11):

    def test_tasks_of_a_group_hang_below_what_made_them(traced: Traced) -> None:
        async def main() -> None:
            async with xray_recorder.in_segment_async(), asyncio.TaskGroup() as group:
                for n in range(3):
                    group.create_task(work(f"task {n}"))

        asyncio.run(main())
        [document] = traced()
        assert children(document) == expected("app", *(f"task {n}" for n in range(3)))

    def test_a_task_in_a_given_context_hangs_below_what_is_current_there(traced: Traced) -> None:
        async def main() -> None:
            nothing = contextvars.copy_context()
            async with xray_recorder.in_segment_async():
                root = contextvars.copy_context()
                async with xray_recorder.in_subsegment_async("elsewhere"):
                    loop = asyncio.get_running_loop()
                    await loop.create_task(work("mine"), context=root)
                    await loop.create_task(work("lost"), context=nothing)

        asyncio.run(main())
        [document] = traced()
        assert children(document) == {("app", "elsewhere")} | expected("app", "mine")


def test_a_task_whose_parent_has_ended_is_sent_by_itself_below_it(traced: Traced) -> None:
    async def main() -> None:
        async with xray_recorder.in_segment_async():
            async with xray_recorder.in_subsegment_async("parent") as parent:
                task = asyncio.create_task(work("late"))
            await task
            assert parent.subsegments == []

    asyncio.run(main())
    documents = traced()
    [late] = [each for each in complete(documents) if each["name"] == "late"]
    [parent] = [each for each in complete(documents) if each["name"] == "parent"]
    assert late["parent_id"] == parent["id"]
    assert sorted(each["name"] for each in complete(documents)) == ["app", "below late", "late", "parent"]


def test_a_thread_of_to_thread_hangs_below_its_caller(traced: Traced) -> None:
    @xray_recorder.capture()
    def blocking() -> bool:
        return xray_recorder.is_sampled()

    async def main() -> None:
        async with xray_recorder.in_segment_async(), xray_recorder.in_subsegment_async("caller"):
            assert all(await asyncio.gather(*(asyncio.to_thread(blocking) for _ in range(4))))

    asyncio.run(main())
    assert outline(*traced()) == ("app", [("caller", ["blocking"] * 4)])


def test_an_executor_with_a_copied_context_hangs_below_its_caller(traced: Traced) -> None:
    @xray_recorder.capture()
    def blocking() -> None:
        pass

    async def main(pool: ThreadPoolExecutor) -> None:
        async with xray_recorder.in_segment_async():
            context = contextvars.copy_context()
            await asyncio.get_running_loop().run_in_executor(pool, context.run, blocking)

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(main(pool))
        assert pool.submit(xray_recorder.context.peek).result() is None
    assert outline(*traced()) == ("app", ["blocking"])


def test_callbacks_hang_below_what_scheduled_them(traced: Traced) -> None:
    async def main() -> None:
        done = asyncio.Event()

        @xray_recorder.capture()
        def callback() -> None:
            done.set()

        async with xray_recorder.in_segment_async():
            asyncio.get_running_loop().call_soon(callback)
            await done.wait()

    asyncio.run(main())
    assert outline(*traced()) == ("app", ["callback"])


def test_requests_that_overlap_each_have_their_own_tree(traced: Traced) -> None:
    async def request(number: int) -> None:
        async with xray_recorder.in_segment_async(f"request {number}"):
            await asyncio.gather(*(work(f"{number}.{n}", n) for n in range(3)))
            assert xray_recorder.current_segment().name == f"request {number}"

    async def main() -> None:
        await asyncio.gather(*(request(number) for number in range(20)))
        assert xray_recorder.context.peek() is None

    asyncio.run(main())
    documents = traced()
    assert len(documents) == 20
    for document in documents:
        number = document["name"].split()[1]
        assert children(document) == expected(document["name"], *(f"{number}.{n}" for n in range(3)))


def test_a_task_that_outlives_its_segment_is_sent_by_itself_below_it(traced: Traced) -> None:
    async def late(released: asyncio.Event) -> None:
        async with xray_recorder.in_subsegment_async("open at the end"):
            await released.wait()
            xray_recorder.put_annotation("late", True)
            async with xray_recorder.in_subsegment_async("below"):
                pass
        async with xray_recorder.in_subsegment_async("begun later"):
            await asyncio.sleep(0)

    async def main() -> None:
        released = asyncio.Event()
        async with xray_recorder.in_segment_async():
            task = asyncio.create_task(late(released))
            await asyncio.sleep(0)
        released.set()
        await task

    asyncio.run(main())
    documents = traced()
    segment = documents[0]
    [standing] = segment["subsegments"]
    assert segment["name"] == "app"
    assert segment["in_progress"] is False
    assert standing == {
        "id": standing["id"],
        "name": "open at the end",
        "start_time": standing["start_time"],
        "in_progress": True,
        "parent_id": segment["id"],
        "trace_id": segment["trace_id"],
        "type": "subsegment",
        "namespace": "local",
    }
    later = complete(documents[1:])
    assert sorted(each["name"] for each in later) == ["begun later", "below", "open at the end"]
    assert {each["trace_id"] for each in later} == {segment["trace_id"]}
    parents = {each["name"]: each["parent_id"] for each in later}
    assert parents["open at the end"] == parents["begun later"] == segment["id"]
    assert parents["below"] == standing["id"]
    [ended] = [each for each in later if each["name"] == "open at the end"]
    assert ended["id"] == standing["id"]
    assert ended["annotations"] == {"late": True}


def test_a_task_begun_in_a_segment_and_run_after_it_never_raises(traced: Traced) -> None:
    xray_recorder.configure(context_missing="RUNTIME_ERROR")

    async def main() -> None:
        async with xray_recorder.in_segment_async():
            task = asyncio.create_task(work("late"))
        await task

    asyncio.run(main())
    documents = traced()
    late = [each for each in complete(documents) if each["name"] == "late"]
    assert [each["parent_id"] for each in late] == [documents[0]["id"]]


def test_a_cancelled_request_ends_its_segment_with_a_fault(traced: Traced) -> None:
    async def request() -> None:
        async with xray_recorder.in_segment_async(), xray_recorder.in_subsegment_async("waits"):
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(request())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    [document] = traced()
    assert outline(document) == ("app", ["waits"])
    assert document["subsegments"][0]["cause"]["exceptions"][0]["type"] == "CancelledError"


def test_an_async_context_is_built_without_a_loop_with_its_old_arguments(recorder: AsyncAWSXRayRecorder) -> None:
    AsyncContext()
    AsyncContext("IGNORE_ERROR", loop=None)
    loop = asyncio.new_event_loop()
    try:
        context = AsyncContext(context_missing="IGNORE_ERROR", loop=loop, use_task_factory=False)
        assert loop.get_task_factory() is None
    finally:
        loop.close()
    assert context.context_missing == "IGNORE_ERROR"
    recorder.configure(context=context)
    assert recorder.context is context


def test_the_recorder_works_with_an_async_context(traced: Traced) -> None:
    xray_recorder.configure(context=AsyncContext())

    async def main() -> None:
        async with xray_recorder.in_segment_async():
            await asyncio.gather(work("a"), work("b"))

    asyncio.run(main())
    [document] = traced()
    assert children(document) == expected("app", "a", "b")


def test_the_old_task_factory_makes_ordinary_tasks(traced: Traced) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(task_factory)
        async with xray_recorder.in_segment_async():
            await asyncio.gather(loop.create_task(work("a")), asyncio.create_task(work("b"), name="b"))

    asyncio.run(main())
    [document] = traced()
    assert children(document) == expected("app", "a", "b")
