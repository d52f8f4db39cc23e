"""Whatever of the SDK is broken: each site answers as it does without the SDK, and the log says so once for a place."""

from __future__ import annotations

import functools
from collections.abc import Iterator
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
from tests.core import Traced
from tests.ext.servers import SITES, Answer, Site, serve

PATHS = ["/hello", "/missing", "/forbidden", "/broken", "/page", "/parts/1"]
CLASSES = [AsyncAWSXRayRecorder, Context, DefaultSampler, DefaultDynamicNaming, UDPEmitter, DefaultStreaming]
ENTITIES = [Segment, Subsegment, TraceHeader]

# What a request of the kinds above cannot do without: if it is not called, the tests below prove nothing.
ON_THE_ROAD = {
    "AsyncAWSXRayRecorder.begin_segment",
    "AsyncAWSXRayRecorder.finish_segment",
    "AsyncAWSXRayRecorder.dynamic_naming",
    "AsyncAWSXRayRecorder.sampling",
    "DefaultDynamicNaming.get_name",
    "DefaultSampler.should_trace",
    "Segment.add_exception",
    "Segment.http",
    "TraceHeader.from_header_str",
    "TraceHeader.to_header_str",
    "UDPEmitter.send_entity",
}


def public(kind: type) -> list[str]:
    """The methods and properties of a class that have no ``_``."""
    names = [name for name in dir(kind) if not name.startswith("_")]
    return [name for name in names if callable(getattr(kind, name)) or isinstance(getattr(kind, name), property)]


METHODS = [(kind, name) for kind in CLASSES + ENTITIES for name in public(kind)]


@pytest.fixture(scope="module", params=SITES)
def sites(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Site]]:
    """A site with the SDK, and the same without."""
    with serve(request.param) as site, serve(request.param, traced=False) as plain:
        yield site, plain


@pytest.fixture
def busy(recorder: AsyncAWSXRayRecorder, traced: Traced) -> None:
    """A recorder that has everything to do: rules that record all, dynamic naming, streaming at once."""
    rules: dict[str, Any] = {"version": 2, "default": {"fixed_target": 1000, "rate": 1.0}}
    recorder.configure(sampling=True, sampling_rules=rules, dynamic_naming="127.*", streaming_threshold=0)


def without_dates(answer: Answer) -> Answer:
    """What must be the same; a server writes dates, and the SDK its header."""
    own = ("date", "x-amzn-trace-id")
    return answer._replace(headers={name: value for name, value in answer.headers.items() if name not in own})


def answers_of(site: Site) -> dict[str, Answer]:
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=?;Lineage=25:24dba8d0:1"
    return {path: without_dates(site.get(path, X_Amzn_Trace_Id=header)) for path in PATHS}


@functools.cache
def expected(plain: Site) -> dict[str, Answer]:
    return answers_of(plain)


def broken(kind: type, name: str, calls: list[str]) -> Any:
    """A method, or a property, that raises and says that it was called."""

    def fail(*_: Any, **__: Any) -> Any:
        calls.append(f"{kind.__name__}.{name}")
        raise RuntimeError("a fault of the SDK")

    if not isinstance(getattr(kind, name), property):
        return fail
    return property(fail, lambda self, value: fail())


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("kind", "name"), METHODS, ids=lambda value: getattr(value, "__name__", value))
def test_a_fault_of_ours_changes_no_answer(
    sites: tuple[Site, Site], kind: type, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, plain = sites
    wanted = expected(plain)
    monkeypatch.setattr(Guard, "raising", False)
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, name, broken(kind, name, calls))
        answers = answers_of(site)
    assert answers == wanted
    site.watch.left_current.clear()  # who cannot be asked to end something leaves it open
    lines = [record for record in caplog.records if record.name.startswith("aws_xray_sdk")]
    assert len(lines) <= 1, [record.getMessage() for record in lines]
    assert calls or f"{kind.__name__}.{name}" not in ON_THE_ROAD


@pytest.mark.usefixtures("busy")
def test_nothing_is_said_while_nothing_is_broken(sites: tuple[Site, Site], caplog: pytest.LogCaptureFixture) -> None:
    site, plain = sites
    assert answers_of(site) == expected(plain)
    assert [record for record in caplog.records if record.name.startswith("aws_xray_sdk")] == []
