"""Rendered templates as local subsegments, whole or in a stream."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from ..core._capture import captured, is_captured, mark
from ..core._guard import swallow
from ..core._scope import enter, leave
from .util import is_recording

UNNAMED = "template_render"


def record_rendering(recorder: Any, owner: Any, attribute: str, name_of: Callable[..., str | None]) -> None:
    """Make each call of ``owner.attribute`` a subsegment called by ``name_of(the call's arguments)``.

    Where the call gives an iterator, the subsegment lasts until that is exhausted. Twice does no harm.
    """
    render = getattr(owner, attribute)
    if is_captured(render):
        return

    @wraps(render)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if not is_recording(recorder):  # outside of requests anybody may render: mails, commands
            return render(*args, **kwargs)
        subsegment = enter(recorder, _name(name_of, args, kwargs))
        try:
            result = render(*args, **kwargs)
        except BaseException as error:
            leave(recorder, subsegment, error)
            raise
        leave(recorder, subsegment)
        return result

    @wraps(render)
    def streamed(*args: Any, **kwargs: Any) -> Any:
        parts = render(*args, **kwargs)
        if not is_recording(recorder):
            return parts
        return captured(recorder, _pass_on, _name(name_of, args, kwargs))(parts)

    wrapper = streamed if attribute.endswith("stream") else recorded
    mark(wrapper)
    setattr(owner, attribute, wrapper)


def forget_rendering(owner: Any, attribute: str) -> None:
    """Put back what :func:`record_rendering` replaced."""
    if is_captured(getattr(owner, attribute)):
        setattr(owner, attribute, getattr(owner, attribute).__wrapped__)


def _pass_on(parts: Iterator[Any]) -> Iterator[Any]:
    yield from parts


def _name(name_of: Callable[..., str | None], args: Any, kwargs: Any) -> str:
    try:
        return name_of(*args, **kwargs) or UNNAMED
    except Exception as error:
        swallow(error)
        return UNNAMED
