"""Rendered Django templates as local subsegments."""

from typing import Any

from django.template import base

from ...core import xray_recorder
from .._render import forget_rendering, record_rendering


def patch_template() -> None:
    """Record the rendering of templates, included ones and partials too. Twice does no harm."""
    for kind, name_of in _KINDS.items():
        record_rendering(xray_recorder, kind, "render", name_of)


def unpatch_template() -> None:
    """Put Django's own methods back."""
    for kind in _KINDS:
        forget_rendering(kind, "render")


def _name(template: Any, *_: Any, **__: Any) -> str | None:
    name: str | None = template.name
    return name


def _partial_name(partial: Any, *_: Any, **__: Any) -> str:
    """As a loader is asked for it."""
    return f"{partial.origin.template_name or ''}#{partial.name}"


_KINDS: dict[Any, Any] = {base.Template: _name}
if hasattr(base, "PartialTemplate"):  # since Django 6.0
    _KINDS[base.PartialTemplate] = _partial_name
