"""aiohttp's client: each request is a subsegment, its redirects included."""

from types import SimpleNamespace
from typing import Any

import aiohttp

from ...core import xray_recorder
from ...core._guard import swallow
from ...core._scope import enter, leave
from ...core.models.http import XRAY_HEADER, HttpBlock
from ...sdk_config import SDKConfig
from ..util import UNKNOWN_HOSTNAME, outgoing_header


def aws_xray_trace_config(name: str | None = None) -> aiohttp.TraceConfig:
    """A trace configuration for ``aiohttp.ClientSession(trace_configs=[...])``.

    Requests are recorded under `name`, or the host's name; outside a segment they pass unrecorded.
    """

    async def begin(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        call.subsegment = None
        if not SDKConfig.enabled:
            return
        url = params.url
        call.subsegment = subsegment = enter(xray_recorder, name or url.host or UNKNOWN_HOSTNAME, "remote")
        if subsegment is None:
            return
        try:
            if subsegment.sampled:
                subsegment.http = HttpBlock(params.method, _text(url))
            params.headers[XRAY_HEADER] = outgoing_header(subsegment)
        except Exception as error:
            swallow(error)

    async def end(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        subsegment = call.subsegment
        if subsegment is not None:
            _answer(subsegment, params.response.status, params.response.content_length)
            leave(xray_recorder, subsegment)

    async def fail(session: aiohttp.ClientSession, call: SimpleNamespace, params: Any) -> None:
        subsegment, error = call.subsegment, params.exception
        status = error.status if isinstance(error, aiohttp.ClientResponseError) else 0
        if subsegment is not None and status >= 400:
            # raise_for_status: the call was answered, and its status says how it went.
            _answer(subsegment, status)
            error = None
        leave(xray_recorder, subsegment, error)

    config = aiohttp.TraceConfig()
    config.on_request_start.append(begin)
    config.on_request_end.append(end)
    config.on_request_exception.append(fail)
    return config


def _answer(subsegment: Any, status: int, length: int | None = None) -> None:
    try:
        if subsegment.sampled:
            subsegment.answer(status, length)
    except Exception as error:
        swallow(error)


def _text(url: Any) -> str:
    """`url` without user, password, query and fragment."""
    host, port = url.raw_host, url.explicit_port
    if ":" in host:
        host = f"[{host}]"
    return f"{url.scheme}://{host}{f':{port}' if port else ''}{url.raw_path}"
