"""Switched off, at start or at run time, the SDK is silent and does nothing; the application notices nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from aws_xray_sdk import global_sdk_config
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.sdk_config import SDKConfig
from tests.core import Traced


class Silent:
    """An emitter, sampler and streaming that must not be asked."""

    def send_entity(self, entity: Any) -> None:
        raise AssertionError("sent")

    def should_trace(self, sampling_req: Any = None) -> bool:
        raise AssertionError("asked")


@xray_recorder.capture("captured")
def captured(a: int) -> int:
    xray_recorder.put_annotation("a", a)
    return a


@xray_recorder.capture_async("captured")
async def captured_async(a: int) -> int:
    xray_recorder.put_annotation("a", a)
    return a


def everything() -> None:
    """Every verb that plain code has."""
    segment = xray_recorder.begin_segment("mine")
    subsegment = xray_recorder.begin_subsegment("sub")
    other = xray_recorder.begin_subsegment_without_sampling("sub")
    current = (xray_recorder.current_segment(), xray_recorder.current_subsegment())
    for entity in (segment, subsegment, other, *current):
        entity.put_annotation("a", 1)
        entity.put_metadata("m", 1)
        entity.put_http_meta("url", "http://host")
        entity.set_aws({"account_id": "1"})
        entity.apply_status_code(500)
        entity.add_exception(ValueError("no"), [])
        if not xray_recorder.enabled:
            assert entity.serialize() is None
    segment.set_user("me")
    segment.set_service({"version": "1"})
    subsegment.set_sql({"url": "db"})
    xray_recorder.put_annotation("a", 1)
    xray_recorder.put_metadata("m", 1)
    assert xray_recorder.is_sampled() is xray_recorder.enabled
    assert xray_recorder.record_subsegment(len, None, ("abc",), {}, "call", "local", None) == 3
    xray_recorder.stream_subsegments()
    xray_recorder.end_subsegment()
    xray_recorder.end_subsegment()
    xray_recorder.end_segment()
    xray_recorder.end_segment()
    with xray_recorder.in_segment("mine"), xray_recorder.in_subsegment("sub"):
        assert captured(5) == 5
    xray_recorder.clear_trace_entities()


async def everything_async() -> None:
    """Every verb that coroutines have."""
    async with xray_recorder.in_segment_async("mine"), xray_recorder.in_subsegment_async("sub"):
        assert await captured_async(5) == 5
    assert await xray_recorder.record_subsegment_async(captured_async, None, (5,), {}, "call", "local", None) == 5
    everything()


@pytest.mark.parametrize("strategy", ["LOG_ERROR", "RUNTIME_ERROR", "IGNORE_ERROR"])
def test_switched_off_every_verb_does_nothing_and_says_nothing(
    traced: Traced, caplog: pytest.LogCaptureFixture, strategy: str
) -> None:
    xray_recorder.configure(context_missing=strategy, emitter=Silent(), sampler=Silent(), sampling=True)
    global_sdk_config.set_sdk_enabled(False)
    everything()
    asyncio.run(everything_async())
    assert xray_recorder.context.peek() is None
    assert caplog.records == []
    assert traced() == []


def test_switched_off_an_error_of_the_application_passes() -> None:
    global_sdk_config.set_sdk_enabled(False)
    error = LookupError("mine")

    @xray_recorder.capture()
    def failing() -> None:
        raise error

    with pytest.raises(LookupError) as caught, xray_recorder.in_segment("a"), xray_recorder.in_subsegment("b"):
        failing()
    assert caught.value is error


def test_switched_off_a_segment_needs_no_name(traced: Traced) -> None:
    global_sdk_config.set_sdk_enabled(False)
    assert xray_recorder.begin_segment() is not None
    xray_recorder.end_segment()


def test_switching_on_again_records_again(traced: Traced) -> None:
    global_sdk_config.set_sdk_enabled(False)
    everything()
    global_sdk_config.set_sdk_enabled(True)
    everything()
    assert [each["name"] for each in traced() if "type" not in each] == ["mine", "mine"]


def test_switching_off_in_the_middle_of_a_request_leaves_nothing_current(
    traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("sub"):
        global_sdk_config.set_sdk_enabled(False)
        everything()
    assert xray_recorder.context.peek() is None
    global_sdk_config.set_sdk_enabled(True)
    assert caplog.records == []
    assert traced() == []


def test_switching_on_in_the_middle_of_a_request_does_no_harm(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    global_sdk_config.set_sdk_enabled(False)
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("sub"):
        global_sdk_config.set_sdk_enabled(True)
    assert xray_recorder.context.peek() is None
    assert traced() == []


@pytest.mark.parametrize("value", ["y", "yes", "t", "true", "on", "1", "TRUE", " Yes "])
def test_words_that_mean_yes(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    global_sdk_config.set_sdk_enabled(False)
    monkeypatch.setenv("AWS_XRAY_SDK_ENABLED", value)
    global_sdk_config.set_sdk_enabled(False)
    assert global_sdk_config.sdk_enabled() is True
    assert xray_recorder.enabled is True


@pytest.mark.parametrize("value", ["n", "no", "f", "false", "off", "0", "FALSE", " No "])
def test_words_that_mean_no(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("AWS_XRAY_SDK_ENABLED", value)
    global_sdk_config.set_sdk_enabled(True)
    assert global_sdk_config.sdk_enabled() is False
    assert xray_recorder.enabled is False


def test_a_value_that_is_neither_leaves_the_sdk_on_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    global_sdk_config.set_sdk_enabled("perhaps")  # type: ignore[arg-type]
    assert SDKConfig.sdk_enabled() is True
    monkeypatch.setenv("AWS_XRAY_SDK_ENABLED", "maybe")
    global_sdk_config.set_sdk_enabled(False)
    assert SDKConfig.sdk_enabled() is True
    assert "'perhaps'" in caplog.records[0].getMessage()
    assert "AWS_XRAY_SDK_ENABLED: 'maybe'" in caplog.records[1].getMessage()


def test_the_recorders_attribute_is_the_same_switch() -> None:
    xray_recorder.enabled = False
    assert global_sdk_config.sdk_enabled() is False


@pytest.mark.parametrize(("value", "enabled"), [("false", "False"), ("true", "True")])
def test_the_environment_decides_at_start(value: str, enabled: str) -> None:
    program = """
from aws_xray_sdk.core import xray_recorder
with xray_recorder.in_segment("mine") as segment, xray_recorder.in_subsegment("sub"):
    print(xray_recorder.enabled, type(segment).__name__ != "DummySegment" or not xray_recorder.enabled)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"AWS_XRAY_SDK_ENABLED": value, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{enabled} True\n", "")
