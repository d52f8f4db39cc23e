"""Code as users write it, type-checked by `make check` and never run.

Each `type: ignore` below is a call that must be an error: mypy also complains about one that is not needed, so a
decorator that loses its function's signature fails the check.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
from aiohttp import web
from flask import Flask

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import AWSXRayRecorder, patch, patch_all, xray_recorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.core.async_recorder import AsyncAWSXRayRecorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.entity import Entity
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.sampling.local.sampler import LocalSampler
from aws_xray_sdk.ext.aiohttp.client import aws_xray_trace_config
from aws_xray_sdk.ext.aiohttp.middleware import middleware
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware

if sys.version_info >= (3, 11):
    from typing import assert_type
else:
    from typing_extensions import assert_type

assert_type(xray_recorder, AsyncAWSXRayRecorder)


# Setting up


class CollectingEmitter(UDPEmitter):
    """An emitter of the user's own."""

    def __init__(self) -> None:
        super().__init__(daemon_address="127.0.0.1:3000")
        self.documents: list[str] = []

    def send_entity(self, entity: Entity) -> None:
        document = entity.serialize()
        if document is not None:
            self.documents.append(document)
        super().send_entity(entity)


def set_up() -> None:
    rules: dict[str, Any] = {"version": 2, "default": {"fixed_target": 1, "rate": 0.1}, "rules": []}
    xray_recorder.configure(service="shop")
    xray_recorder.configure(
        sampling=True,
        sampling_rules=rules,
        plugins=("EC2Plugin", "ECSPlugin"),
        context_missing="LOG_ERROR",
        daemon_address="127.0.0.1:3000",
        dynamic_naming="*.example.com",
        streaming_threshold=10,
        max_trace_back=20,
        stream_sql=False,
    )
    xray_recorder.configure(sampling_rules="/etc/shop/sampling.json", context=AsyncContext())
    xray_recorder.configure(context=Context(context_missing="IGNORE_ERROR"), emitter=CollectingEmitter())
    xray_recorder.configure(sampling=False, sampler=LocalSampler(rules))
    patch_all()
    patch_all(double_patch=True)
    patch(["requests", "sqlite3"])
    patch(("botocore",), raise_errors=False, ignore_module_patterns=["vendor.*"])
    global_sdk_config.set_sdk_enabled(False)
    assert_type(global_sdk_config.sdk_enabled(), bool)


def set_up_another(recorder: AWSXRayRecorder) -> AWSXRayRecorder:
    recorder.configure(service="other", emitter=CollectingEmitter(), context=Context())
    return recorder


# Decorators keep what they decorate


@xray_recorder.capture("price")
def price(item: str, *, quantity: int = 1) -> float:
    return len(item) * float(quantity)


@xray_recorder.capture()
def rows(count: int) -> Iterator[int]:
    yield from range(count)


@xray_recorder.capture_async("load")
async def load(key: str) -> bytes:
    return key.encode()


@xray_recorder.capture_async()
async def pages(first: int, last: int) -> AsyncIterator[str]:
    for number in range(first, last):
        yield str(number)


class Basket:
    def __init__(self, owner: str) -> None:
        self.owner = owner

    @xray_recorder.capture("total")
    def total(self, currency: str) -> float:
        return float(len(self.owner + currency))

    @classmethod
    @xray_recorder.capture("of")
    def of(cls, owner: str) -> Basket:
        return cls(owner)

    @staticmethod
    @xray_recorder.capture("limit")
    def limit(kind: str) -> int:
        return len(kind)

    @xray_recorder.capture("all_of")
    @classmethod
    def all_of(cls, owners: list[str]) -> list[Basket]:
        return [cls(owner) for owner in owners]

    @xray_recorder.capture("largest")
    @staticmethod
    def largest(kinds: list[str]) -> str:
        return max(kinds)

    @xray_recorder.capture_async("save")
    async def save(self, retries: int = 3) -> bool:
        return retries > 0

    @property
    @xray_recorder.capture("size")
    def size(self) -> int:
        return len(self.owner)


async def decorated() -> None:
    assert_type(price("book", quantity=2), float)
    assert_type(rows(3), Iterator[int])
    assert_type(await load("key"), bytes)
    assert_type(pages(1, 2), AsyncIterator[str])
    async for page in pages(1, 2):
        assert_type(page, str)

    basket = Basket.of("ada")
    assert_type(basket, Basket)
    assert_type(basket.total("EUR"), float)
    assert_type(Basket.limit("gold"), int)
    assert_type(Basket.all_of(["ada"]), list[Basket])
    assert_type(basket.largest(["gold"]), str)
    assert_type(await basket.save(retries=1), bool)
    assert_type(basket.size, int)

    price(1)  # type: ignore[arg-type]
    price("book", 2)  # type: ignore[call-arg]
    rows("three")  # type: ignore[arg-type]
    await load()  # type: ignore[call-arg]
    pages(1)  # type: ignore[call-arg]
    basket.total()  # type: ignore[call-arg]
    Basket.of(7)  # type: ignore[arg-type]
    Basket.limit(7)  # type: ignore[arg-type]
    Basket.all_of("ada")  # type: ignore[arg-type]
    Basket.largest()  # type: ignore[call-arg]
    await basket.save(retries="no")  # type: ignore[arg-type]


# Blocks


def blocks() -> int:
    with xray_recorder.in_segment("shop") as segment:
        assert_type(segment, Segment)
        segment.put_annotation("order.id", 7)
        segment.set_user("ada")
        with xray_recorder.in_subsegment("checkout", namespace="remote") as subsegment:
            assert_type(subsegment, Subsegment)
            subsegment.put_annotation("paid", True)
            subsegment.put_metadata("basket", {"items": [1, 2]}, "shop")
            subsegment.namespace = "aws"
    with xray_recorder.in_segment("shop", traceid="1-5759e988-bd862e3fe1be46a994272793", sampling=1):
        # A block that swallowed exceptions would make mypy miss a return here.
        return 1


async def async_blocks() -> int:
    async with xray_recorder.in_segment_async("shop") as segment:
        assert_type(segment, Segment)
        segment.put_http_meta("status", 200)
        async with xray_recorder.in_subsegment_async("checkout") as subsegment:
            assert_type(subsegment, Subsegment)
            subsegment.put_annotation("total", 9.5)
            return 1


# By hand


def by_hand(error: Exception) -> None:
    xray_recorder.begin_segment("shop", parent_id="70de5b6f19ff9a0a", sampling=1)
    xray_recorder.begin_subsegment("checkout", namespace="local")
    xray_recorder.put_annotation("customer", "ada")
    xray_recorder.put_annotation("count", 3)
    xray_recorder.put_annotation("total", 9.5)
    xray_recorder.put_annotation("paid", True)
    xray_recorder.put_metadata("order", object())
    xray_recorder.put_metadata("order", {"items": [1, 2]}, namespace="shop")
    assert_type(xray_recorder.is_sampled(), bool)

    subsegment = xray_recorder.current_subsegment()
    if subsegment is not None:
        subsegment.put_annotation("page", 1)
        subsegment.apply_status_code(404)
        subsegment.add_exception(error, [])
    xray_recorder.end_subsegment()

    segment = xray_recorder.current_segment()
    if segment is not None:
        segment.set_user("ada")
        segment.add_fault_flag()
        ids: list[str] = [segment.id, segment.trace_id]
        print(ids)
    xray_recorder.end_segment(end_time=1500000000.5)

    entity = xray_recorder.get_trace_entity()
    if entity is not None:
        xray_recorder.set_trace_entity(entity)
    xray_recorder.clear_trace_entities()


# Frameworks


def flask_application() -> Flask:
    app = Flask(__name__)
    xray_recorder.configure(service="my_app_name")
    XRayMiddleware(app, xray_recorder)
    return app


def aiohttp_application() -> web.Application:
    xray_recorder.configure(service="service_name", context=AsyncContext())
    return web.Application(middlewares=[middleware])


async def aiohttp_client(url: str) -> bytes:
    trace_config = aws_xray_trace_config(name="shop")
    assert_type(aws_xray_trace_config(), aiohttp.TraceConfig)
    async with aiohttp.ClientSession(trace_configs=[trace_config]) as session, session.get(url) as response:
        return await response.read()
