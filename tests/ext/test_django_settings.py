"""The setting ``XRAY_RECORDER``: each key's default and its effect, and that a test which overrides it is undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.django.conf import DEFAULTS, settings
from tests.conftest import Daemon
from tests.core import Traced, outline
from tests.ext.django_app import Item
from tests.ext.django_client import serve_wsgi
from tests.ext.django_settings import DEFAULT, GIVEN, Never, configured, in_force

NONE_AT_ALL = {"version": 2, "default": {"fixed_target": 0, "rate": 0}, "rules": []}
ALL_OF_THEM = {"version": 2, "default": {"fixed_target": 0, "rate": 1}, "rules": []}

pytestmark = pytest.mark.usefixtures("django_databases")


@pytest.fixture
def sent(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Traced:
    """The documents that arrive at the address in the environment: nothing but the settings configures the recorder."""
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    return daemon.documents


# -- defaults, and what is given


def test_the_defaults_are_those_of_the_guide() -> None:
    with configured():
        assert in_force() == DEFAULT
        assert {key: getattr(settings, key) for key in DEFAULTS} == {**DEFAULTS, "AWS_XRAY_TRACING_NAME": "app"}
    assert DEFAULTS == {
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "AUTO_INSTRUMENT": True,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "PLUGINS": (),
        "SAMPLING": True,
        "SAMPLING_RULES": None,
        "SAMPLER": None,
        "AWS_XRAY_TRACING_NAME": None,
        "DYNAMIC_NAMING": None,
        "STREAMING_THRESHOLD": None,
        "MAX_TRACE_BACK": None,
        "STREAM_SQL": True,
        "PATCH_MODULES": [],
        "AUTO_PATCH_PARENT_SEGMENT_NAME": None,
        "IGNORE_MODULE_PATTERNS": [],
        "URLS_AS_ANNOTATION": "LAMBDA",
    }


@pytest.mark.parametrize("key", GIVEN)
def test_a_key_changes_what_it_is_for_and_nothing_else_and_is_undone(key: str) -> None:
    value, effect = GIVEN[key]
    with configured():
        with configured(**{key: value}):
            assert in_force() == {**DEFAULT, key: effect}
            assert getattr(settings, key) is value
        assert in_force() == DEFAULT


@pytest.mark.parametrize("key", GIVEN)
def test_what_code_configured_comes_back_when_the_override_ends(key: str) -> None:
    """Code may configure the recorder after Django is ready; a test that overrides the setting gives that back."""
    value, effect = GIVEN[key]
    with configured():
        sampler = Never()
        xray_recorder.configure(sampling=False, sampler=sampler, daemon_address="10.9.9.9:1", dynamic_naming="*")
        xray_recorder.configure(context_missing="RUNTIME_ERROR", streaming_threshold=99, max_trace_back=98)
        before = in_force()
        with configured(**{key: value}):
            assert in_force() == {**before, key: effect}
        assert in_force() == before
        assert xray_recorder.sampler is sampler


def test_what_code_configures_during_an_override_is_kept(sent: Traced) -> None:
    with configured(SAMPLING=True, MAX_TRACE_BACK=3, SAMPLER=Never()):
        sampler = Never()
        xray_recorder.configure(sampling=False, max_trace_back=4, sampler=sampler)
    assert (xray_recorder.sampling, xray_recorder.max_trace_back) == (False, 4)
    assert xray_recorder.sampler is sampler


@pytest.mark.parametrize("key", [key for key in DEFAULTS if key != "AWS_XRAY_TRACING_NAME"])
def test_none_is_as_good_as_not_given(key: str) -> None:
    with configured(**{key: None}):
        assert in_force() == DEFAULT
        assert getattr(settings, key) == DEFAULTS[key]


def test_settings_that_do_not_exist_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match="'SAMPLNG'"):
        settings.SAMPLNG  # noqa: B018


# -- effects


def test_the_name_is_the_segments(sent: Traced) -> None:
    with configured(AWS_XRAY_TRACING_NAME="shop", SAMPLING=False):
        serve_wsgi("/plain/")
    assert [each["name"] for each in sent()] == ["shop"]


def test_documents_go_to_the_daemons_address(daemon: Daemon) -> None:
    with configured(AWS_XRAY_DAEMON_ADDRESS=daemon.address, SAMPLING=False):
        serve_wsgi("/plain/")
    assert [each["name"] for each in daemon.documents()] == ["app"]


def test_context_missing_is_a_strategy(caplog: pytest.LogCaptureFixture) -> None:
    with configured(AWS_XRAY_CONTEXT_MISSING="RUNTIME_ERROR"), pytest.raises(Exception, match="segment"):
        xray_recorder.put_annotation("key", 1)
    with configured(AWS_XRAY_CONTEXT_MISSING="IGNORE_ERROR"):
        xray_recorder.put_annotation("key", 1)
    assert caplog.text == ""
    with configured():
        xray_recorder.put_annotation("key", 1)
    assert "cannot find the current segment" in caplog.text


def test_without_sampling_the_sampler_is_not_asked(sent: Traced) -> None:
    never = Never()
    with configured(SAMPLER=never, SAMPLING=False):
        serve_wsgi("/plain/")
    assert (len(sent()), never.asked) == (1, [])


def test_the_sampler_is_asked_with_the_facts_of_the_request(sent: Traced) -> None:
    never = Never()
    with configured(SAMPLER=never):
        serve_wsgi("/plain/", method="POST")
    assert sent() == []
    assert never.asked == [{"host": "testserver", "method": "POST", "path": "/plain/", "service": "app"}]


def test_sampling_rules_are_a_dict_or_a_file_and_the_default_ones_come_back(sent: Traced, tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(ALL_OF_THEM))

    def recorded() -> int:
        for _ in range(5):
            serve_wsgi("/plain/")
        return len(sent())

    for rules, expected in ((NONE_AT_ALL, 0), (ALL_OF_THEM, 5), (NONE_AT_ALL, 0), (str(file), 5), (file, 5)):
        with configured(SAMPLING_RULES=rules):
            assert recorded() == expected
    with configured(SAMPLING_RULES=NONE_AT_ALL):
        pass
    assert recorded() >= 1  # the first in a second is recorded by the default rules


def test_dynamic_naming_names_requests_by_host(sent: Traced) -> None:
    with configured(DYNAMIC_NAMING="*.example.com", SAMPLING=False):
        serve_wsgi("/plain/", HOST="shop.example.com")
        serve_wsgi("/plain/")
    with configured(SAMPLING=False):
        serve_wsgi("/plain/", HOST="shop.example.com")
    assert [each["name"] for each in sent()] == ["shop.example.com", "app", "app"]


def test_the_streaming_threshold_lets_subsegments_leave_early(sent: Traced) -> None:
    with configured(STREAMING_THRESHOLD=0, SAMPLING=False):
        serve_wsgi("/template/page.html")
    assert [outline(each) for each in sent()] == ["part.html", "page.html", "app"]


def test_max_trace_back_is_the_number_of_frames(sent: Traced) -> None:
    with configured(MAX_TRACE_BACK=1, SAMPLING=False):
        serve_wsgi("/fail/broken/")
    (document,) = sent()
    (exception,) = document["cause"]["exceptions"]
    assert [each["label"] for each in exception["stack"]] == ["fail"]


def test_without_stream_sql_the_text_of_queries_is_left_out(sent: Traced) -> None:
    with configured(STREAM_SQL=False), xray_recorder.in_segment(sampling=1):
        Item.objects.count()
    (document,) = sent()
    assert document["subsegments"][0]["sql"] == {"database_type": "sqlite"}


def test_without_auto_instrument_neither_queries_nor_templates_are_recorded(sent: Traced) -> None:
    for wanted in (False, True):
        with configured(AUTO_INSTRUMENT=wanted), xray_recorder.in_segment(sampling=1):
            Item.objects.count()
            render_to_string("part.html")
    assert [outline(each) for each in sent()] == ["app", ("app", ["default.sqlite3", "part.html"])]


@pytest.mark.parametrize("wanted", ["ALL", "LAMBDA", "NONE"])
def test_urls_become_annotations_where_that_is_wanted(wanted: str, sent: Traced) -> None:
    with configured(URLS_AS_ANNOTATION=wanted, SAMPLING=False):
        serve_wsgi("/plain/")
    (document,) = sent()
    fields = {**document["http"]["request"], **document["http"]["response"]}
    assert fields.keys() == {"method", "url", "client_ip", "status", "content_length"}
    assert document.get("annotations") == (fields if wanted == "ALL" else None)


def test_plugins_of_a_later_version_are_told_and_do_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    with configured(PLUGINS=("EC2Plugin",)):
        pass
    with configured(PLUGINS=["EC2Plugin"]):
        pass
    assert [each.getMessage() for each in caplog.records] == [
        "The plugin 'EC2Plugin' is not part of this version; segments do not tell where they ran"
    ]
