"""Captured generators are measured to exhaustion, and what happens between two items belongs to their user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from tests.core import Traced, outline, segment, subsegment


@xray_recorder.capture()
def numbers(n: int) -> Generator[int, Any, str]:
    for number in range(n):
        with xray_recorder.in_subsegment(f"inside {number}"):
            pass
        yield number
    return "done"


@xray_recorder.capture()
def echo() -> Generator[Any, Any, str]:
    """Yields what it is sent, and the names of the errors thrown in, until it gets None."""
    item: Any = "first"
    while item is not None:
        try:
            item = yield item
        except LookupError as error:
            item = type(error).__name__
    return "end"


@xray_recorder.capture()
async def async_numbers(n: int) -> AsyncGenerator[int, Any]:
    for number in range(n):
        with xray_recorder.in_subsegment(f"inside {number}"):
            await asyncio.sleep(0)
        yield number


@xray_recorder.capture()
async def async_echo() -> AsyncGenerator[Any, Any]:
    item: Any = "first"
    while item is not None:
        try:
            item = yield item
        except LookupError as error:
            item = type(error).__name__


@pytest.mark.usefixtures("fixed")
def test_a_generator_holds_what_it_does_and_its_user_what_happens_between(traced: Traced) -> None:
    with xray_recorder.in_segment():
        for number in numbers(2):
            with xray_recorder.in_subsegment(f"between {number}"):
                pass
    [document] = traced()
    assert outline(document) == ("app", [("numbers", ["inside 0", "inside 1"]), "between 0", "between 1"])


@pytest.mark.usefixtures("fixed")
def test_an_async_generator_holds_what_it_does_and_its_user_what_happens_between(traced: Traced) -> None:
    async def main() -> None:
        async with xray_recorder.in_segment_async():
            async for number in async_numbers(2):
                async with xray_recorder.in_subsegment_async(f"between {number}"):
                    await asyncio.sleep(0)

    asyncio.run(main())
    [document] = traced()
    assert outline(document) == ("app", [("async_numbers", ["inside 0", "inside 1"]), "between 0", "between 1"])


def test_a_generator_ends_when_it_is_exhausted_not_when_it_is_made(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        generator = numbers(1)
        assert root.subsegments == []
        assert next(generator) == 0
        [subsegment] = root.subsegments
        assert subsegment.in_progress
        assert list(generator) == []
        assert not subsegment.in_progress
    assert len(traced()) == 1


def test_what_a_generator_returns_is_kept(traced: Traced) -> None:
    def user() -> Generator[int, Any, str]:
        return (yield from numbers(2))

    with xray_recorder.in_segment():
        generator = user()
        assert [next(generator), next(generator)] == [0, 1]
        with pytest.raises(StopIteration) as stopped:
            next(generator)
    assert stopped.value.value == "done"


def test_sent_and_thrown_values_reach_the_generator(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        generator = echo()
        assert next(generator) == "first"
        assert generator.send("second") == "second"
        assert generator.throw(KeyError("k")) == "KeyError"
        with pytest.raises(StopIteration) as stopped:
            generator.send(None)
        assert stopped.value.value == "end"
        assert xray_recorder.get_trace_entity() is root
    [document] = traced()
    assert outline(document) == ("app", ["echo"])
    assert "fault" not in document["subsegments"][0]


def test_sent_and_thrown_values_reach_the_async_generator(traced: Traced) -> None:
    async def main() -> None:
        async with xray_recorder.in_segment_async() as root:
            generator = async_echo()
            assert await anext(generator) == "first"
            assert await generator.asend("second") == "second"
            assert await generator.athrow(KeyError("k")) == "KeyError"
            with pytest.raises(StopAsyncIteration):
                await generator.asend(None)
            assert xray_recorder.get_trace_entity() is root

    asyncio.run(main())
    [document] = traced()
    assert outline(document) == ("app", ["async_echo"])
    assert "fault" not in document["subsegments"][0]


@pytest.mark.usefixtures("fixed")
def test_a_closed_generator_ends_without_fault_and_runs_its_clean_up(traced: Traced) -> None:
    cleaned = []

    @xray_recorder.capture()
    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            cleaned.append(1)

    with xray_recorder.in_segment() as root:
        for _ in (generator := endless()):
            break
        generator.close()
        assert cleaned == [1]
        assert xray_recorder.get_trace_entity() is root
    assert traced() == [segment(subsegment("endless"))]


@pytest.mark.usefixtures("fixed")
def test_a_closed_async_generator_ends_without_fault_and_runs_its_clean_up(traced: Traced) -> None:
    cleaned = []

    @xray_recorder.capture()
    async def endless() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    async def main() -> None:
        async with xray_recorder.in_segment_async() as root:
            generator = endless()
            assert await anext(generator) == 1
            await generator.aclose()
            assert cleaned == [1]
            assert xray_recorder.get_trace_entity() is root

    asyncio.run(main())
    assert traced() == [segment(subsegment("endless"))]


def test_a_generator_dropped_half_way_ends(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        assert next(numbers(5)) == 0
        assert xray_recorder.get_trace_entity() is root
    [document] = traced()
    assert outline(document) == ("app", [("numbers", ["inside 0"])])
    assert not document["subsegments"][0]["in_progress"]


def test_an_error_in_a_generator_is_recorded_and_passes(traced: Traced) -> None:
    failure = LookupError("no more")

    @xray_recorder.capture()
    def failing() -> Generator[int, None, None]:
        yield 1
        raise failure

    with xray_recorder.in_segment() as root:
        generator = failing()
        next(generator)
        with pytest.raises(LookupError) as caught:
            next(generator)
        assert caught.value is failure
        assert xray_recorder.get_trace_entity() is root
    [document] = traced()
    [recorded] = document["subsegments"]
    assert recorded["fault"] is True
    assert [each["type"] for each in recorded["cause"]["exceptions"]] == ["LookupError"]
    assert "fault" not in document


def test_two_generators_advanced_in_turn_keep_apart(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        assert list(zip(numbers(2), numbers(3), strict=False)) == [(0, 0), (1, 1)]
        assert xray_recorder.get_trace_entity() is root
    [document] = traced()
    assert outline(document) == (
        "app",
        [("numbers", ["inside 0", "inside 1"]), ("numbers", ["inside 0", "inside 1"])],
    )


def test_a_generator_finished_after_its_segment_is_sent_by_itself(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        generator = numbers(2)
        next(generator)
    assert list(generator) == [1]
    assert xray_recorder.context.peek() is None
    documents = traced()
    assert {each["trace_id"] for each in documents} == {root.trace_id}
    whole = [each for each in documents if each["name"] == "numbers" and not each["in_progress"]]
    assert [each["parent_id"] for each in whole] == [root.id]


def test_a_generator_outside_a_segment_just_runs(traced: Traced) -> None:
    assert list(numbers(2)) == [0, 1]
    assert xray_recorder.context.peek() is None
    assert traced() == []


def test_what_the_user_began_between_two_items_stays_current(traced: Traced) -> None:
    with xray_recorder.in_segment():
        generator = numbers(2)
        next(generator)
        mine = xray_recorder.begin_subsegment("mine")
        next(generator)
        assert xray_recorder.get_trace_entity() is mine
        xray_recorder.end_subsegment()
        assert list(generator) == []
    [document] = traced()
    assert outline(document) == ("app", [("numbers", ["inside 0", "inside 1"]), "mine"])
