"""An aiohttp server that says hello over a real connection; the client is a bare stream in the same loop."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Middleware

from programs import Programs

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: benchmark\r\nAccept: */*\r\n\r\n"
BODY = b"hello, world"


async def programs(traced: bool) -> Programs:
    app = web.Application(middlewares=_middlewares() if traced else [])
    app.router.add_get("/hello", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])

    async def program(n: int) -> None:
        for _ in range(n):
            writer.write(REQUEST)
            response = await reader.readuntil(BODY)
            if not response.startswith(b"HTTP/1.1 200 OK"):
                raise AssertionError(response)

    return {"hello": program}


async def hello(request: web.Request) -> web.Response:
    return web.Response(body=BODY)


def _middlewares() -> list[Middleware]:
    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.core.async_context import AsyncContext
    from aws_xray_sdk.ext.aiohttp.middleware import middleware

    xray_recorder.configure(service="benchmark", sampling=False, context=AsyncContext())
    return [middleware]
