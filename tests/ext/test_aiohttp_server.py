"""What is peculiar to aiohttp's server: answers that are exceptions, websockets, clients that leave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.ext.aiohttp.middleware import middleware
from aws_xray_sdk.sdk_config import SDKConfig
from tests.core import Document, Traced, detached, outline, segment, subsegment
from tests.ext.servers import running

HEADER = "X-Amzn-Trace-Id"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def traced_app(handler: Handler, *more: Any) -> web.Application:
    """An application whose paths all go to one handler."""
    app = web.Application(middlewares=[middleware, *more])
    app.router.add_route("*", "/{tail:.*}", handler)
    return app


async def get(port: int, path: str = "/", **options: Any) -> tuple[int, bytes, Any]:
    """Status, body and headers of an answer."""
    async with (
        ClientSession(headers={"User-Agent": "tests"}) as session,
        session.get(f"http://127.0.0.1:{port}{path}", **options) as answer,
    ):
        return answer.status, await answer.read(), answer.headers


def http(port: int, path: str, status: int | None = None, length: int | None = None, **more: str) -> Document:
    request = {"method": "GET", "url": f"http://127.0.0.1:{port}{path}", "client_ip": "127.0.0.1"}
    response = {"status": status, **({"content_length": length} if length is not None else {})}
    return {"request": {**request, "user_agent": "tests"}, **({"response": response} if status else {})}


# -- answers


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    ("make", "status", "flags"),
    [
        (lambda: web.HTTPFound("/elsewhere"), 302, {}),
        (web.HTTPNotModified, 304, {}),
        (web.HTTPTooManyRequests, 429, {"error": True, "throttle": True}),
        (web.HTTPServiceUnavailable, 503, {"fault": True}),
    ],
)
def test_an_answer_that_is_raised_keeps_its_status(
    traced: Traced, make: Callable[[], web.HTTPException], status: int, flags: dict[str, Any]
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        raise make()

    async def main() -> None:
        async with running(traced_app(handler)) as port:
            found, body, headers = await get(port, allow_redirects=False)
            assert found == status
            assert headers[HEADER] == "Root=1-6553f100-000000000000000000000002"
            [document] = traced()
            length = document["http"]["response"].pop("content_length", len(body))
            assert length == len(body)
            assert document == segment(http=http(port, "/", status), **flags)

    asyncio.run(main())


@pytest.mark.usefixtures("fixed")
def test_an_exception_that_a_later_middleware_answers_has_the_answers_status(traced: Traced) -> None:
    @web.middleware
    async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except LookupError as error:
            return web.json_response(str(error), status=422)

    async def handler(request: web.Request) -> web.StreamResponse:
        raise LookupError("shelf")

    async def main() -> None:
        async with running(traced_app(handler, explain)) as port:
            assert (await get(port))[:2] == (422, b'"shelf"')
            assert traced() == [segment(http=http(port, "/", 422, 7), error=True)]

    asyncio.run(main())


@pytest.mark.usefixtures("fixed")
def test_a_file_is_sent_by_the_server(traced: Traced, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"contents")

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(tmp_path / "file")

    async def main() -> None:
        async with running(traced_app(handler)) as port:
            status, body, headers = await get(port)
            assert (status, body) == (200, b"contents")
            assert headers[HEADER] == "Root=1-6553f100-000000000000000000000002"
            [document] = traced()
            assert document["http"]["request"] == http(port, "/")["request"]
            assert document["http"]["response"]["status"] == 200

    asyncio.run(main())


@pytest.mark.usefixtures("fixed")
def test_a_sub_application_is_served_as_well_and_recorded_once(traced: Traced) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        with xray_recorder.in_subsegment("work"):
            return web.Response(text="shelf")

    sub = traced_app(handler)
    app = web.Application(middlewares=[middleware])
    app.add_subapp("/sub/", sub)

    async def main() -> None:
        async with running(app) as port:
            # Without a port: aiohttp 3.9 finds no sub-application behind one with a newer yarl than itself.
            assert (await get(port, "/sub/shelf", headers={"Host": "shop"}))[:2] == (200, b"shelf")
            expected = http(port, "/sub/shelf", 200, 5)
            expected["request"]["url"] = "http://shop/sub/shelf"
            assert traced() == [segment(subsegment("work"), http=expected)]

    asyncio.run(main())


# -- what lasts


@pytest.mark.usefixtures("fixed")
def test_a_websocket_is_recorded_for_as_long_as_it_is_open(traced: Traced) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            with xray_recorder.in_subsegment(message.data):
                await socket.send_str(message.data)
        return socket

    async def main() -> None:
        async with running(traced_app(handler)) as port, ClientSession(headers={"User-Agent": "tests"}) as session:
            async with session.ws_connect(f"http://127.0.0.1:{port}/") as socket:
                for word in ("one", "two"):
                    await socket.send_str(word)
                    assert (await socket.receive()).data == word
                assert traced() == []
            assert (await socket.receive()).type is WSMsgType.CLOSED
        assert traced() == [segment(subsegment("one"), subsegment("two"), http=http(port, "/", 101))]

    asyncio.run(main())


class Held:
    """A handler that waits inside until it is let go."""

    def __init__(self) -> None:
        self.inside, self.go, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.ends: list[str] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        try:
            self.inside.set()
            with xray_recorder.in_subsegment("work"):
                await asyncio.wait_for(self.go.wait(), 20)
            self.ends.append("finished")
            return web.Response(text="late")
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise


@pytest.mark.parametrize("cancels", [True, False])
def test_a_client_that_leaves_ends_the_request_once_when_the_handler_ends(traced: Traced, cancels: bool) -> None:
    over = asyncio.Event()

    @web.middleware
    async def outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            over.set()

    async def main() -> None:
        held = Held()
        app = traced_app(held.__call__)
        app.middlewares.insert(0, outermost)
        async with running(app, handler_cancellation=cancels) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /shelf HTTP/1.1\r\nHost: shop\r\nUser-Agent: tests\r\n\r\n")
            await held.inside.wait()
            assert traced() == []
            writer.close()
            await writer.wait_closed()
            if not cancels:
                held.go.set()
            await over.wait()
        assert held.ends == ["cancelled" if cancels else "finished"]
        [document] = traced()
        assert outline(document) == ("app", ["work"])
        assert document.get("fault", False) is False
        assert document["http"].get("response") == (None if cancels else {"status": 200, "content_length": 4})

    asyncio.run(main())


@pytest.mark.usefixtures("fixed")
def test_a_handler_that_is_cancelled_from_within_is_recorded(traced: Traced) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        raise asyncio.CancelledError

    async def main() -> None:
        async with running(traced_app(handler)) as port:
            _, writer = reader_and_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: shop\r\nUser-Agent: tests\r\n\r\n")
            assert await reader_and_writer[0].read() == b""
            writer.close()
            await writer.wait_closed()
        request = {"method": "GET", "url": "http://shop/", "client_ip": "127.0.0.1", "user_agent": "tests"}
        assert traced() == [segment(http={"request": request})]

    asyncio.run(main())


# -- tasks and contexts


@pytest.mark.parametrize("context", [None, AsyncContext])
def test_tasks_and_threads_of_a_handler_record_below_it(traced: Traced, context: type[AsyncContext] | None) -> None:
    """As the guide shows it with a context for asyncio, and without one."""
    if context is not None:
        xray_recorder.configure(service="app", context=context())

    async def work(name: str) -> None:
        async with xray_recorder.in_subsegment_async(name):
            await asyncio.sleep(0)

    def in_thread() -> None:
        with xray_recorder.in_subsegment("thread"):
            pass

    async def handler(request: web.Request) -> web.StreamResponse:
        async with xray_recorder.in_subsegment_async("handler"):
            await asyncio.gather(work("one"), asyncio.create_task(work("two")), asyncio.to_thread(in_thread))
        return web.Response()

    async def main() -> None:
        async with running(traced_app(handler)) as port:
            await asyncio.gather(*(get(port) for _ in range(3)))

    asyncio.run(main())
    documents = traced()
    assert len(documents) == 3
    for document in documents:
        [inside] = document["subsegments"]
        assert inside["name"] == "handler"
        assert sorted(each["name"] for each in inside["subsegments"]) == ["one", "thread", "two"]


@pytest.mark.usefixtures("fixed")
def test_a_task_that_outlives_the_request_is_sent_as_a_part_of_it(traced: Traced) -> None:
    tasks: list[asyncio.Task[None]] = []

    async def main() -> None:
        answered = asyncio.Event()

        async def late() -> None:
            await answered.wait()
            with xray_recorder.in_subsegment("late"):
                pass

        async def handler(request: web.Request) -> web.StreamResponse:
            tasks.append(asyncio.create_task(late()))
            return web.Response(text="early")

        async with running(traced_app(handler)) as port:
            assert (await get(port))[1] == b"early"
            assert traced() == [segment(http=http(port, "/", 200, 5))]
            answered.set()
            await asyncio.gather(*tasks)
        assert traced() == [detached(subsegment("late"), 3, 1)]

    asyncio.run(main())


def test_an_sdk_that_is_off_does_nothing(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aws_xray_sdk")

    async def handler(request: web.Request) -> web.StreamResponse:
        async with xray_recorder.in_subsegment_async("work"):
            return web.Response(text="off")

    async def main() -> None:
        async with running(traced_app(handler)) as port:
            for enabled in (False, True, False):
                SDKConfig.set_sdk_enabled(enabled)
                _, body, headers = await get(port)
                assert (body, HEADER in headers) == (b"off", enabled)

    asyncio.run(main())
    assert len(traced()) == 1
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
