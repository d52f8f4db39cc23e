"""Calls a WSGI application as a server would, without the server."""

import io
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def environ(path: str) -> dict[str, Any]:
    """A GET request as a common server hands it over."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def getting(application: Application, path: str, body: bytes) -> Callable[[int], None]:
    """A program that gets `path` n times and insists on `body`."""
    template = environ(path)

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        if status != "200 OK":
            raise AssertionError(status)

    def program(n: int) -> None:
        for _ in range(n):
            response = application({**template, "wsgi.input": io.BytesIO()}, start_response)
            received = b"".join(response)
            if hasattr(response, "close"):
                response.close()
            if received != body:
                raise AssertionError(received)

    return program
