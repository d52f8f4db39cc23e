"""What a document means, and that no text whatever does harm."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws_xray_sdk.local.documents import Namespace, Outcome, Part, Raised, Reason, Refused, parse
from tests.local import START, TRACE_ID, Document, detached, http, identity, parts, segment, subsegment

PLAIN: dict[str, Any] = {
    "trace_id": TRACE_ID,
    "parent_id": None,
    "is_segment": False,
    "start": START,
    "end": START + 0.1,
    "namespace": Namespace.LOCAL,
    "outcome": Outcome.OK,
    "method": None,
    "url": None,
    "status": None,
    "database": None,
    "sql": None,
    "operation": None,
    "annotations": {},
    "exceptions": (),
}


def part(number: int, name: str, **fields: Any) -> Part:
    return Part(**{"id": identity(number), "name": name, **PLAIN, **fields})


def test_a_segment_and_all_embedded_in_it_become_parts_with_their_parents() -> None:
    nested = subsegment(2, "a", subsegments=[subsegment(3, "b")])
    document = segment(1, "shop", subsegments=[nested, subsegment(4, "c")])
    assert parts(document) == [
        part(1, "shop", is_segment=True),
        part(2, "a", parent_id=identity(1)),
        part(3, "b", parent_id=identity(2)),
        part(4, "c", parent_id=identity(1)),
    ]


def test_a_detached_subsegment_is_no_segment_and_knows_its_parent() -> None:
    assert parts(detached(2, 1, "a")) == [part(2, "a", parent_id=identity(1))]


def test_where_a_subsegment_is_embedded_beats_the_parent_that_it_names() -> None:
    document = segment(1, "shop", subsegments=[subsegment(2, "a", parent_id=identity(9), trace_id="nonsense")])
    assert parts(document)[1] == part(2, "a", parent_id=identity(1))


def test_http_sql_aws_flags_and_annotations_are_read() -> None:
    call = subsegment(1, "pricing", http=http("GET", "http://pricing/1", 429), error=True, throttle=True)
    query = subsegment(2, "db", namespace="remote", sql={"database_type": "mysql", "sanitized_query": "SELECT 1"})
    item = subsegment(3, "dynamodb", namespace="aws", aws={"operation": "GetItem", "table_name": "orders"}, fault=True)
    annotated = {"text": "a", "number": 1.5, "bool": True, "list": [1], "none": None}
    found = parts(segment(9, "shop", annotations=annotated, subsegments=[call, query, item]))
    under = identity(9)
    request = {"method": "GET", "url": "http://pricing/1", "status": 429}
    assert found == [
        part(9, "shop", is_segment=True, annotations={"text": "a", "number": 1.5, "bool": True}),
        part(1, "pricing", parent_id=under, outcome=Outcome.THROTTLE, **request),
        part(2, "db", parent_id=under, namespace=Namespace.REMOTE, database="mysql", sql="SELECT 1"),
        part(
            3,
            "dynamodb",
            parent_id=under,
            namespace=Namespace.AWS,
            operation="GetItem orders",
            outcome=Outcome.FAULT,
        ),
    ]


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        ({}, Outcome.OK),
        ({"error": True}, Outcome.ERROR),
        ({"error": True, "throttle": True}, Outcome.THROTTLE),
        ({"error": True, "throttle": True, "fault": True}, Outcome.FAULT),
        ({"error": False, "fault": "yes"}, Outcome.OK),
    ],
)
def test_the_worst_flag_is_the_outcome(flags: Document, outcome: Outcome) -> None:
    assert parts(segment(1, "shop", **flags))[0].outcome is outcome


def cause(*exceptions: Document) -> Document:
    return {"working_directory": "/srv", "exceptions": list(exceptions)}


def test_the_innermost_frame_is_the_last_of_python_and_the_first_of_others() -> None:
    python = [{"path": "a.py", "line": 1, "label": "outer"}, {"path": "/srv/b.py", "line": 2, "label": "inner"}]
    java = [{"path": "B.java", "line": 2, "label": "inner"}, {"path": "A.java", "line": 1, "label": "outer"}]
    raised = cause(
        {"id": identity(7), "type": "KeyError", "message": "'a'", "stack": python},
        {"id": identity(8), "type": "IOException", "message": "disk", "stack": java},
        {"id": identity(9)},
    )
    assert parts(segment(1, "shop", cause=raised))[0].exceptions == (
        Raised("KeyError", "'a'", "b.py:2 in inner"),
        Raised("IOException", "disk", "B.java:2 in inner"),
        Raised("exception", "", None),
    )


def test_a_frame_of_a_library_is_passed_over_when_its_path_tells() -> None:
    stack = [
        {"path": "/srv/shop.py", "line": 8, "label": "buy"},
        {"path": "/lib/site-packages/client.py", "line": 99, "label": "send"},
    ]
    raised = cause({"id": identity(7), "type": "Timeout", "message": "", "stack": stack})
    assert parts(segment(1, "shop", cause=raised))[0].exceptions == (Raised("Timeout", "", "shop.py:8 in buy"),)


def test_a_cause_told_elsewhere_is_no_exception_here() -> None:
    assert parts(segment(1, "shop", cause=identity(7)))[0].exceptions == ()


UNUSABLE: dict[str, object] = {
    "a list": [],
    "a text": "segment",
    "null": None,
    "empty": {},
    "no id": {**segment(1, "a"), "id": None},
    "id a number": {**segment(1, "a"), "id": 1},
    "id of a wrong length": {**segment(1, "a"), "id": "abc"},
    "id with a line end": {**segment(1, "a"), "id": identity(1) + "\n"},
    "id that a terminal obeys": {**segment(1, "a"), "id": "\x1b[2J"},
    "no trace id": {**segment(1, "a"), "trace_id": None},
    "trace id of a wrong form": {**segment(1, "a"), "trace_id": "1-2-3"},
    "trace id a list": {**segment(1, "a"), "trace_id": [TRACE_ID]},
    "parent id of a wrong form": {**segment(1, "a"), "parent_id": "me"},
    "no name": {**segment(1, "a"), "name": None},
    "empty name": {**segment(1, "a"), "name": ""},
    "name an object": {**segment(1, "a"), "name": {}},
    "no start": {**segment(1, "a"), "start_time": None},
    "start a text": {**segment(1, "a"), "start_time": "now"},
    "start a bool": {**segment(1, "a"), "start_time": True},
    "start not a number": {**segment(1, "a"), "start_time": float("nan")},
    "start infinite": {**segment(1, "a"), "start_time": float("inf")},
    "start before all time": {**segment(1, "a"), "start_time": -1},
    "start after all time": {**segment(1, "a"), "start_time": 10**4000},
    "subsegment a number": segment(1, "a", subsegments=[1]),
    "subsegment without a name": segment(1, "a", subsegments=[{**subsegment(2, "b"), "name": 1}]),
}


@pytest.mark.parametrize("document", UNUSABLE.values(), ids=UNUSABLE)
def test_a_document_without_its_identity_is_refused(document: object) -> None:
    with pytest.raises(Refused) as caught:
        parse(json.dumps(document))
    assert caught.value.reason is Reason.DOCUMENT


WRONG_FIELDS = {
    "parent_id": 1,
    "end_time": "later",
    "namespace": ["aws"],
    "http": [],
    "sql": "SELECT 1",
    "aws": 1,
    "annotations": "a=1",
    "cause": 5,
    "subsegments": {"a": 1},
    "fault": "true",
}


def test_any_other_field_of_a_wrong_type_counts_as_absent() -> None:
    assert parts({**segment(1, "shop"), **WRONG_FIELDS}) == [part(1, "shop", is_segment=True, end=None)]


def test_fields_of_a_wrong_type_further_down_count_as_absent() -> None:
    deeper: Document = {
        "http": {"request": {"method": 1, "url": None}, "response": {"status": "200"}},
        "sql": {"sanitized_query": {}},
        "aws": {"operation": 3},
        "cause": {"exceptions": [1, {"type": 1, "message": [], "stack": [1, {"path": 2}]}]},
        "annotations": {"big": 10**400, "infinite": float("inf")},
    }
    expected = part(1, "shop", is_segment=True, database="sql", exceptions=(Raised("exception", "", None),))
    assert parts(segment(1, "shop", **deeper)) == [expected]


NO_JSON = {
    "empty": "",
    "open": "{",
    "words": "nonsense",
    "nul": "\x00",
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "huge number": '{"start_time": ' + "9" * 50_000 + "}",
}


@pytest.mark.parametrize("text", NO_JSON.values(), ids=NO_JSON)
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.reason is Reason.JSON


def test_subsegments_nested_as_deep_as_json_may_be_are_all_read() -> None:
    document = subsegment(400, "deepest")
    for number in range(399, 1, -1):
        document = subsegment(number, "deep", subsegments=[document])
    assert len(parts(segment(1, "shop", subsegments=[document]))) == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["name", "type", "parent_id", "end_time", "http", "sql", "aws", "cause", "annotations", "subsegments", "id"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_whatever_the_fields_hold_a_document_is_read_or_refused(fields: Document) -> None:
    try:
        found = parse(json.dumps({**segment(1, "shop"), **fields}))
    except Refused:
        return
    assert found[0].trace_id == TRACE_ID
