"""An aiohttp client against the barest of servers, a canned answer in the same loop."""

import asyncio

import aiohttp

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from programs import Program, Programs

BODY = b"hello"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


async def programs(traced: bool) -> Programs:
    xray_recorder.configure(service="benchmark", sampling=False, context=AsyncContext())
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    url = f"http://{host}:{port}/hello"
    return {
        "plain10": getting(aiohttp.ClientSession(), url),
        "traced10": getting(aiohttp.ClientSession(trace_configs=[aws_xray_trace_config()]), url),
    }


class Canned(asyncio.Protocol):
    """Answers every request, read or not, alike."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(RESPONSE)


def getting(session: aiohttp.ClientSession, url: str) -> Program:
    async def program(n: int) -> None:
        for _ in range(n):
            async with xray_recorder.in_segment_async("app"):
                for _ in range(10):
                    async with session.get(url) as response:
                        if await response.read() != BODY:
                            raise AssertionError(response)

    return program
