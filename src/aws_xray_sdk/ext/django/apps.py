"""The Django application that configures the recorder and records queries and templates."""

from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed

from ...core import patch, xray_recorder
from .conf import NAMESPACE, settings
from .db import patch_db, unpatch_db
from .templates import patch_template, unpatch_template


class XRayConfig(AppConfig):
    """Configures the recorder from ``XRAY_RECORDER`` when Django is ready, and again when tests override it."""

    name = "aws_xray_sdk.ext.django"
    verbose_name = "AWS X-Ray"

    def ready(self) -> None:
        """Configure the recorder; raises ImproperlyConfigured for wrong settings."""
        settings.load()
        _instrument()
        _patch_modules()
        setting_changed.connect(_reload, dispatch_uid="aws_xray_sdk.ext.django")


def _instrument() -> None:
    if settings.AUTO_INSTRUMENT:
        patch_db()
        patch_template()
    else:
        unpatch_db()
        unpatch_template()


def _patch_modules() -> None:
    modules = settings.PATCH_MODULES
    if not modules:
        return
    ignored = settings.IGNORE_MODULE_PATTERNS
    if settings.AUTO_PATCH_PARENT_SEGMENT_NAME is None:
        patch(modules, ignore_module_patterns=ignored)
    else:
        with xray_recorder.in_segment(settings.AUTO_PATCH_PARENT_SEGMENT_NAME):
            patch(modules, ignore_module_patterns=ignored)


def _reload(*, setting: str, **_: Any) -> None:
    if setting == NAMESPACE:
        settings.load()
        _instrument()
