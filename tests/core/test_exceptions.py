"""What a document tells of an exception: type, message, the application's frames, and what caused it."""

from __future__ import annotations

import builtins
import os
import sys
import traceback
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models.throwable import Throwable
from tests.core import Document, Traced, entity_id, segment, subsegment

HERE = os.path.basename(__file__)


def line_of(function: Any, offset: int) -> int:
    return int(function.__code__.co_firstlineno) + offset


def frame(function: Any, offset: int) -> Document:
    return {"path": HERE, "line": line_of(function, offset), "label": function.__name__}


def told(number: int, type: str, message: str, **fields: Any) -> Document:
    return {"id": entity_id(number), "message": message, "type": type, "remote": False, **fields}


def cause(*exceptions: Document) -> Document:
    return {"working_directory": os.getcwd(), "exceptions": list(exceptions)}


def fail(message: str = "no") -> None:
    raise LookupError(message)


def fail_because() -> None:
    try:
        fail("first")
    except LookupError as error:
        raise ValueError("second") from error


def fail_meanwhile() -> None:
    try:
        fail("first")
    except LookupError:
        raise ValueError("second")


def fail_from_none() -> None:
    try:
        fail("first")
    except LookupError:
        raise ValueError("second") from None


def deep(n: int) -> None:
    fail() if n == 0 else deep(n - 1)


@pytest.mark.usefixtures("fixed")
def test_the_inner_subsegment_tells_it_and_the_outer_ones_refer_to_it(traced: Traced) -> None:
    def request() -> None:
        with (
            xray_recorder.in_segment(),
            xray_recorder.in_subsegment("outer"),
            xray_recorder.in_subsegment("inner"),
        ):
            fail()

    with pytest.raises(LookupError):
        request()
    stack = [frame(request, 6), frame(fail, 1)]
    inner = subsegment("inner", fault=True, cause=cause(told(5, "LookupError", "no", stack=stack)))
    outer = subsegment("outer", inner, fault=True, cause=entity_id(5))
    assert traced() == [segment(outer, fault=True, cause=entity_id(5))]


@pytest.mark.parametrize("failing", [fail_because, fail_meanwhile])
@pytest.mark.usefixtures("fixed")
def test_what_caused_it_is_told_after_it(traced: Traced, failing: Any) -> None:
    with pytest.raises(ValueError), xray_recorder.in_segment():
        failing()
    [document] = traced()
    [second, first] = document["cause"]["exceptions"]
    assert (second["type"], second["message"], second["cause"]) == ("ValueError", "second", first["id"])
    assert (first["type"], first["message"]) == ("LookupError", "first")
    assert first["stack"] == [frame(failing, 2), frame(fail, 1)]


def test_what_the_application_suppressed_is_not_told(traced: Traced) -> None:
    with pytest.raises(ValueError), xray_recorder.in_segment():
        fail_from_none()
    [document] = traced()
    assert [each["type"] for each in document["cause"]["exceptions"]] == ["ValueError"]


def test_an_error_caused_by_one_already_told_refers_to_it(traced: Traced) -> None:
    @xray_recorder.capture("inner")
    def inner_work() -> None:
        fail()

    def work() -> None:
        try:
            inner_work()
        except LookupError as error:
            raise ValueError("outer") from error

    with pytest.raises(ValueError), xray_recorder.in_segment():
        work()
    [document] = traced()
    [inner] = document["subsegments"][0]["cause"]["exceptions"]
    [outer] = document["cause"]["exceptions"]
    assert outer["cause"] == inner["id"]


def test_an_equal_exception_raised_again_is_told_again(traced: Traced) -> None:
    with xray_recorder.in_segment():
        for name in ("a", "b"):
            with pytest.raises(LookupError), xray_recorder.in_subsegment(name):
                fail(name)
    [document] = traced()
    assert [each["cause"]["exceptions"][0]["message"] for each in document["subsegments"]] == ["a", "b"]


def test_the_innermost_ten_frames_are_kept_and_the_others_counted(traced: Traced) -> None:
    with pytest.raises(LookupError), xray_recorder.in_segment():
        deep(20)
    [document] = traced()
    [exception] = document["cause"]["exceptions"]
    assert [each["label"] for each in exception["stack"]] == ["deep"] * 9 + ["fail"]
    assert exception["truncated"] == 13


def test_max_trace_back_sets_how_many_frames_are_kept(traced: Traced) -> None:
    xray_recorder.configure(max_trace_back=3)
    with pytest.raises(LookupError), xray_recorder.in_segment():
        deep(20)
    [document] = traced()
    [exception] = document["cause"]["exceptions"]
    assert len(exception["stack"]) == 3
    assert exception["truncated"] == 20


def test_none_of_our_frames_are_told(traced: Traced) -> None:
    captured = xray_recorder.capture()(fail)
    with pytest.raises(LookupError), xray_recorder.in_segment():
        captured()
    [document] = traced()
    [exception] = document["subsegments"][0]["cause"]["exceptions"]
    assert exception["stack"] == [frame(fail, 1)]


def test_a_stack_that_is_given_is_told(traced: Traced) -> None:
    stack = [traceback.FrameSummary("/srv/shop/views.py", 7, "view")]
    with xray_recorder.in_segment() as root:
        root.add_exception(ValueError("no"), stack, remote=True)
    [document] = traced()
    [exception] = document["cause"]["exceptions"]
    assert exception["stack"] == [{"path": "views.py", "line": 7, "label": "view"}]
    assert exception["remote"] is True
    assert document["fault"] is True


def test_an_exception_that_was_never_raised_has_no_stack(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.add_exception(ValueError("no"), [])
    [document] = traced()
    assert "stack" not in document["cause"]["exceptions"][0]


def test_the_cause_can_be_read_as_an_object(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.add_exception(ValueError("no"), [])
        assert isinstance(root.cause, dict)
        assert root.cause["working_directory"] == os.getcwd()
        [exception] = root.cause["exceptions"]
        assert isinstance(exception, Throwable)
        assert (exception.message, exception.type, exception.remote) == ("no", "ValueError", False)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_exception_whose_text_raises_is_named_by_its_type(traced: Traced) -> None:
    with pytest.raises(Mute), xray_recorder.in_segment():
        raise Mute
    [document] = traced()
    [exception] = document["cause"]["exceptions"]
    assert (exception["message"], exception["type"]) == ("<Mute>", "Mute")


def test_a_chain_in_a_circle_is_told_once(traced: Traced) -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    with pytest.raises(ValueError), xray_recorder.in_segment():
        raise first
    [document] = traced()
    assert [each["message"] for each in document["cause"]["exceptions"]] == ["first", "second"]


def test_a_long_chain_is_cut_and_says_so(traced: Traced) -> None:
    error = ValueError("last")
    for number in range(50):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer
    with pytest.raises(ValueError), xray_recorder.in_segment():
        raise error
    [document] = traced()
    exceptions = document["cause"]["exceptions"]
    assert len(exceptions) < 20
    assert exceptions[-1]["skipped"] == 51 - len(exceptions)


if sys.version_info >= (3, 11):

    def test_an_exception_group_is_recorded(traced: Traced) -> None:
        group: Any = builtins.ExceptionGroup("several", [ValueError("a"), KeyError("b")])
        with pytest.raises(builtins.ExceptionGroup), xray_recorder.in_segment():
            raise group
        [document] = traced()
        assert document["cause"]["exceptions"][0]["type"] == "ExceptionGroup"
