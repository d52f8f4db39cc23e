"""The setting ``XRAY_RECORDER`` in tests: how it is given, and what the recorder makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import override_settings

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.sampling.sampler import DefaultSampler


@contextmanager
def configured(**keys: Any) -> Iterator[None]:
    """A test in which an application's settings hold these keys, and a name unless one is given."""
    with override_settings(XRAY_RECORDER={"AWS_XRAY_TRACING_NAME": "app", **keys}):
        yield


def in_force() -> dict[str, Any]:
    """What the recorder does now, by the keys of the settings."""
    emitter = xray_recorder.emitter
    return {
        "AWS_XRAY_DAEMON_ADDRESS": f"{emitter.ip}:{emitter.port}",
        "AWS_XRAY_CONTEXT_MISSING": xray_recorder.context.context_missing,
        "SAMPLING": xray_recorder.sampling,
        "SAMPLER": type(xray_recorder.sampler),
        "AWS_XRAY_TRACING_NAME": xray_recorder.service,
        "DYNAMIC_NAMING": xray_recorder.dynamic_naming,
        "STREAMING_THRESHOLD": xray_recorder.streaming_threshold,
        "MAX_TRACE_BACK": xray_recorder.max_trace_back,
        "STREAM_SQL": xray_recorder.stream_sql,
    }


DEFAULT = {
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "SAMPLING": True,
    "SAMPLER": DefaultSampler,
    "AWS_XRAY_TRACING_NAME": "app",
    "DYNAMIC_NAMING": None,
    "STREAMING_THRESHOLD": 30,
    "MAX_TRACE_BACK": 10,
    "STREAM_SQL": True,
}


class Never:
    """A sampler that records nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def should_trace(self, sampling_req: dict[str, Any]) -> bool:
        self.asked.append(sampling_req)
        return False


# A value for each key whose effect can be read, and the effect.
GIVEN: dict[str, tuple[Any, Any]] = {
    "AWS_XRAY_DAEMON_ADDRESS": ("10.0.0.1:3000", "10.0.0.1:3000"),
    "AWS_XRAY_CONTEXT_MISSING": ("IGNORE_ERROR", "IGNORE_ERROR"),
    "SAMPLING": (False, False),
    "SAMPLER": (Never(), Never),
    "AWS_XRAY_TRACING_NAME": ("shop", "shop"),
    "STREAMING_THRESHOLD": (7, 7),
    "MAX_TRACE_BACK": (3, 3),
    "STREAM_SQL": (False, False),
}
