"""The setting ``XRAY_RECORDER``: who wins, and what is refused with which words."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.django.conf import DEFAULTS
from aws_xray_sdk.sdk_config import SDKConfig
from tests.ext.django_settings import DEFAULT, GIVEN, configured, in_force

pytestmark = pytest.mark.usefixtures("django_databases")


# -- who wins


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AWS_XRAY_DAEMON_ADDRESS", "10.0.0.2:2222"),
        ("AWS_XRAY_CONTEXT_MISSING", "RUNTIME_ERROR"),
        ("AWS_XRAY_TRACING_NAME", "by environment"),
    ],
)
def test_the_environment_wins_over_the_settings(key: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key, value)
    with configured():
        assert in_force()[key] == value
    with configured(**{key: GIVEN[key][0]}):
        assert in_force()[key] == value
    with configured(**{key: "\0"}):  # nobody looks at it
        assert in_force()[key] == value


# -- what is wrong

WRONG: dict[str, tuple[Any, str]] = {
    "AWS_XRAY_DAEMON_ADDRESS": ("nowhere", "'host:port' or 'tcp:host:port udp:host:port'"),
    "AUTO_INSTRUMENT": ("yes", "True or False"),
    "AWS_XRAY_CONTEXT_MISSING": ("IGNORE", "RUNTIME_ERROR or LOG_ERROR or IGNORE_ERROR"),
    "PLUGINS": ("EC2Plugin", "a tuple of plugin names"),
    "SAMPLING": ("no", "True or False"),
    "SAMPLING_RULES": ("/no/such/file.json", "a dict or the path of a JSON file"),
    "SAMPLER": (object(), "should_trace"),
    "AWS_XRAY_TRACING_NAME": (7, "a text"),
    "DYNAMIC_NAMING": (7, "a pattern such as '*.example.com'"),
    "STREAMING_THRESHOLD": (-1, "a whole number, at least 0"),
    "MAX_TRACE_BACK": ("ten", "a whole number, at least 0"),
    "STREAM_SQL": ("no", "True or False"),
    "PATCH_MODULES": ("requests", "a list of module names"),
    "AUTO_PATCH_PARENT_SEGMENT_NAME": (7, "a text or None"),
    "IGNORE_MODULE_PATTERNS": (["("], "a list of patterns"),
    "URLS_AS_ANNOTATION": ("all", "'NONE', 'LAMBDA' or 'ALL'"),
}


def test_the_wrong_values_are_of_every_key() -> None:
    assert WRONG.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_refused_by_key_value_and_what_is_accepted_and_changes_nothing(key: str) -> None:
    value, accepted = WRONG[key]
    with configured(STREAMING_THRESHOLD=8):
        before = in_force()
        with pytest.raises(ImproperlyConfigured) as raised, configured(**{"STREAMING_THRESHOLD": 9, key: value}):
            pass
        assert in_force() == before
    message = str(raised.value)
    assert f"XRAY_RECORDER[{key!r}]" in message
    assert repr(value) in message
    assert accepted in message


@pytest.mark.parametrize("rules", [{"version": 9}, {"version": 2}, {"version": 2, "default": {"rate": 2}}], ids=str)
def test_wrong_sampling_rules_are_refused_by_key_and_what_is_wrong_in_them(rules: dict[str, Any]) -> None:
    with (
        pytest.raises(ImproperlyConfigured, match=r"^XRAY_RECORDER\['SAMPLING_RULES'\]: .*(version|default|fixed)"),
        configured(SAMPLING_RULES=rules),
    ):
        pass


@pytest.mark.parametrize("key", ["AWS_XRAY_DAEMON_ADDRESS", "AWS_XRAY_CONTEXT_MISSING"])
def test_a_wrong_value_in_the_environment_is_refused_by_the_variables_name(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with configured():
        monkeypatch.setenv(key, "nonsense")
        with pytest.raises(ImproperlyConfigured, match=f"(?s){key}.*'nonsense'"), configured(SAMPLING=False):
            pass
        monkeypatch.delenv(key)


def test_a_setting_that_is_no_dict_is_refused() -> None:
    refused = pytest.raises(ImproperlyConfigured, match=r"XRAY_RECORDER must be a dict, not \['x'\]")
    with refused, override_settings(XRAY_RECORDER=["x"]):
        pass


def test_an_unknown_key_is_told_once_with_the_nearest_known_one(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with configured(SAMPLNG=False, other=1):
            assert in_force() == DEFAULT
    told = [(each.name, each.levelno, each.getMessage()) for each in caplog.records]
    conf = "aws_xray_sdk.ext.django.conf"
    known = ", ".join(DEFAULTS)
    assert told == [
        (conf, logging.WARNING, "XRAY_RECORDER has no key 'SAMPLNG'; did you mean 'SAMPLING'?"),
        (conf, logging.WARNING, f"XRAY_RECORDER has no key 'other'; known are {known}"),
    ]


# -- the name


def test_the_name_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for nameless in ({}, {"AWS_XRAY_TRACING_NAME": None}):
        with (
            pytest.raises(ImproperlyConfigured, match=r"XRAY_RECORDER\['AWS_XRAY_TRACING_NAME'\] is required"),
            override_settings(XRAY_RECORDER=nameless),
        ):
            pass


def test_the_name_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_XRAY_TRACING_NAME", "by environment")
    with override_settings(XRAY_RECORDER={}):
        assert xray_recorder.service == "by environment"


def test_the_name_may_come_from_code_that_ran_before() -> None:
    xray_recorder.configure(service="by code")
    with override_settings(XRAY_RECORDER={}):
        assert xray_recorder.service == "by code"


def test_no_name_is_needed_while_the_sdk_is_off() -> None:
    SDKConfig.set_sdk_enabled(False)
    with override_settings(XRAY_RECORDER={}):
        assert xray_recorder.service is None
