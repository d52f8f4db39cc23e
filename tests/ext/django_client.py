"""Requests to the application of tests.ext.django_app, as servers make them, and the documents that they leave.

No server is around Django here: what a WSGI and an ASGI server hand to it is put together by hand.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from wsgiref.util import FileWrapper, setup_testing_defaults

from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from django.urls import path as path_to

from tests.core import Document, entity_id, segment
from tests.ext import django_app

VIEWS = os.path.basename(django_app.__file__)


class Answer(NamedTuple):
    """What a client gets; `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes


Serve = Callable[..., Answer]


def serve_wsgi(path: str, method: str = "GET", **headers: str) -> Answer:
    """The answer to a request as a WSGI server makes it; `headers` by WSGI's names, without ``HTTP_``."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "wsgi.file_wrapper": FileWrapper,
        "wsgi.input": io.BytesIO(),
    }
    environ |= {f"HTTP_{name}": value for name, value in headers.items()}
    setup_testing_defaults(environ)
    started: list[Any] = []
    response = WSGIHandler()(environ, lambda *start: started.extend(start))
    try:
        body = b"".join(response)
    finally:
        response.close()
    return Answer(int(started[0][:3]), {name.lower(): value for name, value in started[1]}, body)


def serve_asgi(path: str, method: str = "GET", **headers: str) -> Answer:
    """The same as an ASGI server does it."""
    return asyncio.run(ask(path, method, None, **headers))


def scope_of(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """The scope of a request under ASGI."""
    given = {"host": "testserver", **{name.replace("_", "-").lower(): value for name, value in headers.items()}}
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80),
    }


class Handler(ASGIHandler):
    """Gives access to what Django leaves open when sending the answer fails."""

    async def read_body(self, receive: Any) -> Any:
        self.request_body = await super().read_body(receive)
        return self.request_body


async def ask(path: str, method: str = "GET", client: Client | None = None, **headers: str) -> Answer:
    """The same within a loop; `client` may leave early."""
    client = client or Client()
    handler = Handler()
    try:
        await handler(scope_of(path, method, **headers), client.receive, client.send)
    finally:
        handler.request_body.close()
    return client.answer()


class Client:
    """The server's side of a connection: gives one request without a body, and keeps what is sent."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[dict[str, Any]] = []
        self._requests: list[dict[str, Any]] = [{"type": "http.request", "body": b""}]

    async def receive(self) -> dict[str, Any]:
        if not self._requests:
            await self.leaves.wait()
            return {"type": "http.disconnect"}
        return self._requests.pop()

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def answer(self) -> Answer:
        """What was sent; status 0 if nothing was."""
        if not self.sent:
            return Answer(0, {}, b"")
        headers = {name.decode().lower(): value.decode() for name, value in self.sent[0]["headers"]}
        return Answer(self.sent[0]["status"], headers, b"".join(each.get("body", b"") for each in self.sent[1:]))


@contextmanager
def site(*views: Any) -> Iterator[None]:
    """Serve these views, each under its name."""
    patterns = [path_to(f"{view.__name__}/", view) for view in views]
    with override_settings(ROOT_URLCONF=type("Urls", (), {"urlpatterns": patterns})):
        yield


SERVERS: dict[str, Serve] = {"wsgi": serve_wsgi, "asgi": serve_asgi}


# -- documents


def served(path: str, *below: Document, status: int = 200, length: int | None = 5, **fields: Any) -> Document:
    """The document of a request whose answer has `length` bytes; `fields` may hold more on the request."""
    request = {
        "method": "GET",
        "url": f"http://testserver{path}",
        "client_ip": "127.0.0.1",
        **fields.pop("request", {}),
    }
    response = {"status": status} if length is None else {"status": status, "content_length": length}
    return segment(*below, http={"request": request, "response": response}, **fields)


def cause(number: int, *functions: Any) -> Document:
    """What is told of an exception, with the frames of these functions of the application."""
    stack = [frame(function) for function in functions]
    exception = {"id": entity_id(number), "message": "no such shelf", "type": "ValueError", "remote": False}
    return {"working_directory": os.getcwd(), "exceptions": [exception | {"stack": stack}]}


def frame(function: Any) -> Document:
    """The frame of a function with one line."""
    return {"path": VIEWS, "line": function.__code__.co_firstlineno + 1, "label": function.__name__}


def shortened(document: Document) -> Document:
    """`document` with the application's own frames only: Django's differ between its versions."""
    for exception in document["cause"]["exceptions"]:
        exception.pop("truncated", None)
        innermost = exception["stack"][-1]
        exception["stack"] = [each for each in exception["stack"] if each["path"] == VIEWS]
        assert exception["stack"][-1] is innermost
    return document
