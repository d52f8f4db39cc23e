"""Parts of the SDK that a test breaks, one at a time, to see that nobody but the log hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder
from aws_xray_sdk.core._guard import Guard
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.default_dynamic_naming import DefaultDynamicNaming
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.sampling.sampler import DefaultSampler
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming

CLASSES = [
    AsyncAWSXRayRecorder,
    Context,
    DefaultSampler,
    DefaultDynamicNaming,
    UDPEmitter,
    DefaultStreaming,
    Segment,
    Subsegment,
    TraceHeader,
]


def _public(kind: type) -> list[str]:
    """The methods and properties of a class that have no ``_``."""
    names = [name for name in dir(kind) if not name.startswith("_")]
    return [name for name in names if callable(getattr(kind, name)) or isinstance(getattr(kind, name), property)]


PARTS = [pytest.param((kind, name), id=f"{kind.__name__}.{name}") for kind in CLASSES for name in _public(kind)]
"""Every public method and property, as parameters of a test."""


@contextmanager
def broken(part: tuple[type, str]) -> Iterator[list[str]]:
    """While the block runs the part raises, and the guard swallows it as it does in production.

    What the block is given holds the part's name once for each call.
    """
    kind, name = part
    calls: list[str] = []

    def fail(*_: Any, **__: Any) -> Any:
        calls.append(f"{kind.__name__}.{name}")
        raise RuntimeError("a fault of the SDK")

    replacement = property(fail, fail) if isinstance(getattr(kind, name), property) else fail
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Guard, "raising", False)
        patch.setattr(kind, name, replacement)
        yield calls


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the SDK has logged."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("aws_xray_sdk")]
