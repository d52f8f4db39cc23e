"""What is peculiar to Flask: its hooks and handlers, its contexts, and the ways to use the middleware."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import Unauthorized
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from aws_xray_sdk.core import AWSXRayRecorder, xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from aws_xray_sdk.sdk_config import SDKConfig
from tests.conftest import Daemon
from tests.core import Traced, outline, segment
from tests.ext.flask_client import client_of, http, new_app, told

HEADER = "X-Amzn-Trace-Id"


class Teapot(Exception):
    """An exception that the application answers by itself."""


@pytest.fixture
def app() -> Flask:
    """An application, not traced yet."""
    return new_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of `app`, which is traced from now on."""
    XRayMiddleware(app, xray_recorder)
    return client_of(app)


def broken() -> str:
    raise ValueError("the shelf broke")


# -- hooks and handlers of the application


@pytest.mark.usefixtures("fixed")
def test_an_earlier_hook_that_aborts_keeps_its_status(app: Flask, traced: Traced) -> None:
    @app.before_request
    def deny() -> None:
        flask.abort(401)

    XRayMiddleware(app, xray_recorder)
    answer = client_of(app).get("/hello")
    assert answer.status_code == 401
    assert answer.data == Unauthorized().get_response().data
    assert traced() == [segment(http=http("/hello", 401, len(answer.data)), error=True)]
    assert answer.headers[HEADER] == "Root=1-6553f100-000000000000000000000002"


@pytest.mark.usefixtures("fixed")
def test_an_earlier_hook_that_answers_is_recorded(app: Flask, traced: Traced) -> None:
    app.before_request(lambda: "early")
    XRayMiddleware(app, xray_recorder)
    assert client_of(app).get("/hello").data == b"early"
    assert traced() == [segment(http=http("/hello", 200, 5))]


def test_what_hooks_do_belongs_to_the_request(app: Flask, client: FlaskClient, traced: Traced) -> None:
    def working(name: str) -> Callable[..., Any]:
        def work(response: flask.Response | None = None) -> flask.Response | None:
            with xray_recorder.in_subsegment(name):
                return response

        return work

    app.before_request(working("before"))
    app.after_request(working("after"))
    app.teardown_request(working("teardown"))
    app.add_url_rule("/", view_func=lambda: flask.Response(iter(["a"])))
    assert client.get("/").data == b"a"
    [document] = traced()
    assert outline(document) == ("app", ["before", "after", "teardown"])


@pytest.mark.parametrize("handled", [False, True])
def test_an_unhandled_exception_is_told_also_when_a_handler_makes_its_page(
    app: Flask, client: FlaskClient, traced: Traced, handled: bool
) -> None:
    app.add_url_rule("/", view_func=broken)
    if handled:
        app.register_error_handler(500, lambda error: ("sorry", 500))
    length = len(client.get("/").data)
    [document] = traced()
    assert document["http"] == http("/", 500, length)
    assert document["fault"] is True
    assert told(document) == [("ValueError", "the shelf broke")]


@pytest.mark.usefixtures("fixed")
def test_an_exception_that_the_application_answers_has_the_answers_status(
    app: Flask, client: FlaskClient, traced: Traced
) -> None:
    @app.get("/")
    def view() -> str:
        raise Teapot

    app.register_error_handler(Teapot, lambda error: ("short and stout", 418))
    assert client.get("/").status_code == 418
    assert traced() == [segment(http=http("/", 418, 15), error=True)]


@pytest.mark.parametrize("setting", ["PROPAGATE_EXCEPTIONS", "TESTING"])
def test_an_exception_that_is_left_to_the_server_is_told(
    app: Flask, client: FlaskClient, traced: Traced, setting: str
) -> None:
    app.config[setting] = True
    app.add_url_rule("/", view_func=broken)
    with pytest.raises(ValueError, match="the shelf broke") as caught:
        client.get("/")
    assert caught.value.__context__ is None
    [document] = traced()
    assert document["http"] == http("/", 500)
    assert document["fault"] is True
    assert told(document) == [("ValueError", "the shelf broke")]
    assert xray_recorder.context.peek() is None


@pytest.mark.usefixtures("fixed")
def test_blueprints_are_served_as_well(app: Flask, client: FlaskClient, traced: Traced) -> None:
    shelves = flask.Blueprint("shelves", __name__, url_prefix="/shelves")
    shelves.add_url_rule("/<name>", view_func=lambda name: flask.abort(409))
    shelves.register_error_handler(409, lambda error: ("taken", 409))
    app.register_blueprint(shelves)
    assert client.get("/shelves/top").data == b"taken"
    assert traced() == [segment(http=http("/shelves/top", 409, 5), error=True)]


# -- contexts


def test_a_client_that_keeps_the_context_gets_one_document_a_request(
    app: Flask, client: FlaskClient, traced: Traced
) -> None:
    app.add_url_rule("/<name>", view_func=lambda name: name)
    with client:
        for name in ("a", "b"):
            client.get(f"/{name}")
            assert flask.request.path == f"/{name}"
    assert [document["http"] for document in traced()] == [http("/a", 200, 1), http("/b", 200, 1)]
    assert xray_recorder.context.peek() is None


@pytest.mark.usefixtures("client")
def test_a_request_that_only_hooks_see_ends_with_its_context(app: Flask, traced: Traced) -> None:
    with app.test_request_context("/hello"):
        app.preprocess_request()
        assert xray_recorder.current_segment().name == "app"
    assert len(traced()) == 1
    assert xray_recorder.context.peek() is None


def test_a_copied_context_does_not_end_the_request(app: Flask, client: FlaskClient, traced: Traced) -> None:
    @app.get("/")
    def view() -> str:
        paths: list[str] = []
        work = flask.copy_current_request_context(lambda: paths.append(flask.request.path))
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with xray_recorder.in_subsegment("after"):
            return paths[0]

    assert client.get("/").data == b"/"
    [document] = traced()
    assert document["http"] == http("/", 200, 1)
    assert outline(document) == ("app", ["after"])


def test_a_request_inside_of_a_request_leaves_the_outer_one_current(
    app: Flask, client: FlaskClient, traced: Traced
) -> None:
    @app.get("/outer")
    def outer() -> bytes:
        with xray_recorder.in_subsegment("call"):
            body: bytes = client_of(app).get("/inner").data
        with xray_recorder.in_subsegment("after"):
            return body

    app.add_url_rule("/inner", view_func=lambda: "inside")
    assert client.get("/outer").data == b"inside"
    inner, document = traced()
    assert inner["http"] == http("/inner", 200, 6)
    assert outline(document) == ("app", ["call", "after"])


def test_an_asynchronous_view_records_into_its_request(app: Flask, client: FlaskClient, traced: Traced) -> None:
    @app.get("/")
    async def view() -> str:
        async with xray_recorder.in_subsegment_async("work"):
            return "done"

    assert client.get("/").data == b"done"
    [document] = traced()
    assert outline(document) == ("app", ["work"])


# -- the middleware


def test_a_subclass_may_leave_requests_out(app: Flask, traced: Traced) -> None:
    class Quiet(XRayMiddleware):
        def _before_request(self) -> None:
            if flask.request.path != "/health":
                super()._before_request()

    Quiet(app, xray_recorder)
    app.add_url_rule("/<name>", view_func=lambda name: name)
    client = client_of(app)
    answers = [client.get("/health"), client.get("/shelf")]
    assert [HEADER in answer.headers for answer in answers] == [False, True]
    assert [document["http"] for document in traced()] == [http("/shelf", 200, 5)]


def test_the_middleware_twice_records_once(app: Flask, client: FlaskClient, traced: Traced) -> None:
    XRayMiddleware(app, xray_recorder)
    app.add_url_rule("/", view_func=lambda: "once")
    for _ in range(2):
        client.get("/")
    assert [document["http"] for document in traced()] == [http("/", 200, 4)] * 2
    assert xray_recorder.context.peek() is None


def test_two_applications_record_with_their_own_recorders(app: Flask, daemon: Daemon, traced: Traced) -> None:
    other, recorder = Flask("other"), AWSXRayRecorder()
    recorder.configure(service="other", sampling=False, daemon_address=daemon.address)
    for each, its_recorder in ((app, xray_recorder), (other, recorder)):
        XRayMiddleware(each, its_recorder)
        each.add_url_rule("/hello", view_func=lambda: flask.current_app.name)
    client = Client(DispatcherMiddleware(app, {"/other": other}))
    assert [client.get(path).text for path in ("/hello", "/other/hello")] == ["shop", "other"]
    first, second = traced()
    assert (first["name"], first["http"]["request"]["url"]) == ("app", "http://localhost/hello")
    assert (second["name"], second["http"]["request"]["url"]) == ("other", "http://localhost/other/hello")


@pytest.mark.parametrize("when", ["at start", "at run time"])
def test_an_sdk_that_is_off_does_nothing(
    app: Flask, traced: Traced, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    caplog.set_level(logging.DEBUG, "aws_xray_sdk")
    if when == "at start":
        SDKConfig.set_sdk_enabled(False)
    XRayMiddleware(app, xray_recorder)
    SDKConfig.set_sdk_enabled(False)

    @app.get("/")
    def view() -> Any:
        xray_recorder.put_annotation("shelf", 3)
        with xray_recorder.in_subsegment("work"):
            return flask.stream_template("parts.html", names="ab")

    answer = client_of(app).get("/")
    assert answer.data == b"a;b;"
    assert HEADER not in answer.headers
    assert traced() == []
    assert caplog.records == []
    SDKConfig.set_sdk_enabled(True)
    assert client_of(app).get("/").data == b"a;b;"
    assert len(traced()) == 1


def test_an_sdk_that_is_switched_off_during_a_request_sends_nothing(
    app: Flask, client: FlaskClient, traced: Traced
) -> None:
    @app.get("/")
    def view() -> str:
        SDKConfig.set_sdk_enabled(False)
        return "off"

    assert client.get("/").data == b"off"
    assert traced() == []
    assert xray_recorder.context.peek() is None
