"""Helpers that integrations share, and that applications with integrations of their own call."""

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from ..core._guard import swallow
from ..core.models import http
from ..core.models.trace_header import TraceHeader
from ..sdk_config import SDKConfig

UNKNOWN_HOSTNAME = "UNKNOWN HOST"
UNKNOWN_SERVICE = "unknown_service"


def is_recording(recorder: Any) -> bool:
    """Whether there is something that new work hangs below; a missing segment is nobody's mistake here."""
    try:
        return recorder.peek() is not None
    except Exception as error:
        swallow(error)
        return False


def inject_trace_header(headers: MutableMapping[str, Any], entity: Any) -> None:
    """Put the trace header into the `headers` of a call that `entity` (usually a remote subsegment) makes.

    It carries on what the request came with: the caller's trace id, also where nothing is recorded, and parts such
    as ``Lineage``.
    """
    if entity is not None and SDKConfig.enabled:
        headers[http.XRAY_HEADER] = outgoing_header(entity)


def outgoing_header(entity: Any) -> str:
    """The trace header's text for a call that `entity` makes."""
    segment = entity.owner()
    origin = segment.get_origin_trace_header()
    is_sampled = segment.sampled and entity.sampled
    parent = entity.id if is_sampled else segment.parent_id or entity.id
    if origin is None or origin.data is None:
        return f"Root={segment.trace_id};Parent={parent};Sampled={1 if is_sampled else 0}"
    return TraceHeader(segment.trace_id, parent, 1 if is_sampled else 0, origin.data).to_header_str()


def construct_xray_header(headers: Mapping[str, Any]) -> TraceHeader:
    """The trace header of a request, from its headers or its WSGI environment; empty if there is none."""
    return TraceHeader.from_header_str(headers.get(http.XRAY_HEADER) or headers.get(http.ALT_XRAY_HEADER))


def calculate_sampling_decision(trace_header: TraceHeader, recorder: Any, sampling_req: dict[str, Any]) -> Any:
    """Whether to record a request: what the caller decided, else what the sampler says (a text names its rule)."""
    if trace_header.sampled in (0, 1):
        return trace_header.sampled
    return recorder.ask_sampler(sampling_req) if recorder.sampling else 1


def calculate_segment_name(host_name: str | None, recorder: Any) -> str | None:
    """The name for a request to `host_name`: by dynamic naming where that is configured, else the service's."""
    naming = recorder.dynamic_naming
    name = naming.get_name(host_name) if naming else None
    return name or recorder.service or None


def prepare_response_header(origin_header: TraceHeader | None, segment: Any) -> str:
    """The trace header of a response: the trace id, and the decision where the caller asked for it."""
    if origin_header is not None and origin_header.sampled == "?":
        return TraceHeader(segment.trace_id, None, 1 if segment.sampled else 0).to_header_str()
    return f"Root={segment.trace_id}"


def get_hostname(url: str | None) -> str:
    """The host in `url`, without port; ``UNKNOWN HOST`` if there is none."""
    try:
        return (urlsplit(url).hostname if url else None) or UNKNOWN_HOSTNAME
    except ValueError:
        return UNKNOWN_HOSTNAME


def strip_url(url: str) -> str:
    """`url` without query, fragment and what may be secret: user and password."""
    base = url.partition("?")[0].partition("#")[0] if url else url
    scheme, separator, rest = base.partition("://") if base else ("", "", "")
    if not separator or "@" not in rest.partition("/")[0]:
        return base
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def unwrap(obj: Any, attr: str) -> None:
    """Put back what stood at ``obj.attr`` before it was wrapped."""
    wrapped = getattr(getattr(obj, attr, None), "__wrapped__", None)
    if wrapped is not None:
        setattr(obj, attr, wrapped)
