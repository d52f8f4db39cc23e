"""``configure`` changes what it is given and nothing else; a wrong value names itself and what is accepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.exceptions.exceptions import (
    InvalidDaemonAddressException,
    InvalidSamplingManifestError,
    InvalidSettingError,
)
from aws_xray_sdk.core.models.default_dynamic_naming import DefaultDynamicNaming
from aws_xray_sdk.core.sampling.local.sampler import LocalSampler
from aws_xray_sdk.core.streaming.default_streaming import DefaultStreaming

RULES = {"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": []}


def state(recorder: AsyncAWSXRayRecorder) -> dict[str, Any]:
    """All that `configure` can change, as far as it can be read."""
    emitter: Any = recorder.emitter
    return {
        "sampling": recorder.sampling,
        "context": recorder.context,
        "context_missing": recorder.context.context_missing,
        "daemon_address": (emitter.ip, emitter.port),
        "service": recorder.service,
        "emitter": emitter,
        "streaming": recorder.streaming,
        "streaming_threshold": recorder.streaming_threshold,
        "dynamic_naming": recorder.dynamic_naming,
        "max_trace_back": recorder.max_trace_back,
        "sampler": recorder.sampler,
        "stream_sql": recorder.stream_sql,
    }


def test_the_defaults(recorder: AsyncAWSXRayRecorder) -> None:
    found = state(recorder)
    assert {key: value for key, value in found.items() if not hasattr(value, "__dict__")} == {
        "sampling": True,
        "context_missing": "LOG_ERROR",
        "daemon_address": ("127.0.0.1", 2000),
        "service": None,
        "streaming_threshold": 30,
        "dynamic_naming": None,
        "max_trace_back": 10,
        "stream_sql": True,
    }
    recorder.configure()
    assert state(recorder) == found


OPTIONS: list[tuple[str, Any, dict[str, Any]]] = [
    ("sampling", False, {"sampling": False}),
    ("sampling", 0, {"sampling": False}),
    ("sampling", 1, {"sampling": True}),
    ("context_missing", "IGNORE_ERROR", {"context_missing": "IGNORE_ERROR"}),
    ("daemon_address", "10.0.0.1:3000", {"daemon_address": ("10.0.0.1", 3000)}),
    ("daemon_address", "tcp:10.0.0.1:1 udp:10.0.0.2:2", {"daemon_address": ("10.0.0.2", 2)}),
    ("service", "mine", {"service": "mine"}),
    ("streaming_threshold", 0, {"streaming_threshold": 0}),
    ("streaming_threshold", 100, {"streaming_threshold": 100}),
    ("max_trace_back", 0, {"max_trace_back": 0}),
    ("max_trace_back", 50, {"max_trace_back": 50}),
    ("stream_sql", False, {"stream_sql": False}),
    ("plugins", (), {}),
    ("sampling_rules", RULES, {}),
]


@pytest.mark.parametrize(("option", "value", "change"), OPTIONS)
def test_an_option_changes_what_it_names_and_nothing_else(
    recorder: AsyncAWSXRayRecorder, option: str, value: Any, change: dict[str, Any]
) -> None:
    before = state(recorder)
    recorder.configure(**{option: value})
    assert state(recorder) == {**before, **change}
    recorder.configure()
    recorder.configure(**{option: None})
    assert state(recorder) == {**before, **change}, "what is not given stays"


def test_objects_of_the_applications_own_are_taken_as_they_are(recorder: AsyncAWSXRayRecorder) -> None:
    context, emitter, streaming, sampler = Context(), UDPEmitter("10.0.0.9:9"), DefaultStreaming(7), LocalSampler(RULES)
    naming = DefaultDynamicNaming("*", "x")
    recorder.configure(
        context=context, emitter=emitter, streaming=streaming, sampler=sampler, dynamic_naming=naming
    )  # fmt: skip
    assert state(recorder)["daemon_address"] == ("10.0.0.9", 9)
    assert recorder.streaming_threshold == 7
    found = (recorder.context, recorder.emitter, recorder.streaming, recorder.sampler, recorder.dynamic_naming)
    assert found == (context, emitter, streaming, sampler, naming)


def test_settings_are_made_on_the_objects_that_come_with_them(recorder: AsyncAWSXRayRecorder) -> None:
    context, emitter, streaming, sampler = Context(), UDPEmitter(), DefaultStreaming(), LocalSampler()
    recorder.configure(
        context=context,
        context_missing="IGNORE_ERROR",
        emitter=emitter,
        daemon_address="10.0.0.1:3000",
        streaming=streaming,
        streaming_threshold=5,
        sampler=sampler,
        sampling_rules=RULES,
    )
    assert context.context_missing == "IGNORE_ERROR"
    assert (emitter.ip, emitter.port) == ("10.0.0.1", 3000)
    assert streaming.streaming_threshold == 5
    assert not any(sampler.should_trace() for _ in range(50))


def test_a_pattern_for_names_falls_back_to_the_service(recorder: AsyncAWSXRayRecorder) -> None:
    recorder.configure(service="mine", dynamic_naming="*.example.com")
    assert recorder.dynamic_naming.get_name("www.example.com") == "www.example.com"
    assert recorder.dynamic_naming.get_name("other") == "mine"


def test_rules_come_from_a_dict_or_a_file(recorder: AsyncAWSXRayRecorder, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(RULES), encoding="utf-8")
    for rules in (RULES, path, str(path)):
        recorder.configure(sampling_rules={"version": 2, "default": {"fixed_target": 0, "rate": 1}})
        assert recorder.sampler.should_trace()
        recorder.configure(sampling_rules=rules)
        assert not any(recorder.sampler.should_trace() for _ in range(50))


def test_the_environment_beats_arguments(recorder: AsyncAWSXRayRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_TRACING_NAME", "from environment")
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "10.0.0.3:3")
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "RUNTIME_ERROR")
    recorder.configure(service="mine", daemon_address="10.0.0.1:1", context_missing="IGNORE_ERROR")
    found = state(recorder)
    assert (found["service"], found["context_missing"]) == ("from environment", "RUNTIME_ERROR")
    assert found["daemon_address"] == ("10.0.0.3", 3)


def test_the_environment_is_read_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_TRACING_NAME", "from environment")
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "10.0.0.3:3")
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "IGNORE_ERROR")
    found = state(AsyncAWSXRayRecorder())
    assert (found["service"], found["context_missing"]) == ("from environment", "IGNORE_ERROR")
    assert found["daemon_address"] == ("10.0.0.3", 3)


@pytest.mark.parametrize("variable", ["AWS_XRAY_TRACING_NAME", "AWS_XRAY_DAEMON_ADDRESS", "AWS_XRAY_CONTEXT_MISSING"])
def test_an_empty_variable_is_as_good_as_none(
    recorder: AsyncAWSXRayRecorder, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "")
    recorder.configure(service="mine", daemon_address="10.0.0.1:1", context_missing="IGNORE_ERROR")
    found = state(recorder)
    assert (found["service"], found["context_missing"]) == ("mine", "IGNORE_ERROR")
    assert found["daemon_address"] == ("10.0.0.1", 1)
    assert state(AsyncAWSXRayRecorder())["service"] is None


WRONG: list[tuple[str, Any, str]] = [
    ("sampling", "yes", "True or False"),
    ("sampling", 2, "True or False"),
    ("sampling", 0.5, "True or False"),
    ("plugins", "EC2Plugin", "tuple"),
    ("plugins", 5, "tuple"),
    ("context_missing", "LOUD", "LOG_ERROR"),
    ("context_missing", 5, "LOG_ERROR"),
    ("service", "", "text"),
    ("service", "  ", "text"),
    ("service", 5, "text"),
    ("context", object(), "get_trace_entity"),
    ("emitter", object(), "send_entity"),
    ("streaming", object(), "is_eligible"),
    ("dynamic_naming", object(), "get_name"),
    ("dynamic_naming", "", "pattern"),
    ("streaming_threshold", -1, "whole number"),
    ("streaming_threshold", 1.5, "whole number"),
    ("streaming_threshold", "30", "whole number"),
    ("streaming_threshold", True, "whole number"),
    ("max_trace_back", -1, "whole number"),
    ("max_trace_back", "10", "whole number"),
    ("sampler", object(), "should_trace"),
    ("stream_sql", "no", "True or False"),
    ("sampling_rules", "/no/such/file.json", "JSON file"),
    ("sampling_rules", 5, "JSON file"),
    ("sampling_rules", __file__, "JSON"),
]


@pytest.mark.parametrize(("option", "value", "accepted"), WRONG, ids=[f"{o}={str(v)[:20]}" for o, v, _ in WRONG])
def test_a_wrong_value_is_refused_and_changes_nothing(
    recorder: AsyncAWSXRayRecorder, option: str, value: Any, accepted: str
) -> None:
    before = state(recorder)
    others: dict[str, Any] = {"service": "other", "max_trace_back": 3}
    with pytest.raises(InvalidSettingError) as error:
        recorder.configure(**{**others, option: value})
    assert isinstance(error.value, ValueError)
    for part in (option, repr(value), accepted):
        assert part in str(error.value)
    assert state(recorder) == before


def test_a_wrong_value_in_the_environment_is_refused_by_its_variables_name(
    recorder: AsyncAWSXRayRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "LOUD")
    with pytest.raises(InvalidSettingError, match="AWS_XRAY_CONTEXT_MISSING: 'LOUD'"):
        recorder.configure(service="mine")
    assert recorder.service is None


def test_wrong_addresses_and_rules_change_nothing(recorder: AsyncAWSXRayRecorder) -> None:
    before = state(recorder)
    with pytest.raises(InvalidDaemonAddressException, match="nowhere"):
        recorder.configure(service="other", daemon_address="nowhere")
    with pytest.raises(InvalidSamplingManifestError, match="version"):
        recorder.configure(service="other", sampling_rules={"version": 3})
    assert state(recorder) == before


def test_an_unknown_option_is_refused(recorder: AsyncAWSXRayRecorder) -> None:
    with pytest.raises(TypeError):
        recorder.configure(smapling=False)  # type: ignore[call-arg]


def test_an_application_may_assign_what_it_reads(recorder: AsyncAWSXRayRecorder) -> None:
    emitter = UDPEmitter()
    for name, value in {"emitter": emitter, "sampling": False, "service": "mine", "max_trace_back": 5}.items():
        setattr(recorder, name, value)
        assert getattr(recorder, name) == getattr(recorder, f"_{name}") == value
