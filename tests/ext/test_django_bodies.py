"""What Django answers with: templates, streams that are made while they are sent, files."""

from __future__ import annotations

import django
import pytest
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.django.templates import patch_template, unpatch_template
from tests.core import Traced, outline, segment, subsegment
from tests.ext.django_client import SERVERS, Serve, served

# -- bodies that are made while they are sent


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(("server", "prefix"), [("wsgi", "/"), ("asgi", "/async/")])
def test_what_is_done_while_streaming_belongs_to_the_request(server: str, prefix: str, traced: Traced) -> None:
    assert SERVERS[server](f"{prefix}stream/whole/").body == b"1;2;"
    assert traced() == [served(f"{prefix}stream/whole/", subsegment("part 1"), subsegment("part 2"), length=None)]
    assert xray_recorder.context.peek() is None


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(("server", "prefix"), [("asgi", "/"), ("wsgi", "/async/")])
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_an_iterator_of_the_other_kind_than_the_server_streams_as_well(
    server: str, prefix: str, traced: Traced
) -> None:
    assert SERVERS[server](f"{prefix}stream/whole/").body == b"1;2;"
    assert traced() == [served(f"{prefix}stream/whole/", subsegment("part 1"), subsegment("part 2"), length=None)]


@pytest.mark.parametrize(("server", "prefix"), [("wsgi", "/"), ("asgi", "/async/")])
def test_an_exception_while_streaming_is_a_fault_of_the_request(server: str, prefix: str, traced: Traced) -> None:
    with pytest.raises(ValueError, match="broken shelf"):
        SERVERS[server](f"{prefix}stream/broken/")
    (document,) = traced()
    assert outline(document) == ("app", ["part 1", "part 2"])
    assert document["fault"] and document["http"]["response"]["status"] == 500
    assert document["cause"] == document["subsegments"][1]["cause"]["exceptions"][0]["id"]


@pytest.mark.usefixtures("fixed")
def test_a_client_that_leaves_while_streaming_ends_the_request(traced: Traced) -> None:
    response = Client().get("/stream/whole/")
    assert next(iter(response)) == b"1;"
    assert traced() == []
    response.close()
    assert traced() == [served("/stream/whole/", subsegment("part 1"), length=None)]
    response.close()
    assert traced() == []


@pytest.mark.usefixtures("fixed")
def test_what_a_stream_does_when_it_is_closed_early_belongs_to_the_request(traced: Traced) -> None:
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    response = Client().get("/stream/tidy/")
    assert next(iter(response)) == b"1;"
    response.close()
    parts = [subsegment("part 1"), subsegment("part 0")]
    assert traced() == [served("/stream/tidy/", *parts, length=None)]


@pytest.mark.usefixtures("fixed")
def test_a_file_is_sent_and_recorded_when_it_is_closed(traced: Traced) -> None:
    response = Client().get("/file/")
    assert traced() == [] and xray_recorder.context.peek() is None
    assert response.getvalue() == b"contents"
    response.close()
    assert traced() == [served("/file/", length=8)]


@pytest.mark.usefixtures("fixed")
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_a_file_is_recorded_under_every_server(serve: Serve, traced: Traced) -> None:
    assert serve("/file/").body == b"contents"
    assert traced() == [served("/file/", length=8)]


# -- templates


@pytest.mark.usefixtures("fixed")
def test_templates_are_recorded_by_name_included_ones_too(serve: Serve, traced: Traced) -> None:
    """A template that extends another is one rendering: the other only lends its frame."""
    assert serve("/template/page.html").body == b"<hello you>"
    page = subsegment("page.html", subsegment("part.html"))
    assert traced() == [served("/template/page.html", page, length=11)]


@pytest.mark.usefixtures("fixed")
def test_a_template_without_a_name_is_called_template_render(traced: Traced) -> None:
    with xray_recorder.in_segment():
        assert engines["django"].from_string("hello {{ name }}").render({"name": "you"}) == "hello you"
    assert traced() == [segment(subsegment("template_render"))]


if django.VERSION >= (6, 0):

    @pytest.mark.usefixtures("fixed")
    def test_partials_are_recorded_by_the_name_that_a_loader_knows_them_by(traced: Traced) -> None:
        with xray_recorder.in_segment():
            assert render_to_string("rows.html#row", {"name": "you"}) == "row of you"
            assert render_to_string("rows.html", {"name": "you"}) == "1: row of you"
        row = subsegment("rows.html#row")
        assert traced() == [segment(row, subsegment("rows.html", row))]


@pytest.mark.usefixtures("fixed")
def test_an_answer_whose_template_is_rendered_late_is_recorded_within_the_request(serve: Serve, traced: Traced) -> None:
    assert serve("/late/").body == b"hello you"
    assert traced() == [served("/late/", subsegment("part.html"), length=9)]


@pytest.mark.parametrize("strategy", ["RUNTIME_ERROR", "LOG_ERROR", "IGNORE_ERROR"])
def test_rendering_outside_of_a_request_is_silent(
    strategy: str, traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    xray_recorder.configure(context_missing=strategy)
    assert render_to_string("page.html", {"name": "you"}) == "<hello you>"
    assert (traced(), caplog.text) == ([], "")


@pytest.mark.usefixtures("fixed")
def test_templates_are_recorded_once_however_often_they_are_patched_and_not_once_unpatched(traced: Traced) -> None:
    patch_template()
    try:
        with xray_recorder.in_segment():
            render_to_string("part.html")
        unpatch_template()
        unpatch_template()
        with xray_recorder.in_segment():
            render_to_string("part.html")
    finally:
        patch_template()
    assert traced() == [segment(subsegment("part.html")), segment(first=4)]


# -- the clients that applications test with


@pytest.mark.usefixtures("fixed", "django_databases")
def test_djangos_test_clients_are_recorded_like_any_client(views: str, traced: Traced) -> None:
    path = f"{views}whole/"
    xray_recorder.configure(stream_sql=False)
    assert Client().get(path).content == b"<hello first of default>"
    (by_client,) = traced()
    assert by_client["http"] == served(path, length=24)["http"]
    assert outline(by_client) == ("app", [("look", ["default.sqlite3"]), ("page.html", ["part.html"])])


def test_djangos_test_client_raises_what_the_view_raised_and_the_request_is_a_fault(views: str, traced: Traced) -> None:
    with pytest.raises(ValueError, match="no such shelf"):
        Client().get(f"{views}fail/broken/")
    (document,) = traced()
    assert document["fault"] and document["http"]["response"]["status"] == 500


@pytest.mark.usefixtures("fixed")
def test_a_request_within_a_segment_of_a_test_leaves_that_segment_current(serve: Serve, traced: Traced) -> None:
    with xray_recorder.in_segment("test") as outer, xray_recorder.in_subsegment("asks") as asks:
        assert Client().get("/plain/").status_code == 200
        assert xray_recorder.get_trace_entity() is asks
        assert xray_recorder.current_segment() is outer
    request, test = traced()
    assert (outline(request), outline(test)) == ("app", ("test", ["asks"]))
