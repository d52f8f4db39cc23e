"""Real servers on loopback for the sites of :mod:`tests.ext.sites`, and a client for them.

What a server runs is watched: a request counts as over when the server is done with it, not when the client has its
answer, so that tests look at traces without waiting; and whenever the server takes over, nothing may be current.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from http.client import HTTPConnection, IncompleteRead
from socketserver import ThreadingMixIn
from typing import Any, NamedTuple
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

import uvicorn
from aiohttp import web

from aws_xray_sdk.core import AsyncAWSXRayRecorder, xray_recorder
from aws_xray_sdk.core.context import Context
from tests.ext import sites
from tests.ext.sites import Application

USER_AGENT = "tests"

# As they are, also while tests break them.
_context: Any = AsyncAWSXRayRecorder.context
_peek = Context.peek


class Answer(NamedTuple):
    """What a client got; `headers` have lower-case names. `complete` is false when the connection broke off."""

    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool = True


class Watch:
    """What goes on in a server: requests that are not over, and what was current where nothing may be."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._going_on = 0
        self.left_current: list[Any] = []

    def look(self) -> None:
        """Note what is current while the server, and not the application, is at work."""
        current = _peek(_context.fget(xray_recorder))
        if current is not None:
            self.left_current.append(current)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Around all that a server does for a request."""
        self.look()
        with self._changed:
            self._going_on += 1
        try:
            yield
        finally:
            self.look()
            with self._changed:
                self._going_on -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Return when all requests are over."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._going_on, 20), "a request is not over"

    def wsgi(self, application: Application) -> Application:
        """`application`, watched."""

        def watched(environ: Any, start_response: Any) -> Iterator[bytes]:
            with self.request():
                body = application(environ, start_response)
                try:
                    for part in body:
                        self.look()
                        yield part
                finally:
                    if hasattr(body, "close"):
                        body.close()

        return watched

    def asgi(self, application: Application) -> Application:
        """The same for ASGI."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            async def look_and_send(message: Any) -> None:
                self.look()
                await send(message)

            with self.request():
                await application(scope, receive, look_and_send)

        return watched

    def aiohttp(self, application: web.Application) -> web.Application:
        """The same for an application of aiohttp's."""

        @web.middleware
        async def watched(request: web.Request, handler: Any) -> Any:
            with self.request():
                return await handler(request)

        application.middlewares.insert(0, watched)
        return application


class _OneRequest(ServerHandler):
    http_version = "1.1"
    length_is_known = False

    def send_headers(self) -> None:
        super().send_headers()
        headers: Any = getattr(self, "headers")  # noqa: B009 - unknown to the types of the standard library
        self.length_is_known = "Content-Length" in headers


class _Connection(WSGIRequestHandler):
    """Takes one request after the other, as servers in production do and the standard library's does not."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        self.close_connection = False
        while not self.close_connection:
            self.raw_requestline = self.rfile.readline(65_537)
            if not self.raw_requestline or not self.parse_request():
                return
            server: Any = self.server
            one = _OneRequest(self.rfile, self.wfile, self.get_stderr(), self.get_environ())  # type: ignore[arg-type]
            one.request_handler = self  # type: ignore[attr-defined]
            one.run(server.get_app())
            if not one.length_is_known:
                return  # the connection's end is the body's

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _WSGIServer(ThreadingMixIn, WSGIServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that left."""


@contextmanager
def wsgi_server(application: Application) -> Iterator[int]:
    """Serve `application` on the port that this gives; every request is over when the block ends."""
    server = _WSGIServer(("127.0.0.1", 0), _Connection)
    server.server_name = "127.0.0.1"  # not what the machine calls itself
    server.setup_environ()
    server.set_app(application)
    with _thread(lambda: server.serve_forever(0.01), server.shutdown), server:
        yield server.server_port


@contextmanager
def asgi_server(application: Application) -> Iterator[int]:
    """The same for ASGI, by uvicorn."""
    config = uvicorn.Config(
        application, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with _listen() as listening, _thread(lambda: server.run([listening]), lambda: setattr(server, "should_exit", True)):
        yield listening.getsockname()[1]


@contextmanager
def aiohttp_server(application: web.Application) -> Iterator[int]:
    """The same for an application of aiohttp's, in a loop of its own."""
    ended = asyncio.Event()
    loop: list[asyncio.AbstractEventLoop] = []
    listening = _listen()

    async def serve() -> None:
        loop.append(asyncio.get_running_loop())
        async with running(application, listening):
            started.set()
            await ended.wait()

    started = threading.Event()
    with _thread(lambda: asyncio.run(serve()), lambda: loop[0].call_soon_threadsafe(ended.set)):
        assert started.wait(20)
        yield listening.getsockname()[1]


@asynccontextmanager
async def running(
    application: web.Application, listening: socket.socket | None = None, **options: Any
) -> AsyncIterator[int]:
    """Serve an application of aiohttp's in the running loop, on the port that this gives."""
    listening = listening or _listen()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0, **options)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield listening.getsockname()[1]
    finally:
        await runner.cleanup()


def _listen() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    return listening


@contextmanager
def _thread(run: Callable[[], Any], stop: Callable[[], Any]) -> Iterator[None]:
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join()


Server = Callable[[Application], AbstractContextManager[int]]


class Site:
    """A site of a framework, while it is served."""

    def __init__(self, name: str, port: int, watch: Watch) -> None:
        self.name = name
        self.port = port
        self.watch = watch
        # Its server answers for exceptions outside of the application, and sends headers before a middleware is done.
        self.is_aiohttp = name == "aiohttp"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def asked(self, path: str, **more: Any) -> dict[str, Any]:
        """The ``request`` part of the document of a request by this module's client."""
        return {"method": "GET", "url": self.url(path), "client_ip": "127.0.0.1", "user_agent": USER_AGENT, **more}

    def http(self, path: str, answer: Answer, **more: Any) -> dict[str, Any]:
        """The http block of a request that got an answer of known length."""
        response = {"status": answer.status, "content_length": len(answer.body)}
        return {"request": self.asked(path, **more), "response": response}

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """The answer to a request of its own connection; `headers` with ``_`` for ``-``. The request is over then."""
        connection = self.connect()
        try:
            return ask(connection, path, method, **headers)
        finally:
            connection.close()
            self.watch.settle()

    def send(self, request: bytes) -> bytes:
        """All that comes back for the bytes of a request, which the server must answer and close."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall(request)
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        self.watch.settle()
        return received

    def connect(self) -> HTTPConnection:
        """A connection that is kept for several requests."""
        return HTTPConnection("127.0.0.1", self.port, timeout=20)


def ask(connection: HTTPConnection, path: str, method: str = "GET", **headers: str) -> Answer:
    """The answer to a request of `connection`."""
    given = {"User-Agent": USER_AGENT, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, headers=given)
    response = connection.getresponse()
    try:
        body, complete = response.read(), True
    except (IncompleteRead, ConnectionError) as error:
        body, complete = getattr(error, "partial", b""), False
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body, complete)


SITES: dict[str, tuple[Callable[[bool], Application], Callable[[Watch], Any], Server]] = {
    "flask": (sites.flask_site, lambda watch: watch.wsgi, wsgi_server),
    "django": (sites.django_wsgi_site, lambda watch: watch.wsgi, wsgi_server),
    "django-asgi": (sites.django_asgi_site, lambda watch: watch.asgi, asgi_server),
    "django-asgi-sync": (sites.django_asgi_site_with_sync_views, lambda watch: watch.asgi, asgi_server),
    "aiohttp": (sites.aiohttp_site, lambda watch: watch.aiohttp, aiohttp_server),
}


@contextmanager
def serve(name: str, traced: bool = True) -> Iterator[Site]:
    """Serve one of the sites, traced or as it is without the SDK."""
    make, watched, server = SITES[name]
    watch = Watch()
    with server(watched(watch)(make(traced))) as port:
        yield Site(name, port, watch)
