"""A server that aiohttp's client calls, and sessions of that client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, web

from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from tests.ext.servers import running

HEADER = "X-Amzn-Trace-Id"


class Shop:
    """A server, not traced, that is called; it keeps the trace headers that it gets."""

    def __init__(self) -> None:
        self.headers: list[str | None] = []
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        self.port = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers.get(HEADER))
        return web.Response(status=int(request.match_info["status"]), text="answer")

    async def redirect(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers.get(HEADER))
        left = int(request.match_info["times"]) - 1
        raise web.HTTPFound(f"/redirect/{left}" if left else "/status/200")

    async def hold(self, request: web.Request) -> web.Response:
        self.reached.set()
        await self.go.wait()
        return web.Response()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/status/{status}", self.answer)
        app.router.add_get("/redirect/{times}", self.redirect)
        app.router.add_get("/hold", self.hold)
        return app


@asynccontextmanager
async def calling(name: str | None = None, **options: Any) -> AsyncIterator[tuple[ClientSession, Shop]]:
    """A traced session of the client, and a shop to call."""
    shop = Shop()
    async with (
        running(shop.app()) as shop.port,
        ClientSession(trace_configs=[aws_xray_trace_config(name)], **options) as session,
    ):
        try:
            yield session, shop
        finally:
            shop.go.set()


async def fetch(session: ClientSession, url: str, method: str = "GET", **options: Any) -> int:
    """The status of an answer that is read to its end."""
    async with session.request(method, url, **options) as answer:
        await answer.read()
        return answer.status
