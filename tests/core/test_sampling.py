"""Local sampling: so many requests a second whatever the rate, then a part of the others; the first rule that fits."""

from __future__ import annotations

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aws_xray_sdk.core import _clock, xray_recorder
from aws_xray_sdk.core.daemon_config import DaemonConfig
from aws_xray_sdk.core.exceptions.exceptions import InvalidSamplingManifestError
from aws_xray_sdk.core.sampling.local.reservoir import Reservoir
from aws_xray_sdk.core.sampling.local.sampler import LocalSampler
from aws_xray_sdk.core.sampling.sampler import DefaultSampler

NEVER = {"fixed_target": 0, "rate": 0}
ALWAYS = {"fixed_target": 0, "rate": 1}


def rules(*custom: dict[str, Any], default: dict[str, Any] = NEVER, version: int = 2) -> dict[str, Any]:
    return {"version": version, "default": default, "rules": list(custom)}


def rule(version: int = 2, **fields: Any) -> dict[str, Any]:
    host = "host" if version == 2 else "service_name"
    return {host: "*", "http_method": "*", "url_path": "*", **ALWAYS, **fields}


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, in the test's hands."""
    now = [1_700_000_000.9]
    monkeypatch.setattr(_clock, "now", lambda: now[0])
    return now


@pytest.fixture
def unlucky(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The number that chance draws, in the test's hands."""
    drawn = [0.999]
    monkeypatch.setattr(_clock, "chance", lambda: drawn[0])
    return drawn


def test_the_default_is_one_a_second_and_five_percent_of_the_others(second: list[float], unlucky: list[float]) -> None:
    sampler = LocalSampler()
    assert [sampler.should_trace() for _ in range(5)] == [True, False, False, False, False]
    second[0] += 0.2  # another second of the clock
    assert [sampler.should_trace() for _ in range(3)] == [True, False, False]
    unlucky[0] = 0.0499
    assert sampler.should_trace()
    unlucky[0] = 0.05
    assert not sampler.should_trace()


@pytest.mark.parametrize("version", [1, 2])
def test_the_first_rule_that_fits_decides(version: int) -> None:
    host = "host" if version == 2 else "service_name"
    sampler = LocalSampler(
        rules(
            rule(version, url_path="/health", **NEVER),
            rule(version, http_method="POST", url_path="/orders/*"),
            rule(version, **{host: "*.internal"}, description="free text"),
            version=version,
        )
    )
    assert not sampler.should_trace({"host": "a.internal", "method": "GET", "path": "/health"})
    assert sampler.should_trace({"host": "shop", "method": "POST", "path": "/orders/7"})
    assert not sampler.should_trace({"host": "shop", "method": "GET", "path": "/orders/7"})
    assert sampler.should_trace({"host": "A.INTERNAL", "method": "GET", "path": "/"})
    assert not sampler.should_trace({"host": "shop", "method": "GET", "path": "/"})


def test_what_is_not_known_of_a_request_fits_any_rule() -> None:
    sampler = LocalSampler(rules(rule(host="shop", http_method="POST", url_path="/orders")))
    assert sampler.should_trace({})
    assert sampler.should_trace({"host": None, "method": "", "path": "/orders"})
    assert not sampler.should_trace({"path": "/"})
    assert not sampler.should_trace(None), "no request at all: the default"


def test_each_rule_has_a_reservoir_of_its_own(second: list[float]) -> None:
    limited = {"fixed_target": 2, "rate": 0}
    sampler = LocalSampler(rules(rule(url_path="/a", **limited), default={"fixed_target": 1, "rate": 0}))
    assert [sampler.should_trace({"path": "/a"}) for _ in range(4)] == [True, True, False, False]
    assert [sampler.should_trace({"path": "/b"}) for _ in range(3)] == [True, False, False]


def test_a_reservoir_is_exact_among_threads(second: list[float]) -> None:
    reservoir = Reservoir(50)
    barrier = threading.Barrier(8)

    def take() -> int:
        barrier.wait()
        return sum(reservoir.take() for _ in range(1_000))

    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            assert sum(future.result() for future in [pool.submit(take) for _ in range(8)]) == 50
        second[0] += 1


def test_a_reservoir_keeps_no_past_seconds(second: list[float]) -> None:
    reservoir = Reservoir(1)
    for _ in range(1_000):
        assert reservoir.take()
        second[0] += 1
    assert len(reservoir._counters) < 5


def test_the_rate_is_kept(second: list[float]) -> None:
    sampler = LocalSampler(rules(default={"fixed_target": 0, "rate": 0.3}))
    taken = sum(sampler.should_trace() for _ in range(20_000))
    assert 5_500 < taken < 6_500


def test_rules_can_be_replaced_and_wrong_ones_leave_the_old() -> None:
    sampler = LocalSampler(rules(default=NEVER))
    sampler.load_local_rules(rules(default=ALWAYS))
    assert sampler.should_trace()
    with pytest.raises(InvalidSamplingManifestError):
        sampler.load_local_rules(rules(rule(), {"host": "*"}))
    assert sampler.should_trace()


WRONG: list[tuple[Any, str]] = [
    ([], "must be an object, not list"),
    ({"default": ALWAYS}, "'version' must be 1 or 2, not None"),
    ({"version": 3, "default": ALWAYS}, "'version' must be 1 or 2, not 3"),
    ({"version": True, "default": ALWAYS}, "'version' must be 1 or 2, not True"),
    ({"version": "2", "default": ALWAYS}, "'version' must be 1 or 2, not '2'"),
    ({"version": [2], "default": ALWAYS}, "'version' must be 1 or 2, not [2]"),
    ({"version": 2}, "'default' is missing"),
    ({"version": 2, "default": None}, "default rule must be an object, not None"),
    (rules(default={"rate": 1}), "default rule: 'fixed_target' must be a whole number, at least 0, not None"),
    (rules(default={"fixed_target": 1}), "default rule: 'rate' must be a number, at least 0, not None"),
    (rules(default={**ALWAYS, "host": "*"}), "default rule: 'host' is not accepted here"),
    (rules(default={**ALWAYS, "url_path": "*"}), "default rule: 'url_path' is not accepted here"),
    ({**rules(), "rules": "x"}, "'rules' must be a list, not 'x'"),
    (rules("x"), "rule 1 must be an object, not 'x'"),  # type: ignore[arg-type]
    (rules(rule(), rule(fixed_target=-1)), "rule 2: 'fixed_target' must be a whole number, at least 0, not -1"),
    (rules(rule(fixed_target=1.5)), "rule 1: 'fixed_target' must be a whole number, at least 0, not 1.5"),
    (rules(rule(fixed_target=True)), "rule 1: 'fixed_target' must be a whole number, at least 0, not True"),
    (rules(rule(rate=-0.1)), "rule 1: 'rate' must be a number, at least 0, not -0.1"),
    (rules(rule(rate="1")), "rule 1: 'rate' must be a number, at least 0, not '1'"),
    (rules(rule(rate=float("nan"))), "rule 1: 'rate' must be a number, at least 0, not nan"),
    (rules(rule(host="")), "rule 1: 'host' must be a pattern such as '*', not ''"),
    (rules(rule(http_method=None)), "rule 1: 'http_method' must be a pattern such as '*', not None"),
    (rules({**ALWAYS, "host": "*", "http_method": "*"}), "rule 1: 'url_path' must be a pattern"),
    (rules({**rule(), "service_name": "*"}), "rule 1: 'service_name' is not accepted here"),
    (rules(rule(2), version=1), "rule 1: 'host' is not accepted here"),
    (rules(rule(1), version=2), "rule 1: 'service_name' is not accepted here"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[told for _, told in WRONG])
def test_wrong_rules_are_refused_by_rule_and_key(wrong: Any, told: str, tmp_path: Path) -> None:
    for load in (LocalSampler, DefaultSampler().load_local_rules):
        with pytest.raises(InvalidSamplingManifestError) as error:
            load(wrong)
        assert told in str(error.value)
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(InvalidSamplingManifestError):
        xray_recorder.configure(sampling_rules=path)


def test_absent_or_empty_rules_leave_the_default() -> None:
    absent: list[dict[str, Any]] = [{}, {"rules": []}, {"rules": None}]
    for custom in absent:
        assert LocalSampler({"version": 2, "default": ALWAYS, **custom}).should_trace({"path": "/"})


def test_the_default_sampler_starts_no_thread_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = threading.enumerate()
    sampler = DefaultSampler()
    sampler.load_settings(DaemonConfig("10.0.0.1:1"), xray_recorder.context, "AWS::EC2::Instance")
    sampler.load_local_rules(rules(default=ALWAYS))
    sampler.start()
    assert sampler.should_trace({"host": "a", "method": "GET", "path": "/", "service": "mine"})
    assert sampler.should_trace()
    assert threading.enumerate() == before
    assert caplog.records == []


def test_without_sampling_every_request_is_recorded() -> None:
    xray_recorder.configure(sampling=False, sampling_rules=rules(), daemon_address="127.0.0.1:9")
    with xray_recorder.in_segment("mine"):
        assert xray_recorder.is_sampled()
    xray_recorder.configure(sampling=True)
    with xray_recorder.in_segment("mine"):
        assert not xray_recorder.is_sampled()
