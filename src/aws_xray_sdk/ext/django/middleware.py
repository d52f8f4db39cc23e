"""Django: each request is a segment, under WSGI and ASGI, with sync and async views."""

import sys
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings as django_settings
from django.core.signals import got_request_exception
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path

from ...core import xray_recorder
from ...core.models import http
from .._serve import Incoming, Served
from .conf import settings

_KEY = "aws_xray_served"  # an attribute of the request: META is shown and sent to others in reports of errors


class XRayMiddleware:
    """Records the requests that Django serves; comes first in ``MIDDLEWARE``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        got_request_exception.connect(_remember, dispatch_uid="aws_xray_sdk.ext.django")

    def __call__(self, request: HttpRequest) -> Any:
        if self._is_async:
            return self._serve_async(request)
        served = _begin(request)
        try:
            response = self.get_response(request)
        except BaseException as error:
            served.break_off(error)
            raise
        return _end(request, served, response)

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        served = _begin(request)
        try:
            response = await self.get_response(request)
        except BaseException as error:
            served.break_off(error)
            raise
        return _end(request, served, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember what a view raised; it is recorded if nobody turns it into an answer below 500."""
        served: Served | None = getattr(request, _KEY, None)
        if served is not None:
            served.fail(exception)


def _begin(request: HttpRequest) -> Served:
    served = Served(xray_recorder, _describe, request)
    setattr(request, _KEY, served)
    return served


def _describe(request: HttpRequest) -> Incoming:
    meta = request.META
    forwarded_host = meta.get("HTTP_X_FORWARDED_HOST")
    if forwarded_host is not None and not django_settings.USE_X_FORWARDED_HOST:
        forwarded_host = None
    # Django has put decoded text where WSGI has bytes as Latin-1.
    path = None if request.path.isascii() else escape_uri_path(request.path)
    return Incoming.of_environ(meta, request.scheme, forwarded_host, path)


def _end(request: HttpRequest, served: Served, response: HttpResponseBase) -> HttpResponseBase:
    setattr(request, _KEY, None)
    if served.segment is None:
        return response
    if served.answer_header is not None:
        response.headers[http.XRAY_HEADER] = served.answer_header
    content = None if response.streaming else getattr(response, "content", None)
    length = response.headers.get("Content-Length") if content is None else len(content)
    served.respond(response.status_code, length)
    if settings.URLS_AS_ANNOTATION == "ALL":
        served.annotate()
    if not response.streaming:
        served.close()
        return response
    _close_with(served, response)
    if isinstance(response, FileResponse):
        served.pause()  # its body may be sent by the system, so it is left as it is
    else:
        _stream(served, response)
    return response


def _stream(served: Served, response: Any) -> None:
    content = response.streaming_content
    response.streaming_content = served.during_async(content) if response.is_async else served.during(content)


def _close_with(served: Served, response: Any) -> None:
    """End the request with the response, and what the response closes within the request."""
    close = response.close

    def close_both() -> None:
        served.resume()
        try:
            close()
        finally:
            served.close()

    response.close = close_both


def _remember(*, request: HttpRequest | None = None, **_: Any) -> None:
    """Remember what Django turned into an answer of its own, wherever it was raised."""
    served: Served | None = getattr(request, _KEY, None)
    error = sys.exc_info()[1]
    if served is not None and error is not None:
        served.fail(error)
