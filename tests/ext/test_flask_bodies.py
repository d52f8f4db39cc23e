"""Flask's bodies: templates, streams, files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from tests.core import Traced, segment, subsegment
from tests.ext.flask_client import client_of, http, new_app, told


@pytest.fixture
def app() -> Flask:
    """An application, not traced yet."""
    return new_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of `app`, which is traced from now on."""
    XRayMiddleware(app, xray_recorder)
    return client_of(app)


# -- templates


@pytest.mark.usefixtures("fixed")
def test_templates_are_subsegments_by_their_names(app: Flask, client: FlaskClient, traced: Traced) -> None:
    app.add_url_rule("/file", "file", lambda: flask.render_template("page.html", name="you"))
    app.add_url_rule("/text", "text", lambda: flask.render_template_string("<{{ name }}>", name="you"))
    assert client.get("/file").data == client.get("/text").data == b"<you>"
    assert traced() == [
        segment(subsegment("page.html"), http=http("/file", 200, 5)),
        segment(subsegment("template_render"), http=http("/text", 200, 5), first=4),
    ]


@pytest.mark.usefixtures("fixed")
def test_a_streamed_template_lasts_as_long_as_the_stream(app: Flask, client: FlaskClient, traced: Traced) -> None:
    def names() -> Iterator[str]:
        for name in ("a", "b"):
            with xray_recorder.in_subsegment(name):
                yield name

    app.add_url_rule("/", view_func=lambda: flask.stream_template("parts.html", names=names()))
    assert client.get("/").data == b"a;b;"
    rendering = subsegment("parts.html", subsegment("a"), subsegment("b"))
    assert traced() == [segment(rendering, http=http("/", 200))]


def test_a_template_that_fails_tells_it_once(app: Flask, client: FlaskClient, traced: Traced) -> None:
    app.add_url_rule("/", view_func=lambda: flask.render_template("bad.html"))
    assert b"Internal Server Error" in client.get("/").data
    [document] = traced()
    [rendering] = document["subsegments"]
    assert (rendering["name"], rendering["fault"]) == ("bad.html", True)
    assert told(rendering) == [("ZeroDivisionError", "division by zero")]
    assert document["cause"] == rendering["cause"]["exceptions"][0]["id"]


@pytest.mark.usefixtures("client")
def test_a_template_outside_of_a_request_renders_and_is_nobodys_mistake(
    app: Flask, traced: Traced, caplog: pytest.LogCaptureFixture
) -> None:
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    with app.app_context():
        assert flask.render_template("page.html", name="mail") == "<mail>"
        assert "".join(flask.stream_template("parts.html", names="ab")) == "a;b;"
    assert traced() == []
    assert caplog.records == []


# -- streams and files


@pytest.mark.usefixtures("fixed")
def test_a_stream_with_context_sees_its_request(app: Flask, client: FlaskClient, traced: Traced) -> None:
    @app.get("/<name>")
    def view(name: str) -> flask.Response:
        def body() -> Iterator[str]:
            with xray_recorder.in_subsegment("body"):
                yield flask.request.path
                yield xray_recorder.current_segment().name

        return flask.Response(flask.stream_with_context(body()))

    assert client.get("/shelf").data == b"/shelfapp"
    assert traced() == [segment(subsegment("body"), http=http("/shelf", 200))]


@pytest.mark.usefixtures("fixed")
def test_a_client_that_leaves_a_stream_early_is_no_fault(app: Flask, client: FlaskClient, traced: Traced) -> None:
    ended = []

    def body() -> Iterator[str]:
        try:
            with xray_recorder.in_subsegment("body"):
                while True:
                    yield "part"
        finally:
            ended.append(xray_recorder.current_segment().name)

    app.add_url_rule("/", view_func=lambda: flask.Response(body()))
    answer = client.get("/", buffered=False)
    parts = answer.iter_encoded()
    assert [next(parts), next(parts)] == [b"part", b"part"]
    assert traced() == []
    answer.close()
    assert ended == ["app"]
    assert traced() == [segment(subsegment("body"), http=http("/", 200))]


@pytest.mark.usefixtures("fixed")
def test_a_file_is_sent_as_flask_made_it(app: Flask, client: FlaskClient, traced: Traced) -> None:
    made: list[Any] = []

    @app.get("/")
    def view() -> flask.Response:
        made.append(flask.send_file(io.BytesIO(b"contents"), "text/plain"))
        made.append(made[0].response)
        response: flask.Response = made[0]
        return response

    answer = client.get("/")
    response, wrapper = made
    assert response.direct_passthrough
    assert response.response is wrapper
    assert traced() == [segment(http=http("/", 200, 8))]
    assert answer.data == b"contents"
