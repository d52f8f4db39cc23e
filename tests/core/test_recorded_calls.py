"""``record_subsegment``: one call in a subsegment, and a meta processor that is told of it by keyword."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from tests.core import Traced, outline, segment, subsegment

pytestmark = pytest.mark.usefixtures("fixed")


def test_a_recorded_call_is_told_of_by_keyword(traced: Traced) -> None:
    told: list[dict[str, Any]] = []

    def wrapped(a: int, b: int = 0) -> int:
        return a + b

    def meta_processor(
        *,
        wrapped: Any,
        instance: Any,
        args: Any,
        kwargs: Any,
        return_value: Any,
        exception: Any,
        subsegment: Any,
        stack: Any,
    ) -> None:
        told.append({key: value for key, value in locals().items() if key != "told"})
        subsegment.put_annotation("result", return_value)

    with xray_recorder.in_segment():
        result = xray_recorder.record_subsegment(wrapped, "me", (1,), {"b": 2}, "call", "remote", meta_processor)
    assert result == 3
    [facts] = told
    inner = facts.pop("subsegment")
    assert facts == {
        "wrapped": wrapped,
        "instance": "me",
        "args": (1,),
        "kwargs": {"b": 2},
        "return_value": 3,
        "exception": None,
        "stack": None,
    }
    assert not inner.in_progress
    assert traced() == [segment(subsegment("call", namespace="remote", annotations={"result": 3}))]


def test_a_recorded_coroutine_is_awaited_and_told_of_alike(traced: Traced) -> None:
    seen: list[Any] = []

    async def wrapped(a: int) -> int:
        await asyncio.sleep(0)
        return a

    async def failing() -> None:
        raise LookupError("no")

    def meta_processor(**told: Any) -> None:
        seen.append((told["return_value"], type(told["exception"])))

    async def main() -> None:
        async with xray_recorder.in_segment_async():
            record = xray_recorder.record_subsegment_async
            assert await record(wrapped, None, (7,), {}, "ok", "local", meta_processor) == 7
            with pytest.raises(LookupError):
                await record(failing, None, (), {}, "fails", "local", meta_processor)
            with pytest.raises(LookupError):
                await record(failing, None, (), {}, "recorded", "local", None)

    asyncio.run(main())
    assert seen == [(7, type(None)), (None, LookupError)]
    [document] = traced()
    assert outline(document) == ("app", ["ok", "fails", "recorded"])
    assert [each.get("fault") for each in document["subsegments"]] == [None, None, True]


def test_a_call_recorded_outside_a_segment_just_runs(traced: Traced) -> None:
    assert xray_recorder.record_subsegment(len, None, ("abc",), {}, "call", "local", None) == 3
    assert traced() == []
