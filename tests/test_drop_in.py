"""Applications as they were written for the original: they run unchanged, and their documents arrive."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import ConnectionHandler
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import override_settings

from aws_xray_sdk.core import AWSXRayRecorder, xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.daemon_config import DaemonConfig
from aws_xray_sdk.core.emitters.udp_emitter import PROTOCOL_DELIMITER, PROTOCOL_HEADER, UDPEmitter
from aws_xray_sdk.core.models import http
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming
from aws_xray_sdk.ext.django.middleware import XRayMiddleware
from tests.conftest import Daemon
from tests.core import Document, Traced, outline, segment, subsegment
from tests.ext.django_client import serve_asgi, serve_wsgi, site

# -- a Django application: settings, middleware, decorators, blocks

database = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})["default"]


@xray_recorder.capture("load items")
def load_items(shelf: int) -> list[str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT %s", ["lamp"])
        xray_recorder.current_subsegment().put_annotation("shelf", shelf)
        return [name for (name,) in cursor.fetchall()]


@xray_recorder.capture_async("ask prices")
async def ask_prices(names: list[str]) -> dict[str, int]:
    async with xray_recorder.in_subsegment_async("price of lamp", namespace="remote") as priced:
        await asyncio.sleep(0)
        priced.put_http_meta(http.URL, "http://prices.example.com/lamp")
        priced.put_http_meta(http.STATUS, 200)
        xray_recorder.put_metadata("names", names, "prices")
    return {name: len(name) for name in names}


class Report:
    @xray_recorder.capture("Report.write")
    def write(self, prices: dict[str, int]) -> str:
        return ", ".join(f"{name}: {price}" for name, price in prices.items())

    @staticmethod
    @xray_recorder.capture()
    def check(text: str) -> bool:
        return bool(text)


def items(request: HttpRequest) -> HttpResponse:
    names = load_items(3)
    prices = asyncio.run(ask_prices(names))
    with xray_recorder.in_subsegment("write report") as block:
        block.put_annotation("items", len(names))
        text = Report().write(prices)
    assert Report.check(text)
    document = xray_recorder.current_segment()
    document.set_user("somebody")
    document.put_metadata("report", {"text": text})
    return render(request, "part.html", {"name": text})


@pytest.fixture
def orders() -> Iterator[None]:
    """The application's settings and views."""
    setting = {
        "AWS_XRAY_TRACING_NAME": "orders",
        "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR",
        "AUTO_INSTRUMENT": True,
        "SAMPLING": False,
        "PLUGINS": (),
    }
    with override_settings(XRAY_RECORDER=setting), site(items):
        yield
    BaseDatabaseWrapper.close(database)


@pytest.mark.usefixtures("fixed")
def test_a_django_application_with_decorators_and_blocks(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, orders: None
) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    assert serve_wsgi("/items/").body == b"hello lamp: 4"
    (document,) = daemon.documents()
    sql = {"database_type": "sqlite", "sanitized_query": "SELECT %s"}
    query = subsegment(":memory:", namespace="remote", sql=sql)
    answered = {"request": {"url": "http://prices.example.com/lamp"}, "response": {"status": 200}}
    price = subsegment("price of lamp", namespace="remote", http=answered, metadata={"prices": {"names": ["lamp"]}})
    expected = segment(
        subsegment("load items", query, annotations={"shelf": 3}),
        subsegment("ask prices", price),
        subsegment("write report", subsegment("Report.write"), annotations={"items": 1}),
        subsegment("check"),
        subsegment("part.html"),
        name="orders",
        user="somebody",
        metadata={"default": {"report": {"text": "lamp: 4"}}},
        http=document["http"],
    )
    assert document == expected


def test_the_same_application_under_asgi(daemon: Daemon, orders: None) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    database.inc_thread_sharing()  # one connection in memory, used from the thread of sync views
    assert serve_asgi("/items/").body == b"hello lamp: 4"
    (document,) = daemon.documents()
    parts = [("load items", [":memory:"]), ("ask prices", ["price of lamp"])]
    assert outline(document) == ("orders", [*parts, ("write report", ["Report.write"]), "check", "part.html"])


class Tagging(XRayMiddleware):
    """A middleware built on ours."""

    def __call__(self, request: HttpRequest) -> Any:
        request.META["HTTP_USER_AGENT"] = "tagged"
        return super().__call__(request)


def test_a_middleware_built_on_ours(traced: Traced) -> None:
    with override_settings(MIDDLEWARE=[f"{__name__}.Tagging"]):
        for serve in (serve_wsgi, serve_asgi):
            assert serve("/plain/").body == b"hello"
    assert [each["http"]["request"]["user_agent"] for each in traced()] == ["tagged", "tagged"]


# -- by hand


@pytest.mark.usefixtures("fixed")
def test_segments_and_subsegments_that_are_begun_and_ended_by_hand(traced: Traced) -> None:
    begun = xray_recorder.begin_segment("batch")
    assert isinstance(begun, Segment) and xray_recorder.current_segment() is begun
    part = xray_recorder.begin_subsegment("part", namespace="remote")
    assert isinstance(part, Subsegment) and xray_recorder.current_subsegment() is part
    part.put_annotation("number", 1)
    try:
        raise LookupError("nothing there")
    except LookupError as error:
        part.add_exception(error, [])
    xray_recorder.end_subsegment()
    begun.put_http_meta(http.METHOD, "GET")
    begun.apply_status_code(404)
    begun.add_fault_flag()
    xray_recorder.end_segment()
    assert not begun.in_progress
    exception = {"id": f"{4:016x}", "message": "nothing there", "type": "LookupError", "remote": False}
    (document,) = traced()
    (told,) = document["subsegments"][0].pop("cause")["exceptions"]
    assert told == exception
    expected = subsegment("part", namespace="remote", annotations={"number": 1}, fault=True)
    request = {"request": {"method": "GET"}}
    assert document == segment(expected, name="batch", http=request, error=True, fault=True)


def test_threads_that_are_given_the_current_entity_by_hand(traced: Traced) -> None:
    def fetch(parent: Any, name: str) -> None:
        xray_recorder.set_trace_entity(parent)
        with xray_recorder.in_subsegment(name):
            pass
        xray_recorder.clear_trace_entities()

    with xray_recorder.in_segment("app"), xray_recorder.in_subsegment("fetch all"):
        current = xray_recorder.get_trace_entity()
        thread = threading.Thread(target=fetch, args=(current, "one"))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fetch, [current] * 2, ["two", "two"]))
        assert xray_recorder.get_trace_entity() is current
    assert [outline(each) for each in traced()] == [("app", [("fetch all", ["one", "two", "two"])])]


# -- parts of the application's own


class Collecting:
    """An emitter that has nothing of ours."""

    def __init__(self) -> None:
        self.documents: list[Document] = []

    def send_entity(self, entity: Any) -> None:
        if entity.sampled:
            self.documents.append(json.loads(entity.serialize()))


class Noting(UDPEmitter):
    """An emitter that puts datagrams together by itself."""

    def send_entity(self, entity: Any) -> None:
        logging.getLogger("shop").info("sending %s to %s:%s", entity.name, self.ip, self.port)
        self._send_data(f"{PROTOCOL_HEADER}{PROTOCOL_DELIMITER}{entity.serialize()}")


def test_an_emitter_of_ones_own(traced: Traced) -> None:
    emitter = Collecting()
    xray_recorder.configure(emitter=emitter)
    with xray_recorder.in_segment("app"), xray_recorder.in_subsegment("part"):
        pass
    with xray_recorder.in_segment("unsampled", sampling=0):
        pass
    assert [outline(each) for each in emitter.documents] == [("app", ["part"])]
    assert traced() == []


def test_an_emitter_built_on_ours(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shop")
    xray_recorder.configure(emitter=Noting(daemon_address=daemon.address), sampling=False)
    with xray_recorder.in_segment("app"):
        pass
    assert [each["name"] for each in daemon.documents()] == ["app"]
    assert [each.getMessage() for each in caplog.records] == [f"sending app to 127.0.0.1:{daemon.port}"]


class Storage:
    """Any object that keeps attributes."""


class OneForAll(Context):
    """A context with a storage of its own: everything hangs below one segment, whatever thread it is in."""

    def __init__(self, context_missing: str = "RUNTIME_ERROR") -> None:
        super().__init__(context_missing)
        self._local = Storage()


def test_a_context_with_a_storage_of_its_own(traced: Traced) -> None:
    context = OneForAll()
    xray_recorder.configure(context=context)

    def work() -> None:
        with xray_recorder.in_subsegment("in thread"):
            pass

    with xray_recorder.in_segment("app") as current:
        assert context._local.entities == [current]
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert [outline(each) for each in traced()] == [("app", ["in thread"])]


def test_an_async_context_is_accepted_wherever_it_is_made(traced: Traced) -> None:
    async def main() -> None:
        xray_recorder.configure(context=AsyncContext(loop=asyncio.get_running_loop()))
        async with xray_recorder.in_segment_async("app"):
            await asyncio.gather(ask_prices(["lamp"]), ask_prices(["rug"]))

    asyncio.run(main())
    part = ("ask prices", ["price of lamp"])
    assert [outline(each) for each in traced()] == [("app", [part, part])]


class AtOnce(DefaultStreaming):
    """Lets everything leave as soon as it has ended."""

    def is_eligible(self, segment: Any) -> bool:
        return bool(segment.sampled)


class Never:
    """Lets nothing leave, and has nothing of ours."""

    streaming_threshold = 0

    def is_eligible(self, segment: Any) -> bool:
        return False

    def stream(self, entity: Any, callback: Any) -> None:
        raise AssertionError("not asked for")


@pytest.mark.parametrize(
    ("streaming", "expected"), [(AtOnce(), ["one", "two", "app"]), (Never(), [("app", ["one", "two"])])]
)
def test_streaming_of_ones_own(streaming: Any, expected: list[Any], traced: Traced) -> None:
    xray_recorder.configure(streaming=streaming)
    with xray_recorder.in_segment("app"):
        for name in ("one", "two"):
            with xray_recorder.in_subsegment(name):
                pass
    assert [outline(each) for each in traced()] == expected


def test_a_recorder_of_ones_own(daemon: Daemon) -> None:
    recorder = AWSXRayRecorder()
    recorder.configure(service="own", sampling=False, context=Context(), daemon_address=daemon.address)
    with recorder.in_segment() as current, recorder.in_subsegment("part"):
        assert recorder.current_segment() is current
        assert xray_recorder.context.peek() is None
    assert [outline(each) for each in daemon.documents()] == [("own", ["part"])]


def test_the_daemons_addresses_are_read_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*arguments: str) -> tuple[str, int, str, int]:
        config = DaemonConfig(*arguments)
        return config.tcp_ip, config.tcp_port, config.udp_ip, config.udp_port

    assert read() == ("127.0.0.1", 2000, "127.0.0.1", 2000)
    assert read("10.0.0.1:3000") == ("10.0.0.1", 3000, "10.0.0.1", 3000)
    assert read("tcp:10.0.0.1:3000 udp:10.0.0.2:4000") == ("10.0.0.1", 3000, "10.0.0.2", 4000)
    assert read("udp:10.0.0.2:4000 tcp:10.0.0.1:3000") == ("10.0.0.1", 3000, "10.0.0.2", 4000)
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "10.0.0.3:5000")
    assert read("10.0.0.1:3000") == ("10.0.0.3", 5000, "10.0.0.3", 5000)
