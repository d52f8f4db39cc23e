"""Asynchronous Django: requests that are served at the same time, work beside the view, clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import django
import pytest
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, RequestFactory

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.django.middleware import XRayMiddleware
from tests.core import Document, Traced, complete, outline, subsegment
from tests.ext.django_client import Client, ask, served, site


async def work(name: str) -> None:
    async with xray_recorder.in_subsegment_async(name):
        await asyncio.sleep(0)


def work_in_thread(name: str) -> None:
    with xray_recorder.in_subsegment(name):
        pass


# -- one request


@pytest.mark.usefixtures("fixed")
def test_work_beside_the_view_hangs_below_what_was_current_where_it_began(traced: Traced) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        async with xray_recorder.in_subsegment_async("all"):
            await asyncio.gather(work("one"), work("two"))
        await asyncio.to_thread(work_in_thread, "thread")
        await sync_to_async(work_in_thread)("sync")
        xray_recorder.current_segment().put_annotation("done", True)
        return HttpResponse("hello")

    with site(view):
        assert asyncio.run(ask("/view/")).body == b"hello"
    parts = [subsegment("all", subsegment("one"), subsegment("two")), subsegment("thread"), subsegment("sync")]
    assert traced() == [served("/view/", *parts, annotations={"done": True})]


@pytest.mark.usefixtures("fixed")
def test_what_a_sync_view_and_a_sync_middleware_record_is_seen_by_async_ones(traced: Traced) -> None:
    """Django runs them in threads; what they make current there must not be lost."""

    @sync_to_async
    def begin() -> None:
        xray_recorder.begin_subsegment("begun in a thread")

    async def view(request: HttpRequest) -> HttpResponse:
        await begin()
        await work("inside")
        xray_recorder.end_subsegment()
        return HttpResponse("hello")

    with site(view):
        asyncio.run(ask("/view/"))
    assert traced() == [served("/view/", subsegment("begun in a thread", subsegment("inside")))]


def test_a_task_that_outlives_its_request_is_recorded_as_a_part_of_it(traced: Traced) -> None:
    async def main() -> None:
        goes_on = asyncio.Event()
        tasks = []

        async def after() -> None:
            async with xray_recorder.in_subsegment_async("after"):
                await goes_on.wait()
                await work("inside")

        async def view(request: HttpRequest) -> HttpResponse:
            tasks.append(asyncio.create_task(after()))
            await asyncio.sleep(0)
            return HttpResponse("hello")

        with site(view):
            assert (await ask("/view/")).status == 200
        goes_on.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    request, inside, late = traced()
    (pending,) = request["subsegments"]
    assert pending["in_progress"] and not request["in_progress"]
    assert (late["name"], late["id"], late["parent_id"]) == ("after", pending["id"], request["id"])
    assert (inside["name"], inside["parent_id"]) == ("inside", late["id"])
    assert request["trace_id"] == inside["trace_id"] == late["trace_id"]


@pytest.mark.usefixtures("fixed", "django_databases")
def test_djangos_async_test_client_is_recorded_like_any_client(traced: Traced) -> None:
    async def main() -> None:
        response = await AsyncClient().get("/async/whole/")
        assert response.content == b"<hello first of default>"
        assert xray_recorder.context.peek() is None

    asyncio.run(main())
    (document,) = traced()
    assert outline(document) == ("app", [("look", ["default.sqlite3"]), ("page.html", ["part.html"])])
    assert document["http"] == served("/async/whole/", length=24)["http"]


# -- many requests


def test_requests_that_are_served_at_the_same_time_know_nothing_of_each_other(traced: Traced) -> None:
    async def main() -> None:
        here: list[str] = []
        all_here = asyncio.Event()

        async def view(request: HttpRequest) -> HttpResponse:
            xray_recorder.put_annotation("who", request.headers["Who"])
            async with xray_recorder.in_subsegment_async(request.headers["Who"]):
                here.append(request.headers["Who"])
                if len(here) == 8:
                    all_here.set()
                await all_here.wait()
                await asyncio.gather(work("one"), asyncio.to_thread(work_in_thread, "two"))
            return HttpResponse(request.headers["Who"])

        with site(view):
            answers = await asyncio.gather(*[ask("/view/", WHO=f"client {number}") for number in range(8)])
        assert [answer.body for answer in answers] == [b"client %d" % number for number in range(8)]

    asyncio.run(main())
    documents = sorted(traced(), key=lambda each: str(each["annotations"]["who"]))
    for number, document in enumerate(documents):
        assert document["annotations"] == {"who": f"client {number}"}
        (all_of_it,) = document["subsegments"]
        assert all_of_it["name"] == f"client {number}"
        assert {outline(each) for each in all_of_it["subsegments"]} == {"one", "two"}
    assert len(documents) == len({each["trace_id"] for each in documents}) == 8


# -- clients that leave


def cut_short(path: str, *below: Document, **response: Any) -> Document:
    """The document of a request whose client left: no fault, and no answer unless one had begun."""
    document = served(path, *below)
    document["http"] = {"request": document["http"]["request"], **response}
    return document


@pytest.mark.usefixtures("fixed")
def test_a_request_that_is_cancelled_ends_without_a_fault(traced: Traced) -> None:
    async def main() -> None:
        began = asyncio.Event()

        async def view(request: HttpRequest) -> HttpResponse:
            async with xray_recorder.in_subsegment_async("waits"):
                began.set()
                await asyncio.Event().wait()
            raise AssertionError("not reached")

        serving = asyncio.create_task(XRayMiddleware(view)(RequestFactory().get("/view/")))
        await began.wait()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    asyncio.run(main())
    (document,) = traced()
    assert outline(document) == ("app", ["waits"])
    assert document["http"] == cut_short("/view/")["http"]
    assert not {"error", "fault", "cause"} & document.keys()
    assert complete([document])


def stream_of(first_is_out: asyncio.Event, goes_on: asyncio.Event) -> AsyncIterator[bytes]:
    async def parts() -> AsyncIterator[bytes]:
        await work("one")
        yield b"1;"
        first_is_out.set()
        await goes_on.wait()
        await work("two")
        yield b"2;"

    return parts()


@pytest.mark.usefixtures("fixed")
def test_a_stream_that_is_cancelled_ends_without_a_fault(traced: Traced) -> None:
    async def main() -> None:
        began, never = asyncio.Event(), asyncio.Event()

        async def view(request: HttpRequest) -> StreamingHttpResponse:
            return StreamingHttpResponse(stream_of(began, never))

        async def serve() -> None:
            response = await XRayMiddleware(view)(RequestFactory().get("/view/"))
            async for part in response:
                assert part == b"1;"

        serving = asyncio.create_task(serve())
        await began.wait()
        assert traced() == []
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    asyncio.run(main())
    document = served("/view/", subsegment("one"), length=None)
    assert traced() == [document]


@pytest.mark.usefixtures("fixed")
def test_a_stream_that_is_closed_before_its_end_ends_the_request(traced: Traced) -> None:
    async def main() -> None:
        async def view(request: HttpRequest) -> StreamingHttpResponse:
            return StreamingHttpResponse(stream_of(asyncio.Event(), asyncio.Event()))

        response = await XRayMiddleware(view)(RequestFactory().get("/view/"))
        parts = aiter(response)
        assert await anext(parts) == b"1;"
        assert xray_recorder.context.peek() is None
        await parts.aclose()
        await sync_to_async(response.close)()

    asyncio.run(main())
    assert traced() == [served("/view/", subsegment("one"), length=None)]


if django.VERSION >= (5, 0):  # older ones do not notice that a client leaves

    @pytest.mark.usefixtures("fixed")
    def test_a_client_that_leaves_before_the_answer_ends_the_request(traced: Traced) -> None:
        async def main() -> None:
            client = Client()

            async def view(request: HttpRequest) -> HttpResponse:
                client.leaves.set()
                await asyncio.Event().wait()
                raise AssertionError("not reached")

            with site(view):
                assert (await ask("/view/", client=client)).status == 0

        asyncio.run(main())
        assert traced() == [cut_short("/view/")]

    @pytest.mark.usefixtures("fixed")
    @pytest.mark.parametrize("notices", ["while a part is made", "while a part is sent"])
    def test_a_client_that_leaves_while_the_answer_streams_ends_the_request(notices: str, traced: Traced) -> None:
        class Stuck(Client):
            async def send(self, message: dict[str, Any]) -> None:
                await super().send(message)
                if message.get("body") and notices == "while a part is sent":
                    self.leaves.set()
                    await asyncio.Event().wait()

        async def main() -> None:
            client = Stuck()

            async def view(request: HttpRequest) -> StreamingHttpResponse:
                return StreamingHttpResponse(stream_of(client.leaves, asyncio.Event()))

            with site(view):
                assert (await ask("/view/", client=client)).body == b"1;"

        asyncio.run(main())
        assert traced() == [served("/view/", subsegment("one"), length=None)]

    @pytest.mark.usefixtures("fixed")
    def test_a_view_may_answer_for_a_client_that_left(traced: Traced) -> None:
        async def main() -> None:
            client = Client()

            async def view(request: HttpRequest) -> HttpResponse:
                try:
                    client.leaves.set()
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    xray_recorder.put_annotation("left", True)
                    raise
                raise AssertionError("not reached")

            with site(view):
                await ask("/view/", client=client)

        asyncio.run(main())
        assert traced() == [cut_short("/view/") | {"annotations": {"left": True}}]


# -- the middleware as others call it


def test_the_middleware_gives_a_coroutine_where_what_it_wraps_does(traced: Traced) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("hello")

    def sync_view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("hello")

    request = RequestFactory().get("/view/")
    assert iscoroutinefunction(XRayMiddleware(view))
    assert not iscoroutinefunction(XRayMiddleware(sync_view))
    assert asyncio.run(XRayMiddleware(view)(request)).status_code == 200
    assert XRayMiddleware(sync_view)(request).status_code == 200
    assert [each["http"]["response"] for each in traced()] == [{"status": 200, "content_length": 5}] * 2
