"""The schema itself: what X-Ray takes passes, what it refuses does not."""

import copy
from typing import Any

import pytest

from tests.schema import validate

TRACE = "1-5759e988-bd862e3fe1be46a994272793"

MINIMAL: dict[str, Any] = {
    "name": "shop",
    "id": "70de5b6f19ff9a0a",
    "trace_id": TRACE,
    "start_time": 1500000000.25,
    "end_time": 1500000000.5,
}

QUERY: dict[str, Any] = {
    "name": "orders@db.example.com",
    "id": "53995c3f42cd8ad8",
    "trace_id": TRACE,
    "parent_id": "70de5b6f19ff9a0a",
    "type": "subsegment",
    "namespace": "remote",
    "start_time": 1500000000.25,
    "end_time": 1500000000.5,
    "in_progress": False,
    "sql": {
        "url": "postgresql://app@db.example.com:5432/orders",
        "user": "app",
        "database_type": "PostgreSQL",
        "sanitized_query": "SELECT 1",
    },
}

FULL: dict[str, Any] = {
    **MINIMAL,
    "name": "Größe 10% a/b:c.d_e&f#g=h+i\\j-k@l",
    "parent_id": "0123456789abcdef",
    "in_progress": False,
    "service": {"runtime": "CPython", "runtime_version": "3.11.7", "version": "1"},
    "user": "ada",
    "origin": "AWS::EC2::Instance",
    "resource_arn": "arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
    "http": {
        "request": {"method": "GET", "url": "http://shop/", "client_ip": "10.0.0.1", "x_forwarded_for": True},
        "response": {"status": 500, "content_length": -1},
    },
    "aws": {"xray": {"sdk": "X-Ray for Python", "sdk_version": "2.16.0"}, "ec2": {"instance_id": "i-1"}},
    "fault": True,
    "cause": {
        "working_directory": "/srv",
        "exceptions": [
            {
                "id": "aaaaaaaaaaaaaaaa",
                "type": "KeyError",
                "message": "'a'",
                "remote": False,
                "cause": "bbbbbbbbbbbbbbbb",
                "stack": [{"path": "app.py", "line": 3, "label": "view"}],
            },
            {"id": "bbbbbbbbbbbbbbbb"},
        ],
    },
    "annotations": {"order.id": 7, "paid": True, "shop": "Zürich", "total": 1.5},
    "metadata": {"default": {"any thing": [None, {"deep": []}]}},
    "links": [{"trace_id": TRACE, "id": "53995c3f42cd8ad8"}],
    "subsegments": [
        {**QUERY, "precursor_ids": ["aaaaaaaaaaaaaaaa"]},
        {
            **MINIMAL,
            "name": "checkout",
            "id": "1111111111111111",
            "parent_id": "70de5b6f19ff9a0a",
            "type": "subsegment",
            "namespace": "local",
            "cause": "aaaaaaaaaaaaaaaa",
            "subsegments": [
                {
                    **MINIMAL,
                    "name": "DynamoDB",
                    "id": "2222222222222222",
                    "parent_id": "1111111111111111",
                    "type": "subsegment",
                    "namespace": "aws",
                    "aws": {"operation": "Query", "table_name": "t", "consumed_capacity": {"units": 1}},
                }
            ],
        },
    ],
}

OPEN: dict[str, Any] = {"name": "shop", "id": "70de5b6f19ff9a0a", "trace_id": TRACE, "start_time": 1.0}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(MINIMAL, id="what a segment needs"),
        pytest.param({**OPEN, "in_progress": True}, id="a segment in progress"),
        pytest.param(FULL, id="a segment with everything"),
        pytest.param(QUERY, id="a detached subsegment"),
    ],
)
def test_documents_that_xray_takes_pass(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    validate(document)
    assert document == before


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(OPEN, r"\$: 'in_progress' is a required property", id="neither ended nor in progress"),
        pytest.param({**MINIMAL, "in_progress": True}, r"\$\.in_progress", id="both ended and in progress"),
        pytest.param({**OPEN, "in_progress": False}, r"\$\.in_progress", id="not in progress and never ended"),
        pytest.param({**MINIMAL, "name": ""}, r"\$\.name", id="no name"),
        pytest.param({**MINIMAL, "name": "x" * 201}, r"\$\.name", id="a name too long"),
        pytest.param({**MINIMAL, "name": "what?"}, r"\$\.name", id="a name with a forbidden character"),
        pytest.param({**MINIMAL, "name": "a\n"}, r"\$\.name", id="a name that ends with a newline"),
        pytest.param({**MINIMAL, "name": "a\tb"}, r"\$\.name", id="a name with a tab"),
        pytest.param({**MINIMAL, "id": "70de5b6f19ff9a0"}, r"\$\.id", id="an id of 15 digits"),
        pytest.param({**MINIMAL, "trace_id": TRACE[:-1]}, r"\$\.trace_id", id="a trace id too short"),
        pytest.param({**MINIMAL, "start_time": "1500000000"}, r"\$\.start_time", id="a time as text"),
        pytest.param({**MINIMAL, "start_time": 1500000000250}, r"\$\.start_time", id="a time in milliseconds"),
        pytest.param({**MINIMAL, "start_time": float("nan")}, "not JSON", id="a time that is no number"),
        pytest.param({**MINIMAL, "end_time": 1.0}, r"\$\.end_time: before", id="an end before the start"),
        pytest.param({**MINIMAL, "type": "segment"}, r"\$\.type", id="an unknown type"),
        pytest.param({**MINIMAL, "sql": QUERY["sql"]}, "'sql' was unexpected", id="sql on a segment"),
        pytest.param({**MINIMAL, "sampled": True}, "'sampled' was unexpected", id="an unknown field"),
        pytest.param({**QUERY, "parent_id": ""}, r"\$\.parent_id", id="a detached subsegment without a parent"),
        pytest.param({**QUERY, "namespace": "sql"}, r"\$\.namespace", id="an unknown namespace"),
        pytest.param({**QUERY, "user": "ada"}, "'user' was unexpected", id="a user on a subsegment"),
        pytest.param({**QUERY, "sql": {"url": "pg://app:pw@db/x"}}, r"\$\.sql\.url", id="a password in a url"),
        pytest.param({**MINIMAL, "http": {"response": {"status": "200"}}}, r"\.status", id="a status as text"),
        pytest.param({**MINIMAL, "http": {"status": 200}}, r"\$\.http", id="a status outside the response"),
        pytest.param({**MINIMAL, "aws": {"operation": "Query"}}, r"\$\.aws", id="a call's parameter on a segment"),
        pytest.param({**MINIMAL, "cause": "KeyError"}, r"\$\.cause", id="a cause that is no id"),
        pytest.param({**MINIMAL, "cause": {"exceptions": [{"type": "E"}]}}, r"'id' is", id="an exception without id"),
        pytest.param({**MINIMAL, "annotations": {"a b": 1}}, r"\$\.annotations", id="an annotation key with a blank"),
        pytest.param({**MINIMAL, "annotations": {"a": [1]}}, r"\$\.annotations\.a", id="an annotation list"),
        pytest.param({**MINIMAL, "annotations": {"a": "x" * 1001}}, r"\.annotations\.a", id="an annotation too long"),
        pytest.param({**MINIMAL, "metadata": {"default": 1}}, r"\$\.metadata\.default", id="a flat metadata namespace"),
        pytest.param({**MINIMAL, "metadata": {"AWS.x": {}}}, r"\$\.metadata", id="a reserved metadata namespace"),
        pytest.param({**MINIMAL, "metadata": {"default": {"a": {1}}}}, "not JSON", id="a set in the metadata"),
        pytest.param({**MINIMAL, "subsegments": [OPEN]}, r"\.subsegments\[0\]", id="a subsegment without its fields"),
        pytest.param({**MINIMAL, "subsegments": [QUERY, QUERY]}, r"\[1\]\.id: .* twice", id="an id that occurs twice"),
        pytest.param(
            {**MINIMAL, "subsegments": [{**QUERY, "parent_id": "0" * 16}]},
            r"\[0\]\.parent_id: not the id",
            id="a subsegment below a stranger",
        ),
        pytest.param(
            {**MINIMAL, "subsegments": [{**QUERY, "trace_id": TRACE[:-1] + "0"}]},
            r"\[0\]\.trace_id: not that",
            id="a subsegment of another trace",
        ),
    ],
)
def test_documents_that_xray_refuses_are_told(document: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        validate(document)


def test_a_document_with_many_defects_is_told_in_a_few_lines() -> None:
    document = {**MINIMAL, "annotations": {f"k{index}": [] for index in range(20)}}
    with pytest.raises(AssertionError, match=r"\.\.\. and 15 more"):
        validate(document)
