"""Entities as documents: the one place that knows what goes over the wire.

The text is put together directly; a generic encoder spends most of its time on finding out what is known here. Text
is ASCII, so that its length is its size in bytes.
"""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

from ._names import name_text, name_texts
from ._values import block_text, text_of
from .http import HttpBlock
from .throwable import cause_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .entity import Entity
    from .subsegment import Subsegment

_LOCAL = '"local"'


def document(entity: Entity) -> str:
    """The document of `entity` with all that hangs below it."""
    text = _segment(entity) if entity.type is None else opening(entity)
    return _with_children(entity, text) if entity._children else text + "}"


def opening(entity: Entity) -> str:
    """The document without the subsegments and the closing brace."""
    if entity.type == "subsegment":
        return _subsegment(entity, _links(entity.parent_id, entity.trace_id))
    return _segment(entity)


def stub(child: Subsegment) -> str:
    """The opening of a subsegment that stands as in progress, because it will leave by itself."""
    return _stub(child, _links(child.parent_id, child.trace_id))


def closing(children: list[str]) -> str:
    """What follows an opening, with the texts of the subsegments."""
    return f',"subsegments":[{",".join(children)}]}}' if children else "}"


def _with_children(entity: Entity, text: str) -> str:
    links = _links(entity.id, entity.trace_id)
    children = [
        _branch(child, links) if child._children or child.leaves_alone else f"{_subsegment(child, links)}}}"
        for child in entity.subsegments
    ]
    return text + closing(children)


def _branch(child: Subsegment, links: str) -> str:
    """A subsegment with children, or one that leaves by itself and stands here as in progress."""
    text = _stub(child, links) if child.leaves_alone else _subsegment(child, links)
    return _with_children(child, text) if child._children else text + "}"


def _links(parent_id: str | None, trace_id: str) -> str:
    parent = f',"parent_id":{quoted(str(parent_id))}' if parent_id else ""
    return f'{parent},"trace_id":{quoted(str(trace_id))},"type":"subsegment"'


def _span(entity: Entity) -> str:
    """Id, name and times: epoch seconds to the microsecond, as X-Ray recommends."""
    try:
        name = name_texts[entity.name]
    except (KeyError, TypeError):
        name = name_text(entity.name)
    start, end = entity.start_time, entity.end_time
    if end is None or not (1e9 < start < 1e10 and 1e9 < end < 1e10):
        return f'{{"id":{quoted(entity.id)},"name":{name},{_times(start, end)}'
    # Microseconds as whole numbers, cut in two: a third faster than a float's own text, and what costs most here.
    first = str(int(start * 1e6 + 0.5))
    last = str(int(end * 1e6 + 0.5))
    return (
        f'{{"id":{quoted(entity.id)},"name":{name},"start_time":{first[:10]}.{first[10:]}'
        f',"end_time":{last[:10]}.{last[10:]},"in_progress":false'
    )


def _times(start: float, end: float | None) -> str:
    if end is None:
        return f'"start_time":{start:.6f},"in_progress":true'
    return f'"start_time":{start:.6f},"end_time":{end:.6f},"in_progress":false'


def _subsegment(entity: Any, links: str) -> str:
    namespace = entity.namespace
    text = f'{_span(entity)}{links},"namespace":{_LOCAL if namespace == "local" else quoted(str(namespace))}'
    if (
        entity._http
        or entity._sql
        or entity.fault
        or entity.error
        or entity._annotations
        or entity._metadata
        or entity._aws
        or entity._cause
        or entity.throttle
        or entity.__dict__
    ):
        return text + _rest(entity)
    return text


def _stub(entity: Subsegment, links: str) -> str:
    return (
        f'{{"id":{quoted(entity.id)},"name":{name_text(entity.name)},{_times(entity.start_time, None)}{links}'
        f',"namespace":{quoted(str(entity.namespace))}'
    )


def _segment(entity: Entity) -> str:
    text = _span(entity)
    if entity.trace_id:
        text += f',"trace_id":{quoted(entity.trace_id)}'
    if entity.parent_id:
        text += f',"parent_id":{quoted(entity.parent_id)}'
    if entity.shared is not None:
        text += entity.shared.text
    elif entity._service:
        text += f',"service":{text_of(entity._service)}'
    if entity.user:
        text += f',"user":{text_of(entity.user)}'
    return text + _rest(entity)


def _rest(entity: Any) -> str:
    """What only some entities have."""
    http = entity._http
    text = f',"http":{http.text() if isinstance(http, HttpBlock) else block_text(http)}' if http else ""
    if entity.error:
        text += ',"error":true'
    if entity.throttle:
        text += ',"throttle":true'
    if entity.fault:
        text += ',"fault":true'
    if entity.type is not None and entity._sql:
        text += f',"sql":{block_text(entity._sql)}'
    if entity._aws:
        text += f',"aws":{block_text(entity._aws)}'
    if entity._cause:
        text += f',"cause":{cause_text(entity._cause)}'
    if entity._annotations:
        text += f',"annotations":{text_of(entity._annotations)}'
    if entity._metadata:
        text += f',"metadata":{text_of(entity._metadata)}'
    for key, value in entity.__dict__.items():
        if value is not None and not key.startswith("_"):
            text += f",{quoted(key)}:{text_of(value)}"
    return text
