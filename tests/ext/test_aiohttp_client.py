"""aiohttp's client: one subsegment a request, the trace header on its way, and nothing in the way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.exceptions.exceptions import SegmentNotFoundException
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.ext.util import inject_trace_header
from aws_xray_sdk.sdk_config import SDKConfig
from tests.conftest import Daemon
from tests.core import Document, Traced, every, segment, subsegment
from tests.ext.faults import PARTS, broken, lines_of
from tests.ext.servers import running
from tests.ext.shop import Shop, calling, fetch

ROOT = "1-6553f100-000000000000000000000002"
CALLER = {"traceid": "1-5759e988-bd862e3fe1be46a994272793", "parent_id": "53995c3f42cd8ad8"}


def called(url: str, status: int | None = None, method: str = "GET", name: str = "127.0.0.1", **more: Any) -> Document:
    """The subsegment of a call; the shop's answers have six bytes."""
    response = {"response": {"status": status, "content_length": 6}} if status else {}
    http = {"request": {"method": method, "url": url}, **response}
    return subsegment(name, namespace="remote", http=http, **more)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


# -- how a call went


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    ("status", "flags"),
    [(200, {}), (404, {"error": True}), (429, {"error": True, "throttle": True}), (503, {"fault": True})],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_is_a_remote_subsegment_with_its_status(
    traced: Traced, status: int, flags: dict[str, Any], method: str
) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            url = shop.url(f"/status/{status}")
            with xray_recorder.in_segment():
                assert await fetch(session, url, method) == status
            assert traced() == [segment(called(url, status, method, **flags))]

    run(main)


@pytest.mark.usefixtures("fixed")
def test_calls_have_the_name_that_was_given(traced: Traced) -> None:
    async def main() -> None:
        async with calling("shop") as (session, shop):
            with xray_recorder.in_segment():
                await fetch(session, shop.url("/status/200"), trace_request_ctx={"of": "the application"})
            assert traced() == [segment(called(shop.url("/status/200"), 200, name="shop"))]

    run(main)


@pytest.mark.usefixtures("fixed")
def test_redirects_belong_to_one_call_and_each_target_gets_the_header(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment():
                assert await fetch(session, shop.url("/redirect/3")) == 200
            assert traced() == [segment(called(shop.url("/redirect/3"), 200))]
            assert shop.headers == [f"Root={ROOT};Parent={3:016x};Sampled=1"] * 4

    run(main)


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("status", [404, 429, 500])
def test_an_answer_that_the_session_raises_for_is_recorded_by_its_status(traced: Traced, status: int) -> None:
    async def main() -> None:
        async with calling(raise_for_status=True) as (session, shop):
            url = shop.url(f"/status/{status}")
            with xray_recorder.in_segment():
                with pytest.raises(aiohttp.ClientResponseError) as caught:
                    await fetch(session, url)
                assert caught.value.__context__ is None
            [document] = traced()
            [call] = document["subsegments"]
            assert call["http"]["response"]["status"] == status
            assert call.get("error", False) is (status < 500)
            assert call.get("throttle", False) is (status == 429)
            assert call.get("fault", False) is (status >= 500)
            assert "cause" not in call
            assert "fault" not in document

    run(main)


def told(call: Document) -> list[str]:
    """The types of the exceptions that a document tells; it is a fault then, and still a remote call."""
    assert call["fault"] is True
    assert call["namespace"] == "remote"
    assert "response" not in call["http"]
    return [each["type"] for each in call["cause"]["exceptions"]]


def test_a_server_that_is_not_there_is_a_fault(traced: Traced) -> None:
    async def main() -> None:
        with socket.socket() as bound:  # and not listening
            bound.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
            async with calling() as (session, _):
                with xray_recorder.in_segment(), pytest.raises(aiohttp.ClientConnectorError):
                    await fetch(session, url)
        [document] = traced()
        [call] = document["subsegments"]
        assert call["http"]["request"] == {"method": "GET", "url": url}
        assert told(call)[0] == "ClientConnectorError"
        assert "fault" not in document  # the application has handled it

    run(main)


def test_a_call_that_takes_too_long_is_a_fault(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment(), pytest.raises(asyncio.TimeoutError):
                await fetch(session, shop.url("/hold"), timeout=aiohttp.ClientTimeout(total=0.05))
            [document] = traced()
            assert told(document["subsegments"][0])[0] == "TimeoutError"

    run(main)


def test_a_call_that_is_cancelled_ends(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment():
                task = asyncio.create_task(fetch(session, shop.url("/hold")))
                await shop.reached.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            [document] = traced()
            [call] = document["subsegments"]
            assert call["in_progress"] is False
            assert "response" not in call["http"]

    run(main)


# -- where a call hangs


def test_calls_at_the_same_time_hang_below_what_made_them(traced: Traced) -> None:
    async def work(session: ClientSession, shop: Shop, number: int) -> None:
        async with xray_recorder.in_subsegment_async(f"task {number}"):
            for _ in range(2):
                await fetch(session, shop.url(f"/status/{200 + number}"))

    async def main() -> None:
        xray_recorder.configure(streaming_threshold=1000)
        async with calling() as (session, shop):
            with xray_recorder.in_segment():
                await asyncio.gather(*(work(session, shop, number) for number in range(20)))
            [document] = traced()
            calls = {
                each["name"]: [call["http"]["response"]["status"] for call in each["subsegments"]]
                for each in document["subsegments"]
            }
            assert calls == {f"task {number}": [200 + number] * 2 for number in range(20)}
            parents = [TraceHeader.from_header_str(header).parent for header in shop.headers]
            assert sorted(map(str, parents)) == sorted(
                each["id"] for each in every([document]) if each.get("namespace") == "remote"
            )

    run(main)


def test_after_a_call_its_parent_is_current_again(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment(), xray_recorder.in_subsegment("work") as work:
                await fetch(session, shop.url("/status/200"))
                assert xray_recorder.current_subsegment() is work

    run(main)


def test_outside_of_a_segment_a_call_passes_and_the_log_says_it_once(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            for _ in range(3):
                assert await fetch(session, shop.url("/status/200")) == 200
            assert shop.headers == [None] * 3

    run(main)
    assert traced() == []
    assert len(lines_of(caplog)) == 1


def test_outside_of_a_segment_nothing_is_said_if_nobody_wants_to_know(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        xray_recorder.configure(context_missing="IGNORE_ERROR")
        async with calling() as (session, shop):
            assert await fetch(session, shop.url("/status/200")) == 200
            xray_recorder.configure(context_missing="RUNTIME_ERROR")
            with pytest.raises(SegmentNotFoundException):
                await fetch(session, shop.url("/status/200"))

    run(main)
    assert lines_of(caplog) == []


# -- what a call carries and tells


@pytest.mark.usefixtures("fixed")
def test_a_call_carries_on_what_the_request_came_with(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment(**CALLER) as current:
                current.save_origin_trace_header(TraceHeader.from_header_str("Root=1-2-3;Lineage=25:24dba8d0:1;Mine=5"))
                await fetch(session, shop.url("/status/200"))
            root = CALLER["traceid"]
            assert shop.headers == [f"Root={root};Parent={2:016x};Sampled=1;Lineage=25:24dba8d0:1;Mine=5"]

    run(main)


def test_a_call_of_a_request_that_is_not_sampled_passes_the_trace_on(traced: Traced) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment(**CALLER, sampling=0):
                assert await fetch(session, shop.url("/status/200")) == 200
            assert shop.headers == [f"Root={CALLER['traceid']};Parent={CALLER['parent_id']};Sampled=0"]

    run(main)
    assert traced() == []


def test_what_may_be_secret_in_a_url_is_not_recorded(traced: Traced, daemon: Daemon) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            with xray_recorder.in_segment():
                url = shop.url("/status/200").replace("//", "//user:secret@")
                assert await fetch(session, f"{url}?token=secret#secret") == 200
            [datagram] = daemon.datagrams()
            assert shop.url("/status/200").encode() in datagram
            assert b"secret" not in datagram
            assert b"user" not in datagram

    run(main)


@pytest.mark.usefixtures("fixed")
def test_a_host_may_be_an_address_of_version_6(traced: Traced) -> None:
    async def main() -> None:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
        url = f"http://[::1]:{listening.getsockname()[1]}/status/200"
        async with running(Shop().app(), listening), calling() as (session, _):
            with xray_recorder.in_segment():
                assert await fetch(session, url) == 200
        assert traced() == [segment(called(url, 200, name="::1"))]

    run(main)


# -- when something of ours is off or broken


def test_an_sdk_that_is_off_does_nothing(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with calling() as (session, shop):
            SDKConfig.set_sdk_enabled(False)
            assert await fetch(session, shop.url("/status/200")) == 200
            assert shop.headers == [None]
            headers: dict[str, str] = {}
            inject_trace_header(headers, xray_recorder.current_segment())
            assert headers == {}  # a decision that nobody made must not reach others

    run(main)
    assert traced() == []
    assert lines_of(caplog) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_fault_of_ours_changes_no_answer(
    traced: Traced, part: tuple[type, str], caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with calling(raise_for_status=True) as (session, shop):
            with xray_recorder.in_segment(), broken(part):
                assert await fetch(session, shop.url("/redirect/1")) == 200
                with pytest.raises(aiohttp.ClientResponseError) as caught:
                    await fetch(session, shop.url("/status/500"))
                assert caught.value.status == 500

    run(main)
    assert len(lines_of(caplog)) <= 1
