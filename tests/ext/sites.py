"""One small site, written for each framework: the same paths give the same answers, and the same traces.

``/page`` (a template), ``/parts`` (a body of any length) and what fails touch nothing of the SDK, so that they work
while it is broken.
"""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import flask
from aiohttp import web
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.test import override_settings
from django.urls import path
from jinja2 import DictLoader

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.aiohttp.middleware import middleware
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from aws_xray_sdk.ext.util import inject_trace_header
from tests.ext import django_app

Application = Any
"""What a server serves: a WSGI or ASGI callable, or an application of aiohttp's."""


class Gate:
    """Keeps requests inside until as many are as a test expects, so that they overlap for certain."""

    def __init__(self) -> None:
        self.expect(1)

    def expect(self, requests: int) -> None:
        """Let the next pass when `requests` are inside."""
        self._threads = threading.Barrier(requests)
        self._requests = requests
        self._inside = 0
        self._open = asyncio.Event()

    def wait(self) -> None:
        """Wait inside, in a thread."""
        self._threads.wait(20)

    async def wait_async(self) -> None:
        """Wait inside, in a task."""
        self._inside += 1
        if self._inside == self._requests:
            self._inside, opened, self._open = 0, self._open, asyncio.Event()
            opened.set()
        else:
            await asyncio.wait_for(self._open.wait(), 20)


gate = Gate()


# -- what the sites do, whatever they are written with


def fail() -> None:
    raise ValueError("the shelf broke")


def forward() -> str:
    """The trace header of a call that the request makes."""
    headers: dict[str, str] = {}
    with xray_recorder.in_subsegment("call", "remote") as subsegment:
        inject_trace_header(headers, subsegment)
    return headers["X-Amzn-Trace-Id"]


def untidy(how: str) -> str:
    if how == "end":
        xray_recorder.end_segment()
    elif how == "clear":
        xray_recorder.clear_trace_entities()
    else:
        xray_recorder.begin_subsegment("left open")
    return how


def tree(number: int) -> str:
    with xray_recorder.in_subsegment(f"outer {number}"):
        gate.wait()
        with xray_recorder.in_subsegment(f"inner {number}"):
            return str(number)


async def tree_async(number: int) -> str:
    async with xray_recorder.in_subsegment_async(f"outer {number}"):
        await gate.wait_async()
        async with xray_recorder.in_subsegment_async(f"inner {number}"):
            return str(number)


def stream(how: str = "whole") -> Iterator[bytes]:
    """A body whose parts are made while it is sent, in subsegments that are open over a part."""
    with xray_recorder.in_subsegment("body"):
        for number in range(2):
            with xray_recorder.in_subsegment(f"part {number}"):
                yield b"part %d;" % number
        if how == "broken":
            fail()


async def stream_async(how: str = "whole") -> AsyncIterator[bytes]:
    async with xray_recorder.in_subsegment_async("body"):
        for number in range(2):
            async with xray_recorder.in_subsegment_async(f"part {number}"):
                await asyncio.sleep(0)
                yield b"part %d;" % number
        if how == "broken":
            fail()


def parts(times: int = 1) -> Iterator[bytes]:
    for _ in range(times):
        yield b"one;"
        yield b"two;" * 10_000


async def parts_async(times: int = 1) -> AsyncIterator[bytes]:
    for part in parts(times):
        await asyncio.sleep(0)
        yield part


# -- Flask


def flask_site(traced: bool) -> flask.Flask:
    """The site with Flask."""
    app = flask.Flask("site")
    app.jinja_loader = DictLoader(django_app.TEMPLATES)
    if traced:
        XRayMiddleware(app, xray_recorder)
    rules: dict[str, Callable[..., Any]] = {
        "/hello": lambda: "hello",
        "/forbidden": lambda: flask.abort(403),
        "/broken": fail,
        "/forward": forward,
        "/untidy/<how>": untidy,
        "/tree/<int:number>": tree,
        "/stream/<how>": lambda how: flask.Response(stream(how)),
        "/parts/<int:times>": lambda times: flask.Response(parts(times)),
        "/page": lambda: flask.render_template("part.html", name="you"),
    }
    for rule, view in rules.items():
        app.add_url_rule(rule, rule, view)
    return app


# -- Django


def _answering(function: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
    def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        return _response(request, function(**arguments))

    return view


def _answering_async(function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    async def view(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        result = function(**arguments)
        return _response(request, await result if asyncio.iscoroutine(result) else result)

    return view


def _response(request: HttpRequest, result: Any) -> HttpResponseBase:
    if isinstance(result, str):
        return render(request, result, {"name": "you"}) if result.endswith(".html") else HttpResponse(result)
    return StreamingHttpResponse(result)


def _forbid() -> None:
    raise PermissionDenied


class _Routes:
    """What Django calls a URLconf, with error pages that are no templates."""

    handler403 = staticmethod(lambda request, exception: HttpResponse("forbidden", status=403))
    handler404 = staticmethod(lambda request, exception: HttpResponse("not found", status=404))
    handler500 = staticmethod(lambda request: HttpResponse("broken", status=500))

    def __init__(self, answering: Any, stream: Any, parts: Any, tree: Any) -> None:
        functions: dict[str, Callable[..., Any]] = {
            "hello": lambda: "hello",
            "forbidden": _forbid,
            "broken": fail,
            "forward": forward,
            "untidy/<how>": untidy,
            "tree/<int:number>": tree,
            "stream/<how>": stream,
            "parts/<int:times>": parts,
            "page": lambda: "part.html",
        }
        self.urlpatterns = [path(route, answering(function)) for route, function in functions.items()]


class _WSGI(WSGIHandler):
    routes = _Routes(_answering, stream, parts, tree)

    def get_response(self, request: HttpRequest) -> Any:
        request.urlconf = self.routes
        return super().get_response(request)


class _ASGI(ASGIHandler):
    routes = _Routes(_answering_async, stream_async, parts_async, tree_async)

    async def get_response_async(self, request: HttpRequest) -> Any:
        request.urlconf = self.routes
        return await super().get_response_async(request)

    async def read_body(self, receive: Any) -> Any:
        await receive()
        return io.BytesIO()  # Django leaves its own open when an answer breaks off


class _ASGIWithSyncViews(_ASGI):
    routes = _Routes(_answering, stream_async, parts_async, tree)


def _django(handler: type, traced: bool) -> Application:
    # Django says the length of an answer only by a middleware of its own.
    middlewares = [django_app.XRAY] * traced + ["django.middleware.common.CommonMiddleware"]
    with override_settings(MIDDLEWARE=middlewares):
        return handler()


def django_wsgi_site(traced: bool) -> Application:
    """The site with Django, under WSGI."""
    return _django(_WSGI, traced)


def django_asgi_site(traced: bool) -> Application:
    """The site with Django, under ASGI, with asynchronous views."""
    return _django(_ASGI, traced)


def django_asgi_site_with_sync_views(traced: bool) -> Application:
    """The site with Django, under ASGI, with views that run in threads."""
    return _django(_ASGIWithSyncViews, traced)


# -- aiohttp


def aiohttp_site(traced: bool) -> web.Application:
    """The site with aiohttp."""
    app = web.Application(middlewares=[middleware] if traced else [])
    handlers: dict[str, Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]] = {
        "/hello": _hello,
        "/forbidden": _forbidden,
        "/broken": _broken,
        "/forward": _forward,
        "/untidy/{how}": _untidy,
        "/tree/{number}": _tree,
        "/stream/{how}": _stream,
        "/parts/{times}": _parts,
        "/page": _page,
    }
    for route, handler in handlers.items():
        app.router.add_get(route, handler)
    return app


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _forbidden(request: web.Request) -> web.Response:
    raise web.HTTPForbidden


async def _broken(request: web.Request) -> web.Response:
    fail()
    raise AssertionError


async def _forward(request: web.Request) -> web.Response:
    return web.Response(text=forward())


async def _untidy(request: web.Request) -> web.Response:
    return web.Response(text=untidy(request.match_info["how"]))


async def _tree(request: web.Request) -> web.Response:
    return web.Response(text=await tree_async(int(request.match_info["number"])))


async def _stream(request: web.Request) -> web.StreamResponse:
    return await _send(request, stream_async(request.match_info["how"]))


async def _parts(request: web.Request) -> web.StreamResponse:
    return await _send(request, parts_async(int(request.match_info["times"])))


async def _send(request: web.Request, body: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    async for part in body:
        await response.write(part)
    return response


async def _page(request: web.Request) -> web.Response:
    return web.Response(text="<hello you>")
