"""aiohttp's client: each request is a subsegment, its redirects included."""

from types import SimpleNamespace
from typing import Any

import aiohttp

from ...core import xray_recorder
from ...core._guard import swallow
from ...core._scope import enter, leave
from ..util import get_hostname, inject_trace_header, strip_url


def aws_xray_trace_config(name: str | None = None) -> aiohttp.TraceConfig:
    """A trace configuration for ``aiohttp.ClientSession(trace_configs=[...])``.

    Requests are recorded under `name`, or the host's name; outside a segment they pass unrecorded.
    """

    async def begin(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        call.subsegment = None
        url = str(params.url)
        subsegment = enter(xray_recorder, name or get_hostname(url), "remote")
        if subsegment is None:
            return
        call.subsegment = subsegment
        try:
            if subsegment.sampled:
                subsegment.http = {"request": {"method": params.method, "url": strip_url(url)}}
            inject_trace_header(params.headers, subsegment)
        except Exception as error:
            swallow(error)

    async def end(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        subsegment = call.subsegment
        if subsegment is None:
            return
        try:
            subsegment.put_http_meta("status", params.response.status)
            subsegment.put_http_meta("content_length", params.response.content_length)
        except Exception as error:
            swallow(error)
        leave(xray_recorder, subsegment)

    async def fail(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        subsegment, error = call.subsegment, params.exception
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else 0
        if subsegment is not None and status >= 400:
            # raise_for_status: the call was answered, and its status says how it went.
            subsegment.put_http_meta("status", status)
            error = None
        leave(xray_recorder, subsegment, error)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(begin)
    config.on_request_end.append(end)
    config.on_request_exception.append(fail)
    return config
