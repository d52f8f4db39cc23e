"""aiohttp's server: each request is a segment, also of websockets and streamed answers."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from aiohttp import web

from ...core import xray_recorder
from ...core.models import http
from .._serve import Incoming, Served

# The request that is being served here. Asking the request itself would cost an exception in each one.
_served: ContextVar[web.Request | None] = ContextVar("aws_xray_sdk.aiohttp.served", default=None)


@web.middleware
async def middleware(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Record the requests of an application; comes first in ``web.Application(middlewares=[...])``."""
    if _served.get() is request:
        return await handler(request)  # in a sub-application, which has the middleware too
    _served.set(request)
    served = Served(xray_recorder, _describe, request)
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        _answer(served, answer)
        raise
    except BaseException as error:
        if not _is_of_a_client_that_left(error, request):
            served.break_off(error)
        raise
    else:
        _answer(served, response)
        return response
    finally:
        served.close()
        _served.set(None)


def _describe(request: web.Request) -> Incoming:
    headers = request.headers
    return Incoming(
        request.method,
        request.scheme,
        headers.get("Host") or _local_address(request),
        request.rel_url.raw_path,
        headers.get(http.XRAY_HEADER),
        headers.get("User-Agent"),
        headers.get("X-Forwarded-For"),
        request.remote,
    )


def _answer(served: Served, response: Any) -> None:
    served.respond(response.status, response.content_length)
    if served.answer_header is not None and not response.prepared:
        response.headers[http.XRAY_HEADER] = served.answer_header


def _is_of_a_client_that_left(error: BaseException, request: web.Request) -> bool:
    """Whether `error` says that a part of the answer could not be sent because nobody is there: no fault."""
    transport = request.transport
    return isinstance(error, ConnectionError) and (transport is None or transport.is_closing())


def _local_address(request: web.Request) -> str | None:
    """The address that a request without a Host header (HTTP/1.0) was sent to."""
    name = request.transport.get_extra_info("sockname") if request.transport is not None else None
    return f"{name[0]}:{name[1]}" if isinstance(name, tuple) else None
