"""Faults of the SDK stay its own: whatever of it raises, the application's functions give the application's results."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core._guard import Guard
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.exceptions.exceptions import SegmentNotFoundException
from aws_xray_sdk.core.models.entity import Entity
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.sampling.sampler import DefaultSampler
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming
from tests.core import Traced


class OurFault(Exception):
    """What the broken method raises."""


def broken(*_: Any, **__: Any) -> Any:
    raise OurFault("a fault of the SDK")


@xray_recorder.capture()
def plain(value: int) -> int:
    return value


@xray_recorder.capture()
async def coroutine(value: int) -> int:
    await asyncio.sleep(0)
    return value


@xray_recorder.capture()
def generator(value: int) -> Generator[int, None, int]:
    yield value
    yield value + 1
    return value


@xray_recorder.capture()
async def async_generator(value: int) -> AsyncGenerator[int, None]:
    yield value
    yield value + 1


@xray_recorder.capture()
def failing(error: Exception) -> None:
    raise error


def request() -> list[Any]:
    """The application's work, of every kind; gives its results."""
    found: list[Any] = []
    with xray_recorder.in_segment("app"):
        found.append(plain(1))
        found.append(asyncio.run(coroutine(2)))
        found.append(list(generator(3)))
        with xray_recorder.in_subsegment("block") as block:
            block.put_annotation("k", 1)
            found.append(plain(5))
        found.append(xray_recorder.record_subsegment(len, None, ("abc",), {}, "call", "local", None))
        error = LookupError("the application's")
        try:
            failing(error)
        except LookupError as caught:
            found.append(caught is error)
    return found


async def request_async() -> list[Any]:
    found: list[Any] = []
    async with xray_recorder.in_segment_async("app"):
        found.append(await coroutine(1))
        found.append([each async for each in async_generator(2)])
        found.append(await asyncio.gather(coroutine(3), coroutine(4)))
        async with xray_recorder.in_subsegment_async("block"):
            found.append(plain(5))
        record = xray_recorder.record_subsegment_async
        found.append(await record(coroutine, None, (6,), {}, "call", "local", None))
    return found


RESULTS = [1, 2, [3, 4], 5, 3, True]
RESULTS_ASYNC = [1, [2, 3], [3, 4], 5, 6]

PARTS: list[tuple[Any, str]] = [
    (DefaultSampler, "should_trace"),
    (UDPEmitter, "send_entity"),
    (UDPEmitter, "_send_data"),
    (DefaultStreaming, "is_eligible"),
    (DefaultStreaming, "stream"),
    (Context, "get_trace_entity"),
    (Context, "set_trace_entity"),
    (Context, "clear_trace_entities"),
    (Context, "put_segment"),
    (Context, "end_segment"),
    (Context, "put_subsegment"),
    (Context, "end_subsegment"),
    (Context, "peek"),
    (Context, "handle_context_missing"),
    (Entity, "add_subsegment"),
    (Entity, "close"),
    (Entity, "add_exception"),
    (Entity, "serialize"),
    (Segment, "close"),
    (Segment, "__init__"),
    (Segment, "part_from_open"),
    (Segment, "take_finished"),
    (Subsegment, "close"),
    (Subsegment, "__init__"),
]
# What nobody calls in these requests, by design.
UNUSED = {"handle_context_missing", "part_from_open", "set_trace_entity", "end_subsegment"}


@pytest.fixture(params=PARTS, ids=[f"{owner.__name__}.{name}" for owner, name in PARTS])
def fault(request: pytest.FixtureRequest, traced: Traced, monkeypatch: pytest.MonkeyPatch) -> str:
    """One method of the SDK raises; the guard is as in an application."""
    owner, name = request.param
    xray_recorder.configure(sampling=True, streaming_threshold=0)
    monkeypatch.setattr(Guard, "raising", False)
    monkeypatch.setattr(owner, name, broken)
    return str(name)


def test_the_application_gets_its_own_results(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    assert request() == RESULTS
    assert asyncio.run(request_async()) == RESULTS_ASYNC
    lines = len(caplog.records)
    for _ in range(3):
        request()
    assert len(caplog.records) == lines, "each fault is told once"


def test_a_fault_is_told_once_with_its_traceback(
    traced: Traced, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Guard, "raising", False)
    monkeypatch.setattr(UDPEmitter, "send_entity", broken)
    for _ in range(5):
        with xray_recorder.in_segment():
            assert plain(1) == 1
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], OurFault)
    assert record.levelname == "ERROR"


def test_a_fault_is_raised_under_our_tests(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UDPEmitter, "send_entity", broken)
    with pytest.raises(OurFault), xray_recorder.in_segment():
        pass


def test_a_sampler_that_fails_is_replaced_by_the_local_rules(
    traced: Traced, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Guard, "raising", False)
    monkeypatch.setattr(DefaultSampler, "should_trace", broken)
    xray_recorder.configure(sampling=True)
    with xray_recorder.in_segment():
        assert xray_recorder.is_sampled()
    assert len(traced()) == 1
    assert len(caplog.records) == 1


def test_a_meta_processor_that_fails_does_no_harm(
    traced: Traced, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Guard, "raising", False)
    with xray_recorder.in_segment():
        assert xray_recorder.record_subsegment(len, None, ("abc",), {}, "call", "local", broken) == 3
    [document] = traced()
    assert document["subsegments"][0]["name"] == "call"
    assert len(caplog.records) == 1


def test_a_missing_segment_gets_out_where_the_user_chose_that(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Guard, "raising", False)
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    attempts: list[Callable[[], Any]] = [
        lambda: plain(1),
        lambda: asyncio.run(coroutine(1)),
        lambda: list(generator(1)),
        lambda: xray_recorder.in_subsegment("a").__enter__(),
        lambda: xray_recorder.begin_subsegment("a"),
        lambda: xray_recorder.end_subsegment(),
        lambda: xray_recorder.end_segment(),
        lambda: xray_recorder.current_segment(),
        lambda: xray_recorder.current_subsegment(),
        lambda: xray_recorder.get_trace_entity(),
        lambda: xray_recorder.put_annotation("a", 1),
        lambda: xray_recorder.put_metadata("a", 1),
        lambda: xray_recorder.record_subsegment(len, None, ("abc",), {}, "call", "local", None),
    ]
    for attempt in attempts:
        with pytest.raises(SegmentNotFoundException, match="cannot find the current segment"):
            attempt()


def test_a_write_to_an_ended_entity_is_ignored_with_one_line(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub") as sub:
        pass
    for _ in range(3):
        for entity in (root, sub):
            entity.put_annotation("late", 1)
            entity.close()
        sub.set_sql({"url": "db"})
        root.set_user("me")
    assert root.annotations == {}
    assert len(traced()) == 1
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == len(set(messages))
    assert sum("put_annotation" in each for each in messages) == 2
