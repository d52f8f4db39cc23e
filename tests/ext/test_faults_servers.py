"""Whatever of the SDK is broken: each site answers as it does without the SDK, and the log says so once for a place."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder
from tests.core import Traced
from tests.ext.faults import PARTS, broken, lines_of
from tests.ext.servers import SITES, Answer, Site, serve

PATHS = ["/hello", "/missing", "/forbidden", "/broken", "/page", "/parts/1"]
HEADER = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=?;Lineage=25:24dba8d0:1"

# What these requests cannot do without: if it is not called, the test proves nothing.
ON_THE_ROAD = {
    "AsyncAWSXRayRecorder.begin_segment",
    "AsyncAWSXRayRecorder.finish_segment",
    "DefaultDynamicNaming.get_name",
    "DefaultSampler.should_trace",
    "Segment.add_exception",
    "Segment.http",
    "TraceHeader.from_header_str",
    "TraceHeader.to_header_str",
    "UDPEmitter.send_entity",
}


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


def answers_of(site: Site) -> dict[str, Answer]:
    """The answers without what may differ: a server writes dates, and the SDK its header."""
    own = ("date", "x-amzn-trace-id")
    answers = {path: site.get(path, X_Amzn_Trace_Id=HEADER) for path in PATHS}
    return {
        path: answer._replace(headers={name: value for name, value in answer.headers.items() if name not in own})
        for path, answer in answers.items()
    }


@functools.cache
def expected(plain: Site) -> dict[str, Answer]:
    return answers_of(plain)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("part", PARTS)
def test_a_fault_of_ours_changes_no_answer(
    sites: tuple[Site, Site], part: tuple[type, str], caplog: pytest.LogCaptureFixture
) -> None:
    site, plain = sites
    wanted = expected(plain)
    with broken(part) as calls:
        assert answers_of(site) == wanted
    assert len(lines_of(caplog)) <= 1
    assert calls or f"{part[0].__name__}.{part[1]}" not in ON_THE_ROAD


@pytest.mark.usefixtures("busy")
def test_nothing_is_said_while_nothing_is_broken(sites: tuple[Site, Site], caplog: pytest.LogCaptureFixture) -> None:
    site, plain = sites
    assert answers_of(site) == expected(plain)
    assert lines_of(caplog) == []
