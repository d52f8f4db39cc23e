"""Whole documents: what each verb of a segment and a subsegment writes, and that nothing else is written."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.models import http
from aws_xray_sdk.core.models.entity import Entity
from aws_xray_sdk.core.models.facade_segment import FacadeSegment
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.models.trace_header import TraceHeader
from tests.conftest import Daemon
from tests.core import AWS, NOW, SERVICE, Document, Traced, detached, entity_id, segment, subsegment, trace_id
from tests.schema import validate

pytestmark = pytest.mark.usefixtures("fixed")


def test_every_part_of_a_document_in_one(traced: Traced) -> None:
    with xray_recorder.in_segment(parent_id="53995c3f42cd8ad8") as root:
        root.set_user("me")
        root.set_service({"version": "1.2"})
        root.put_http_meta(http.URL, "https://shop/orders")
        root.put_http_meta(http.METHOD, "GET")
        root.put_http_meta(http.USER_AGENT, "curl")
        root.put_http_meta(http.CLIENT_IP, "10.0.0.1")
        root.put_http_meta(http.X_FORWARDED_FOR, True)
        root.put_http_meta(http.STATUS, 429)
        root.put_http_meta(http.CONTENT_LENGTH, 17)
        root.put_annotation("tenant", "t1")
        root.put_metadata("k", {"v": 1})
        root.set_rule_name("my rule")
        root.origin = "AWS::EC2::Instance"  # type: ignore[attr-defined]
        with xray_recorder.in_subsegment("db", "remote") as query:
            query.set_sql({"sanitized_query": "SELECT 1", "url": "db@host"})
            query.add_fault_flag()
        with xray_recorder.in_subsegment("S3", "aws") as call:
            call.set_aws({"operation": "PutObject", "region": "eu-west-1"})
            call.add_throttle_flag()
            call.add_error_flag()
    request = {
        "url": "https://shop/orders",
        "method": "GET",
        "user_agent": "curl",
        "client_ip": "10.0.0.1",
        "x_forwarded_for": True,
    }
    assert traced() == [
        segment(
            subsegment(
                "db", namespace="remote", fault=True, sql={"sanitized_query": "SELECT 1", "url": "db@host"}
            ),
            subsegment(
                "S3", namespace="aws", error=True, throttle=True, aws={"operation": "PutObject", "region": "eu-west-1"}
            ),
            parent_id="53995c3f42cd8ad8",
            user="me",
            service={"version": "1.2"},
            http={"request": request, "response": {"status": 429, "content_length": 17}},
            annotations={"tenant": "t1"},
            metadata={"default": {"k": {"v": 1}}},
            aws={"xray": {**AWS["xray"], "sampling_rule_name": "my rule"}},
            error=True,
            throttle=True,
            origin="AWS::EC2::Instance",
        )
    ]  # fmt: skip


def test_numbers_have_six_decimals(daemon: Daemon, traced: Traced) -> None:
    with xray_recorder.in_segment():
        pass
    [datagram] = daemon.datagrams()
    assert b'"start_time":1700000000.250000,"end_time":1700000000.250000,"in_progress":false' in datagram


@pytest.mark.parametrize("start", [0.0, 0.1, 999_999_999.9999996, 1e9, 1_700_000_000.1234569, 9_999_999_999.5, 1e10])
def test_times_of_any_size_are_written_to_the_microsecond(start: float) -> None:
    given = Segment("app")
    given.start_time = start
    given.close(start + 0.25)
    read = json.loads(given.serialize() or "")
    assert read["start_time"] == pytest.approx(start, abs=6.5e-7)
    assert read["end_time"] == pytest.approx(start + 0.25, abs=6.5e-7)


def test_embedded_subsegments_repeat_what_detached_ones_need(traced: Traced) -> None:
    with xray_recorder.in_segment(), xray_recorder.in_subsegment("sub"):
        pass
    [document] = traced()
    assert document["subsegments"] == [
        {
            "id": entity_id(3),
            "name": "sub",
            "start_time": NOW,
            "end_time": NOW,
            "in_progress": False,
            "parent_id": entity_id(1),
            "trace_id": trace_id(),
            "type": "subsegment",
            "namespace": "local",
        }
    ]


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        (200, {}),
        (302, {}),
        (399, {}),
        (400, {"error": True}),
        (404, {"error": True}),
        (429, {"error": True, "throttle": True}),
        (499, {"error": True}),
        (500, {"fault": True}),
        (503, {"fault": True}),
        ("404", {"error": True}),
        (None, {}),
        ("teapot", {}),
    ],
)
def test_a_status_sets_its_flags(traced: Traced, status: Any, flags: dict[str, Any]) -> None:
    with xray_recorder.in_segment() as root:
        root.apply_status_code(status)
    assert traced() == [segment(**flags)]


def test_a_status_given_as_text_is_written_as_a_number_and_a_wrong_one_not_at_all(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.put_http_meta(http.STATUS, "200")
    with xray_recorder.in_segment() as root:
        root.put_http_meta(http.STATUS, "teapot")
        root.put_http_meta("unknown", 1)
        root.put_http_meta(http.URL, None)
    assert traced() == [segment(http={"response": {"status": 200}}), segment(first=3)]


def test_sections_are_dicts_that_can_be_written_to(traced: Traced) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub") as sub:
        root.http["request"] = {"url": "http://shop/"}
        root.annotations["a"] = 1
        root.metadata["mine"] = {"m": 1}
        root.aws["account_id"] = "123456789012"
        root.service["version"] = "2"
        sub.sql["url"] = "db@host"
        sub.http = {"response": {"status": 200}}
        sub.annotations = {"b": 2}
    inner = subsegment("sub", sql={"url": "db@host"}, http={"response": {"status": 200}}, annotations={"b": 2})
    assert traced() == [
        segment(
            inner,
            http={"request": {"url": "http://shop/"}},
            annotations={"a": 1},
            metadata={"mine": {"m": 1}},
            aws={**AWS, "account_id": "123456789012"},
            service={**SERVICE, "version": "2"},
        )
    ]


def test_what_one_segment_writes_of_the_program_no_other_tells(traced: Traced) -> None:
    with xray_recorder.in_segment() as root:
        root.aws["account_id"] = "1"
        root.aws["xray"]["sampling_rule_name"] = "mine"
        root.service["version"] = "2"
    with xray_recorder.in_segment():
        pass
    assert traced()[1] == segment(first=3)


def test_reading_sections_writes_nothing(traced: Traced) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub") as sub:
        for entity in (root, sub):
            found = (entity.http, entity.annotations, entity.metadata, entity.cause, entity.subsegments)
            assert not any(found) or entity.subsegments
        assert (root.aws, root.service, sub.aws, sub.sql) == (AWS, SERVICE, {}, {})
    assert traced() == [segment(subsegment("sub"))]


def test_attributes_that_nobody_knows_go_into_the_document() -> None:
    given = Subsegment("sub", "local", Segment("app"))
    given.precursor_ids = ["53995c3f42cd8ad8"]  # type: ignore[attr-defined]
    given._private = 1  # type: ignore[attr-defined]
    given.nothing = None  # type: ignore[attr-defined]
    found = given.to_dict()
    assert found["precursor_ids"] == ["53995c3f42cd8ad8"]
    assert not {"_private", "nothing"} & set(found)


@pytest.mark.parametrize(
    "cause",
    [
        {"exceptions": [{"id": "53995c3f42cd8ad8", "message": "no"}]},
        {"working_directory": "/srv", "exceptions": ()},
        {"exceptions": {"a": 1}},
        {"exceptions": 5},
        {"message": "no"},
        "53995c3f42cd8ad8",
        ["a"],
    ],
)
def test_a_cause_of_the_applications_own_is_written_as_it_is(cause: Any) -> None:
    given = Segment("app")
    given.cause = cause
    assert given.to_dict()["cause"] == json.loads(json.dumps(cause))


def test_an_exception_of_the_applications_own_beside_ours_is_written_too() -> None:
    given = Segment("app")
    given.add_exception(ValueError("ours"), [])
    assert isinstance(given.cause, dict)
    given.cause["exceptions"].append({"id": "53995c3f42cd8ad8", "message": "mine"})
    assert [each["message"] for each in given.to_dict()["cause"]["exceptions"]] == ["ours", "mine"]


def test_a_dict_of_an_entity_is_what_is_sent(traced: Traced) -> None:
    with xray_recorder.in_segment() as root, xray_recorder.in_subsegment("sub") as sub:
        sub.put_metadata("k", {1, 2})
    found = root.to_dict()
    assert found == json.loads(root.serialize() or "")
    assert [found] == traced()
    assert sub.to_dict() == found["subsegments"][0]


def test_an_open_entity_is_in_progress() -> None:
    root = Segment("app")
    assert root.to_dict() == {
        "id": entity_id(1), "name": "app", "start_time": NOW, "in_progress": True, "trace_id": trace_id(),
    }  # fmt: skip
    validate(root.to_dict())


def test_entities_can_be_built_and_hung_by_hand() -> None:
    root = Segment("app", "53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad9", True)
    first, second = Subsegment("a", "local", root), Subsegment("b", "remote", root)
    assert (first.type, first.namespace, first.parent_segment, first.trace_id) == (
        "subsegment", "local", root, root.trace_id,
    )  # fmt: skip
    root.add_subsegment(first)
    first.add_subsegment(second)
    assert root.subsegments == [first]
    assert root.get_total_subsegments_size() == 2
    assert not root.ready_to_send()
    second.close()
    first.close(NOW + 1)
    root.close()
    assert root.ready_to_send()
    document = root.to_dict()
    validate(document)
    assert document["subsegments"][0]["end_time"] == NOW + 1
    first.remove_subsegment(second)
    root.remove_subsegment(first)
    assert root.subsegments == []


def test_a_subsegment_ended_before_it_hangs_anywhere_does_no_harm() -> None:
    lonely = Subsegment("lonely", "local", Segment("app"))
    lonely.close()
    assert not lonely.in_progress
    assert lonely.to_dict()["name"] == "lonely"


def test_the_header_a_request_came_with_is_kept_by_the_segment() -> None:
    root = Segment("app")
    sub = Subsegment("sub", "local", root)
    header = TraceHeader(root=root.trace_id, sampled=1)
    assert root.get_origin_trace_header() is None
    sub.save_origin_trace_header(header)
    assert root.get_origin_trace_header() is sub.get_origin_trace_header() is header


def test_an_entity_of_no_segment_has_a_document() -> None:
    entity = Entity("bare")
    entity.put_annotation("a", 1)
    entity.put_metadata("m", 1)
    found: Document = entity.to_dict()
    assert (found["name"], found["annotations"]) == ("bare", {"a": 1})


def test_writes_to_a_facade_are_ignored_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    facade = FacadeSegment("facade", "53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793", True)
    for _ in range(2):
        facade.put_annotation("a", 1)
        facade.put_metadata("a", 1)
        facade.put_http_meta("url", "http://host")
        facade.add_exception(ValueError("no"), [])
        facade.apply_status_code(500)
        facade.set_user("me")
        facade.set_aws({})
        facade.close()
        for flag in (facade.add_error_flag, facade.add_fault_flag, facade.add_throttle_flag):
            flag()
    assert facade.in_progress
    assert (facade.serialize(), facade.ready_to_send()) == (None, False)
    assert not (facade.annotations or facade.metadata or facade.http or facade.fault)
    messages = [each.getMessage() for each in caplog.records]
    assert len(messages) == len(set(messages)) == 10


def test_what_hangs_below_a_facade_is_sent_below_it(traced: Traced) -> None:
    facade = FacadeSegment("facade", "53995c3f42cd8ad8", "1-5759e988-bd862e3fe1be46a994272793", True)
    xray_recorder.configure(streaming_threshold=0)
    xray_recorder.set_trace_entity(facade)
    with xray_recorder.in_subsegment("sub"):
        pass
    xray_recorder.end_segment()
    expected = detached(subsegment("sub"), 1, 0, facade.trace_id)
    assert traced() == [{**expected, "parent_id": facade.id}]


def test_entities_can_be_copied() -> None:
    root = Segment("app")
    root.put_annotation("a", 1)
    assert copy.copy(root).to_dict() == root.to_dict()


def test_a_module_in_metadata_is_named_and_not_opened(traced: Traced) -> None:
    with xray_recorder.in_segment() as request:
        request.put_metadata("module", json)
    assert traced()[0]["metadata"] == {"default": {"module": "<json>"}}
