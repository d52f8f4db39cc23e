"""Rendered Django templates as local subsegments."""

from typing import Any

from django.template.base import Template

from ...core import xray_recorder
from .._render import forget_rendering, record_rendering


def patch_template() -> None:
    """Record the rendering of templates, included ones too. Twice does no harm."""
    record_rendering(xray_recorder, Template, "render", _name)


def unpatch_template() -> None:
    """Put Django's own method back."""
    forget_rendering(Template, "render")


def _name(template: Template, *_: Any, **__: Any) -> str | None:
    return template.name
