"""The recorder's asynchronous verbs."""

from collections.abc import Awaitable, Callable

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from programs import Program, Programs


async def programs(traced: bool) -> Programs:
    xray_recorder.configure(service="benchmark", sampling=False, context=AsyncContext())
    return {
        "called10": calling(add),
        "captured10": calling(xray_recorder.capture_async("add")(add)),
    }


async def add(a: int, b: int) -> int:
    return a + b


def calling(function: Callable[[int, int], Awaitable[int]]) -> Program:
    async def program(n: int) -> None:
        for _ in range(n):
            async with xray_recorder.in_segment_async("app"):
                for _ in range(10):
                    await function(1, 2)

    return program
