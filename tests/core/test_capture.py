"""``@xray_recorder.capture``: each call of any kind of function is a subsegment, and the function stays what it is."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from tests.core import Traced, outline, segment, subsegment


@xray_recorder.capture()
def plain(a: int, b: int = 2, *rest: int, key: str = "k", **more: int) -> tuple[Any, ...]:
    """Says what it was given."""
    return a, b, rest, key, more


@xray_recorder.capture("answer")
async def coroutine(value: int) -> int:
    await asyncio.sleep(0)
    return value


class Shop:
    @xray_recorder.capture()
    def method(self, price: int) -> tuple[Shop, int]:
        return self, price

    @staticmethod
    @xray_recorder.capture()
    def static_outside(price: int) -> int:
        return price

    @xray_recorder.capture()
    @staticmethod
    def static_inside(price: int) -> int:
        return price

    @classmethod
    @xray_recorder.capture()
    def class_outside(cls, price: int) -> tuple[type, int]:
        return cls, price

    @xray_recorder.capture()
    @classmethod
    def class_inside(cls, price: int) -> tuple[type, int]:
        return cls, price

    @xray_recorder.capture_async()
    async def async_method(self, price: int) -> tuple[Shop, int]:
        return self, price

    def __call__(self, price: int) -> int:
        return price


class Store(Shop):
    pass


@pytest.mark.usefixtures("fixed")
def test_each_call_is_a_subsegment_by_the_functions_name(traced: Traced) -> None:
    with xray_recorder.in_segment():
        assert plain(1, 3, 4, key="x", z=5) == (1, 3, (4,), "x", {"z": 5})
        assert plain(1) == (1, 2, (), "k", {})
    assert traced() == [segment(subsegment("plain"), subsegment("plain"))]


@pytest.mark.usefixtures("fixed")
def test_a_coroutine_is_recorded_until_it_returns(traced: Traced) -> None:
    async def main() -> int:
        async with xray_recorder.in_segment_async():
            return await coroutine(5)

    assert asyncio.run(main()) == 5
    assert traced() == [segment(subsegment("answer"))]


@pytest.mark.usefixtures("fixed")
def test_recursive_calls_nest(traced: Traced) -> None:
    @xray_recorder.capture()
    def countdown(n: int) -> int:
        return countdown(n - 1) + 1 if n else 0

    with xray_recorder.in_segment():
        assert countdown(2) == 2
    assert traced() == [segment(subsegment("countdown", subsegment("countdown", subsegment("countdown"))))]


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("static_outside", 7),
        ("static_inside", 7),
        ("class_outside", (Store, 7)),
        ("class_inside", (Store, 7)),
    ],
)
def test_static_and_class_methods_bind_as_without_it(traced: Traced, name: str, result: object) -> None:
    with xray_recorder.in_segment():
        assert getattr(Store, name)(7) == result
        assert getattr(Store(), name)(7) == result
    assert outline(*traced()) == ("app", [name, name])


def test_methods_bind_to_their_instance(traced: Traced) -> None:
    store = Store()
    with xray_recorder.in_segment():
        assert store.method(7) == (store, 7)
        assert Store.method(store, 7) == (store, 7)
        assert asyncio.run(store.async_method(7)) == (store, 7)
    assert outline(*traced()) == ("app", ["method", "method", "async_method"])


def test_bound_methods_partials_and_callable_objects_are_recorded(traced: Traced) -> None:
    shop = Shop()
    bound = xray_recorder.capture("bound")(shop.method)
    partial = xray_recorder.capture("partial")(functools.partial(plain, 1, key="p"))
    async_partial = xray_recorder.capture("async_partial")(functools.partial(coroutine, 3))
    callable_object = xray_recorder.capture()(shop)
    builtin = xray_recorder.capture()(len)
    with xray_recorder.in_segment():
        assert bound(1) == (shop, 1)
        assert partial() == (1, 2, (), "p", {})
        assert asyncio.run(async_partial()) == 3
        assert callable_object(4) == 4
        assert builtin("abc") == 3
    assert outline(*traced()) == (
        "app",
        [("bound", ["method"]), ("partial", ["plain"]), ("async_partial", ["answer"]), "Shop", "len"],
    )


def test_a_captured_class_stays_a_class() -> None:
    assert xray_recorder.capture()(Shop) is Shop


def test_a_function_keeps_name_documentation_and_signature() -> None:
    def bare(a: int, b: int = 2, *rest: int, key: str = "k", **more: int) -> tuple[Any, ...]:
        return ()

    assert inspect.signature(plain) == inspect.signature(bare)
    assert (plain.__name__, plain.__qualname__, plain.__module__) == ("plain", "plain", __name__)
    assert plain.__doc__ == "Says what it was given."
    assert list(inspect.signature(Shop.method).parameters) == ["self", "price"]
    assert list(inspect.signature(Shop().method).parameters) == ["price"]
    assert isinstance(inspect.getattr_static(Shop, "static_inside"), staticmethod)
    assert isinstance(inspect.getattr_static(Shop, "class_inside"), classmethod)


def _function() -> None: ...
async def _coroutine() -> None: ...
def _generator() -> Any:
    yield


async def _async_generator() -> Any:
    yield


@pytest.mark.parametrize("function", [_function, _coroutine, _generator, _async_generator])
def test_a_function_stays_of_its_kind(function: Callable[[], Any]) -> None:
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.isfunction,
        inspect.isroutine,
        asyncio.iscoroutinefunction,
    )
    captured = xray_recorder.capture()(function)
    assert [kind(captured) for kind in kinds] == [kind(function) for kind in kinds]


@pytest.mark.parametrize("kind", [xray_recorder.capture, xray_recorder.capture_async])
def test_both_decorators_take_functions_of_any_kind(traced: Traced, kind: Any) -> None:
    @kind("sync")
    def sync() -> int:
        return 1

    @kind("asynchronous")
    async def asynchronous() -> int:
        return 2

    with xray_recorder.in_segment():
        assert sync() == 1
        assert asyncio.run(asynchronous()) == 2
    assert outline(*traced()) == ("app", ["sync", "asynchronous"])


@pytest.mark.parametrize("block", [xray_recorder.in_subsegment, xray_recorder.in_subsegment_async])
@pytest.mark.usefixtures("fixed")
def test_the_context_managers_are_decorators_with_a_namespace(traced: Traced, block: Any) -> None:
    @block("db", namespace="remote")
    def query() -> int:
        return 1

    with xray_recorder.in_segment():
        assert query() == 1
    assert traced() == [segment(subsegment("db", namespace="remote"))]


def test_a_call_closes_what_its_code_left_open(traced: Traced) -> None:
    @xray_recorder.capture()
    def careless() -> None:
        xray_recorder.begin_subsegment("left open")

    with xray_recorder.in_segment() as root:
        careless()
        assert xray_recorder.get_trace_entity() is root
        xray_recorder.begin_subsegment("next")
        xray_recorder.end_subsegment()
    [document] = [each for each in traced() if each["name"] == "app"]
    assert [each["name"] for each in document["subsegments"]] == ["careless", "next"]


def test_without_a_segment_the_function_just_runs(caplog: pytest.LogCaptureFixture, traced: Traced) -> None:
    for _ in range(3):
        assert plain(1)[0] == 1
        assert asyncio.run(coroutine(1)) == 1
    assert traced() == []
    assert len(caplog.records) <= 2
