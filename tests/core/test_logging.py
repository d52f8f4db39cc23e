"""Loggers go by their modules' names, and debug lines show what is sent."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from aws_xray_sdk._log import Log
from aws_xray_sdk.core import xray_recorder
from tests.core import Traced


def test_a_debug_line_of_the_emitter_holds_the_document(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aws_xray_sdk")
    with xray_recorder.in_segment():
        pass
    [record] = [each for each in caplog.records if each.name == "aws_xray_sdk.core.emitters.udp_emitter"]
    message = record.getMessage()
    assert record.levelno == logging.DEBUG
    [document] = traced()
    assert json.loads(message[message.index("{") : message.rindex("}") + 1]) == document
    assert "127.0.0.1:" in message


def test_nothing_is_formatted_while_nobody_debugs(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aws_xray_sdk")
    with xray_recorder.in_segment():
        pass
    assert caplog.records == []


def test_lines_name_the_module_and_the_place_that_spoke(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    xray_recorder.put_annotation("a", 1)
    with xray_recorder.in_segment() as root:
        root.put_annotation("bad key", 1)
    names = [each.name for each in caplog.records]
    assert names == ["aws_xray_sdk.core.context", "aws_xray_sdk.core.models.entity"]
    assert all(each.filename != "_log.py" for each in caplog.records)


def test_a_logger_follows_levels_set_later(caplog: pytest.LogCaptureFixture) -> None:
    log = Log("aws_xray_sdk.test")
    assert not log.debugs()
    caplog.set_level(logging.DEBUG, "aws_xray_sdk.test")
    assert log.debugs()
    log.debug("said %s", "once")
    assert [each.getMessage() for each in caplog.records] == ["said once"]


def test_a_request_does_not_load_logging() -> None:
    program = """
import sys
from aws_xray_sdk.core import xray_recorder
xray_recorder.configure(service="app", sampling=False, context_missing="IGNORE_ERROR")
with xray_recorder.in_segment(), xray_recorder.in_subsegment("sub"):
    xray_recorder.put_annotation("a", 1)
xray_recorder.put_annotation("a", 1)
print("logging" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
