"""Requests that Django serves: the same tree under WSGI and ASGI, with sync and async views."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.sdk_config import SDKConfig
from tests.core import Traced, entity_id, outline, subsegment, trace_id
from tests.ext import django_app
from tests.ext.django_app import XRAY
from tests.ext.django_client import Serve, cause, serve_wsgi, served, shortened, site

APP = "tests.ext.django_app"
QUERY = 'SELECT "tests_item"."id", "tests_item"."name" FROM "tests_item" WHERE "tests_item"."name" = %s'


# -- the tree


@pytest.mark.usefixtures("fixed", "django_databases")
@pytest.mark.parametrize("path", ["/whole/", "/async/whole/", "/mixed/whole/"])
def test_a_request_is_the_same_tree_under_every_server_with_every_kind_of_view(
    serve: Serve, path: str, traced: Traced
) -> None:
    answer = serve(path)
    assert (answer.status, answer.body) == (200, b"<hello first of default>")
    assert answer.headers["x-amzn-trace-id"] == f"Root={trace_id()}"
    sql = {"database_type": "sqlite", "sanitized_query": QUERY}
    look = subsegment(
        "look",
        subsegment("default.sqlite3", namespace="remote", sql=sql),
        metadata={"default": {"for": "items"}},
    )
    page = subsegment("page.html", subsegment("part.html"))
    assert traced() == [served(path, look, page, length=24, annotations={"shelf": 3})]
    assert xray_recorder.context.peek() is None


@pytest.mark.usefixtures("fixed")
def test_a_path_with_any_characters_is_recorded_percent_encoded(serve: Serve, traced: Traced) -> None:
    serve("/caf\u00e9 au lait/")
    assert traced() == [served("/caf%C3%A9%20au%20lait/")]


@pytest.mark.usefixtures("fixed")
def test_what_the_request_tells_of_its_client_and_its_caller_is_recorded(serve: Serve, traced: Traced) -> None:
    header = "Root=1-6553f100-000000000000000000000abc;Parent=00000000000000de;Sampled=1"
    answer = serve(
        "/plain/",
        X_AMZN_TRACE_ID=header,
        USER_AGENT="tests",
        X_FORWARDED_FOR="10.1.2.3, 10.0.0.1",
        HOST="shop.example.com",
    )
    assert answer.headers["x-amzn-trace-id"] == "Root=1-6553f100-000000000000000000000abc"
    request = {"client_ip": "10.1.2.3", "x_forwarded_for": True, "user_agent": "tests"}
    expected = served(
        "/plain/", request=request, trace_id="1-6553f100-000000000000000000000abc", parent_id="00000000000000de"
    )
    expected["http"]["request"]["url"] = "http://shop.example.com/plain/"
    assert traced() == [expected]


@pytest.mark.parametrize(("trusted", "host"), [(True, "shop.example.com"), (False, "testserver")])
def test_the_forwarded_host_is_recorded_where_django_trusts_it(
    serve: Serve, trusted: bool, host: str, traced: Traced
) -> None:
    with override_settings(USE_X_FORWARDED_HOST=trusted):
        assert serve("/host/", X_FORWARDED_HOST="shop.example.com").body == host.encode()
    (document,) = traced()
    assert document["http"]["request"]["url"] == f"http://{host}/host/"


def test_https_behind_a_proxy_is_recorded_where_django_trusts_it(serve: Serve, traced: Traced) -> None:
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        serve("/plain/", X_FORWARDED_PROTO="https")
    (document,) = traced()
    assert document["http"]["request"]["url"] == "https://testserver/plain/"


def test_the_answer_tells_the_decision_to_a_caller_that_asks_for_it(serve: Serve, traced: Traced) -> None:
    assert serve("/plain/", X_AMZN_TRACE_ID="Sampled=?").headers["x-amzn-trace-id"].endswith(";Sampled=1")


@pytest.mark.usefixtures("django_databases")
def test_an_unsampled_request_is_served_and_not_recorded(serve: Serve, views: str, traced: Traced) -> None:
    header = f"Root={trace_id()};Parent={entity_id(9)};Sampled=0"
    answer = serve(f"{views}whole/", X_AMZN_TRACE_ID=header)
    assert answer.body == b"<hello first of default>"
    assert answer.headers["x-amzn-trace-id"] == f"Root={trace_id()}"
    assert traced() == []
    assert xray_recorder.context.peek() is None


def test_nothing_is_recorded_nor_said_while_the_sdk_is_off(
    serve: Serve, views: str, traced: Traced, caplog: pytest.LogCaptureFixture, django_databases: None
) -> None:
    SDKConfig.set_sdk_enabled(False)
    answer = serve(f"{views}whole/")
    assert (answer.status, answer.body) == (200, b"<hello first of default>")
    assert "x-amzn-trace-id" not in answer.headers
    assert (traced(), caplog.text) == ([], "")


def test_the_requests_meta_holds_nothing_of_ours(serve: Serve, traced: Traced) -> None:
    """It is shown on pages about errors, sent in mails, and put into logs as JSON."""
    seen: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.extend(request.META.items())
        return HttpResponse("hello")

    with site(view):
        serve("/view/")
    assert len(traced()) == 1
    assert seen and "xray" not in str(seen)


# -- errors


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(("how", "status"), [("missing", 404), ("denied", 403), ("odd", 400)])
def test_an_exception_that_django_answers_is_its_status_and_no_fault(
    serve: Serve, views: str, how: str, status: int, traced: Traced
) -> None:
    path = f"{views}fail/{how}/"
    assert serve(path).body == b"sorry"
    assert traced() == [served(path, subsegment(f"{status}.html"), status=status, error=True)]


@pytest.mark.usefixtures("fixed")
def test_a_throttled_request_is_marked_so(serve: Serve, traced: Traced) -> None:
    serve("/answer/429/")
    assert traced() == [served("/answer/429/", status=429, length=0, error=True, throttle=True)]


@pytest.mark.usefixtures("fixed")
def test_an_answer_of_the_application_with_a_fault_has_no_cause(serve: Serve, traced: Traced) -> None:
    serve("/answer/503/")
    assert traced() == [served("/answer/503/", status=503, length=0, fault=True)]


@pytest.mark.usefixtures("fixed")
def test_an_exception_of_a_view_is_recorded_with_the_views_frame(serve: Serve, views: str, traced: Traced) -> None:
    path = f"{views}fail/broken/"
    assert serve(path).status == 500
    view = django_app.fail_async if views == "/async/" else django_app.fail
    expected = served(path, subsegment("500.html"), status=500, fault=True, cause=cause(4, view))
    assert [shortened(document) for document in traced()] == [expected]


@pytest.mark.usefixtures("fixed")
def test_an_exception_of_a_template_is_told_on_the_template_and_referred_to_on_the_request(
    serve: Serve, traced: Traced
) -> None:
    path = "/template/broken.html"
    assert serve(path).status == 500
    page = subsegment("broken.html", fault=True, cause=cause(4, django_app.Shelf.fail))
    fallback = subsegment("500.html")
    (document,) = traced()
    told = shortened(document["subsegments"][0])
    (expected,) = [served(path, page, fallback, status=500, fault=True, cause=entity_id(4))]
    assert told == expected["subsegments"][0]
    assert outline(document) == ("app", ["broken.html", "500.html"])
    assert (document["fault"], document["cause"]) == (True, entity_id(4))


@pytest.mark.parametrize(("how", "status"), [("missing", 404), ("denied", 403), ("odd", 400), ("broken", 500)])
def test_djangos_own_pages_about_exceptions_can_be_made(serve: Serve, how: str, status: int, traced: Traced) -> None:
    with override_settings(DEBUG=True):
        answer = serve(f"/fail/{how}/", ACCEPT="text/html")
    assert answer.status == status and (b"REMOTE_ADDR" in answer.body or how in ("missing", "denied"))
    (document,) = traced()
    assert document["http"]["response"]["status"] == status
    assert document.get("fault", False) is (how == "broken")


@pytest.mark.usefixtures("fixed")
def test_an_exception_that_another_middleware_answers_is_no_fault(serve: Serve, views: str, traced: Traced) -> None:
    with override_settings(MIDDLEWARE=[XRAY, f"{APP}.Rescue"]):
        assert serve(f"{views}fail/broken/").body == b"rescued"
    assert traced() == [served(f"{views}fail/broken/", length=7)]


@pytest.mark.usefixtures("fixed")
def test_an_exception_that_a_middleware_outside_answers_as_a_fault_is_recorded(
    serve: Serve, views: str, traced: Traced
) -> None:
    path = f"{views}fail/broken/"
    with override_settings(MIDDLEWARE=[f"{APP}.Apologize", XRAY]):
        assert serve(path).body == b"sorry"
    view = django_app.fail_async if views == "/async/" else django_app.fail
    expected = served(path, status=500, fault=True, cause=cause(3, view))
    assert [shortened(document) for document in traced()] == [expected]


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("before", [[], [f"{APP}.SyncOnly"], [f"{APP}.AsyncOnly"]], ids=str)
def test_the_middleware_need_not_be_the_first(serve: Serve, views: str, before: list[str], traced: Traced) -> None:
    middleware = [*before, XRAY, f"{APP}.SyncOnly", f"{APP}.AsyncOnly"]
    with override_settings(MIDDLEWARE=middleware):
        assert serve(f"{views}plain/").body == b"hello"
    parts = [subsegment("SyncOnly"), subsegment("AsyncOnly")]
    assert traced() == [served(f"{views}plain/", *parts)]


@pytest.mark.parametrize("place", [0, 1], ids=["outside", "inside"])
def test_an_exception_of_another_middleware_is_recorded_where_it_is_inside(
    serve: Serve, place: int, traced: Traced
) -> None:
    middleware = [XRAY]
    middleware.insert(place, f"{APP}.Clumsy")
    with override_settings(MIDDLEWARE=middleware):
        assert serve("/plain/").status == 500
    (document,) = traced()
    if place == 0:
        assert document["http"]["response"]["status"] == 200
        assert "fault" not in document and "cause" not in document
    else:
        assert document["http"]["response"]["status"] == 500 and document["fault"]
        (told,) = document["cause"]["exceptions"]
        assert (told["type"], told["stack"][-1]["label"]) == ("LookupError", "__call__")


@pytest.mark.usefixtures("fixed")
def test_a_host_that_is_not_allowed_is_the_clients_error(serve: Serve, traced: Traced) -> None:
    assert serve("/host/", HOST="elsewhere.example.com").status == 400
    expected = served("/host/", subsegment("400.html"), status=400, error=True)
    expected["http"]["request"]["url"] = "http://elsewhere.example.com/host/"
    assert traced() == [expected]


def test_the_applications_exception_leaves_untouched_where_django_lets_it_pass(views: str, traced: Traced) -> None:
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(ValueError, match="shelf") as raised:
        serve_wsgi(f"{views}fail/broken/")
    assert vars(raised.value) == {} and raised.value.__cause__ is None and raised.value.__context__ is None
    (document,) = traced()
    assert (document["fault"], document["http"]["response"]) == (True, {"status": 500})
