"""The application's exceptions pass untouched: same object, nothing written on it, and freed when it is let go."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import traceback
import weakref
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from typing import Any, NoReturn

import pytest

from aws_xray_sdk.core import xray_recorder
from tests.core import Traced


class Failure(Exception):
    """An exception of the application, of which a weak reference can be kept."""


def fail(error: BaseException) -> NoReturn:
    raise error


async def fail_async(error: BaseException) -> NoReturn:
    await asyncio.sleep(0)
    raise error


@xray_recorder.capture("plain")
def plain(error: BaseException) -> None:
    fail(error)


@xray_recorder.capture("coroutine")
async def coroutine(error: BaseException) -> None:
    await fail_async(error)


@xray_recorder.capture("generator")
def generator(error: BaseException) -> Generator[int, None, None]:
    yield 1
    fail(error)


@xray_recorder.capture("async generator")
async def async_generator(error: BaseException) -> AsyncGenerator[int, None]:
    yield 1
    await fail_async(error)


def by_capture(error: BaseException) -> None:
    plain(error)


def by_coroutine(error: BaseException) -> None:
    asyncio.run(coroutine(error))


def by_generator(error: BaseException) -> None:
    list(generator(error))


def by_async_generator(error: BaseException) -> None:
    async def main() -> None:
        async for _ in async_generator(error):
            pass

    asyncio.run(main())


def by_block(error: BaseException) -> None:
    with xray_recorder.in_subsegment("block"):
        fail(error)


def by_async_block(error: BaseException) -> None:
    async def main() -> None:
        async with xray_recorder.in_subsegment_async("async block"):
            await fail_async(error)

    asyncio.run(main())


def by_segment(error: BaseException) -> None:
    with xray_recorder.in_segment("inner"):
        fail(error)


def by_record_subsegment(error: BaseException) -> None:
    xray_recorder.record_subsegment(fail, None, (error,), {}, "recorded", "local", None)


def by_record_subsegment_async(error: BaseException) -> None:
    asyncio.run(xray_recorder.record_subsegment_async(fail_async, None, (error,), {}, "recorded", "local", None))


WAYS = [
    by_capture,
    by_coroutine,
    by_generator,
    by_async_generator,
    by_block,
    by_async_block,
    by_segment,
    by_record_subsegment,
    by_record_subsegment_async,
]
Way = Callable[[BaseException], None]


@pytest.fixture(params=WAYS, ids=[each.__name__ for each in WAYS])
def way(request: pytest.FixtureRequest) -> Way:
    """A way to fail while something is recorded."""
    found: Way = request.param
    return found


@pytest.fixture(autouse=True)
def within(traced: Traced) -> Iterator[None]:
    """A segment around each test."""
    with xray_recorder.in_segment("outer"):
        yield


def test_it_is_the_same_object_with_nothing_written_on_it(way: Way) -> None:
    error = Failure("no")
    error.detail = "the application's own"  # type: ignore[attr-defined]
    with pytest.raises(Failure) as caught:
        way(error)
    assert caught.value is error
    assert error.__dict__ == {"detail": "the application's own"}
    assert not getattr(error, "__notes__", [])
    assert error.args == ("no",)


def test_its_cause_and_context_stay_what_they_were(way: Way) -> None:
    cause, error = KeyError("cause"), Failure("no")
    error.__cause__ = cause
    with contextlib.suppress(Failure):
        way(error)
    assert error.__cause__ is cause
    assert error.__context__ is None
    assert error.__suppress_context__ is True


def test_an_error_raised_while_another_is_handled_keeps_that_context(way: Way) -> None:
    first, error = KeyError("first"), Failure("no")
    try:
        try:
            raise first
        except KeyError:
            way(error)
    except Failure:
        pass
    assert error.__context__ is first
    assert first.__context__ is None


def test_its_traceback_has_the_applications_frames_and_none_below_the_wrapper(way: Way) -> None:
    error = Failure("no")
    with contextlib.suppress(Failure):
        way(error)
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame.name for frame in frames if frame.filename == __file__]
    assert mine[-1] in ("fail", "fail_async")
    # Between the application's frames stand the wrapper's one and, for coroutines, the event loop's.
    assert len([frame for frame in frames if "/aws_xray_sdk/" in frame.filename]) <= 1


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_errors_that_steer_the_program_pass_too(kind: type[BaseException]) -> None:
    error = kind("stop")
    for way in (by_capture, by_block, by_segment, by_record_subsegment):
        with pytest.raises(kind) as caught:
            way(error)
        assert caught.value is error


def test_a_cancelled_task_is_cancelled(traced: Traced) -> None:
    @xray_recorder.capture()
    async def patient() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(patient())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    asyncio.run(main())


def test_it_is_freed_when_handled_though_the_segment_is_open(way: Way) -> None:
    def failed() -> weakref.ref[Failure]:
        error = Failure("no")
        try:
            way(error)
        except Failure as caught:
            # A frame that holds its own exception is a cycle that the application's code makes; it is not ours.
            traceback.clear_frames(caught.__traceback__)
            return weakref.ref(caught)
        raise AssertionError

    gc.collect()
    reference = failed()
    gc.collect()
    assert reference() is None


def test_a_plain_call_leaves_no_cycle_that_holds_it() -> None:
    class Holder:
        pass

    held: list[weakref.ref[Any]] = []

    @xray_recorder.capture()
    def failing() -> None:
        holder = Holder()
        held.append(weakref.ref(holder))
        raise Failure("no")

    gc.disable()
    try:
        for _ in range(3):
            with contextlib.suppress(Failure):
                failing()
            with contextlib.suppress(Failure), xray_recorder.in_subsegment("block"):
                failing()
        assert [reference() for reference in held] == [None] * 6
    finally:
        gc.enable()


def test_a_generators_error_leaves_no_cycle_that_holds_it() -> None:
    held: list[weakref.ref[Failure]] = []

    @xray_recorder.capture()
    def failing() -> Generator[int, None, None]:
        yield 1
        raise Failure("no")

    gc.disable()
    try:
        try:
            list(failing())
        except Failure as error:
            held.append(weakref.ref(error))
        assert held[0]() is None
    finally:
        gc.enable()
