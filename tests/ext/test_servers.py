"""What every server's requests become, whichever framework takes them: the same requests, the same documents."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder
from aws_xray_sdk.core.async_context import AsyncContext
from aws_xray_sdk.core.context import Context
from tests.core import AWS, Document, Traced, every, outline, pending, segment, subsegment
from tests.ext import sites
from tests.ext.servers import SITES, USER_AGENT, Answer, Site, ask, serve

ROOT = "1-5759e988-bd862e3fe1be46a994272793"
CALLER = "53995c3f42cd8ad8"
CALLED = {"trace_id": ROOT, "parent_id": CALLER}

pytestmark = pytest.mark.usefixtures("nothing_left_current")


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with serve(request.param) as served:
        yield served


@pytest.fixture
def nothing_left_current(site: Site) -> Iterator[None]:
    """Nothing is current before a request, after it, and while the server sends."""
    yield
    left, site.watch.left_current = site.watch.left_current, []
    assert left == []


def without_causes(documents: list[Document]) -> list[Document]:
    return [{key: value for key, value in each.items() if key != "cause"} for each in documents]


# -- how a request went


@pytest.mark.usefixtures("fixed")
def test_a_request_is_a_segment(site: Site, traced: Traced) -> None:
    answer = site.get("/hello")
    assert (answer.status, answer.body) == (200, b"hello")
    assert traced() == [segment(http=site.http("/hello", answer))]


def test_a_request_with_head_has_no_body(site: Site, traced: Traced) -> None:
    answer = site.get("/hello", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    [document] = traced()
    assert document["http"]["request"] == site.asked("/hello", method="HEAD")
    assert document["http"]["response"]["status"] == 200


@pytest.mark.usefixtures("fixed")
def test_a_request_arrives_once_however_untidy_its_code_is(site: Site, traced: Traced) -> None:
    block = site.http("/untidy/clear", site.get("/untidy/clear"))
    assert traced() == [segment(http=block)]
    block = site.http("/untidy/open", site.get("/untidy/open"))
    assert traced() == [segment(pending("left open"), http=block, first=3)]
    assert site.get("/untidy/end").status == 200
    assert traced() == [segment(http={"request": site.asked("/untidy/end")}, first=6)]


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/forbidden", 403)])
def test_an_exception_that_is_the_frameworks_way_to_answer_keeps_its_status(
    site: Site, traced: Traced, path: str, status: int
) -> None:
    answer = site.get(path)
    assert answer.status == status
    assert traced() == [segment(http=site.http(path, answer), error=True)]


@pytest.mark.usefixtures("fixed")
def test_an_unhandled_exception_is_a_fault_told_with_the_users_line(
    site: Site, traced: Traced, recorder: AsyncAWSXRayRecorder
) -> None:
    recorder.configure(max_trace_back=1)
    answer = site.get("/broken")
    assert answer.status == 500
    [document] = traced()
    [told] = document["cause"]["exceptions"]
    line = sites.fail.__code__.co_firstlineno + 1
    assert document["cause"]["working_directory"] == os.getcwd()
    assert told.pop("truncated") > 0
    assert told == {
        "id": "0000000000000003",
        "message": "the shelf broke",
        "type": "ValueError",
        "remote": False,
        "stack": [{"path": "sites.py", "line": line, "label": "fail"}],
    }
    block = site.http("/broken", answer)
    if site.is_aiohttp:
        del block["response"]["content_length"]
    assert without_causes([document]) == [segment(http=block, fault=True)]


# -- bodies that are made while they are sent


@pytest.mark.usefixtures("fixed")
def test_a_streamed_body_belongs_to_its_request(site: Site, traced: Traced) -> None:
    answer = site.get("/stream/whole")
    assert (answer.status, answer.body, answer.complete) == (200, b"part 0;part 1;", True)
    body = subsegment("body", subsegment("part 0"), subsegment("part 1"))
    assert traced() == [segment(body, http={"request": site.asked("/stream/whole"), "response": {"status": 200}})]


@pytest.mark.usefixtures("fixed")
def test_a_body_that_breaks_off_is_a_fault_told_once(site: Site, traced: Traced) -> None:
    answer = site.get("/stream/broken")
    assert (answer.status, answer.body) == (200, b"part 0;part 1;")
    [document] = traced()
    [body] = document["subsegments"]
    assert outline(document) == ("app", [("body", ["part 0", "part 1"])])
    assert document["fault"] is body["fault"] is True
    [told] = body["cause"]["exceptions"]
    assert (told["type"], told["stack"][-1]["label"]) == ("ValueError", "fail")
    assert document["cause"] == told["id"]


@pytest.mark.usefixtures("fixed")
def test_a_client_that_leaves_ends_the_request_and_is_no_fault(site: Site, traced: Traced) -> None:
    path = "/parts/1000"  # 40 MB: more than waits between client and server
    with socket.create_connection(("127.0.0.1", site.port), 20) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nUser-Agent: {USER_AGENT}\r\n\r\n".encode())
        assert connection.recv(1)
    site.watch.settle()
    status = {} if site.is_aiohttp else {"response": {"status": 200}}  # aiohttp does not tell what was sent
    assert traced() == [segment(http={"request": site.asked(path), **status})]


# -- the trace header


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    ("header", "found", "answered"),
    [
        (f"Root={ROOT};Parent={CALLER};Sampled=1", CALLED, ROOT),
        (f"Root={ROOT};Parent={CALLER};Sampled=?", CALLED, f"{ROOT};Sampled=1"),
        (f"Root={ROOT};Parent={CALLER}", CALLED, ROOT),
        (f"Root={ROOT}", {"trace_id": ROOT}, ROOT),
        (f" Sampled = 1 ;; Parent = {CALLER} ; nonsense; Root = {ROOT} ;", CALLED, ROOT),
        (f"Self=1-67891234-12456789abcdef012345678;Root={ROOT}", {"trace_id": ROOT}, ROOT),
        (f"Parent={CALLER};Sampled=1", {}, None),
        (f"Root=1-5759e988-nonsense;Parent={CALLER};Sampled=1", {}, None),
        (f"Root={ROOT};Parent=nonsense", {"trace_id": ROOT}, ROOT),
        ("nonsense", {}, None),
        ("", {}, None),
    ],
)
def test_a_trace_is_carried_on(
    site: Site, traced: Traced, header: str, found: dict[str, Any], answered: str | None
) -> None:
    answer = site.get("/hello", X_Amzn_Trace_Id=header)
    expected = segment(http=site.http("/hello", answer), **found)
    assert traced() == [expected]
    assert answer.headers["x-amzn-trace-id"] == f"Root={answered or expected['trace_id']}"


@pytest.mark.parametrize("path", ["/hello", "/missing", "/forbidden", "/broken", "/stream/whole"])
def test_each_answer_names_its_trace(site: Site, traced: Traced, path: str) -> None:
    answer = site.get(path)
    [document] = traced()
    if site.is_aiohttp and path in ("/broken", "/stream/whole"):
        assert "x-amzn-trace-id" not in answer.headers  # sent before, or made after the middleware
    else:
        assert answer.headers["x-amzn-trace-id"] == f"Root={document['trace_id']}"


def test_what_the_header_carries_besides_is_passed_on(site: Site, traced: Traced) -> None:
    more = "Lineage=25:24dba8d0:1;Mine=5"
    answer = site.get("/forward", X_Amzn_Trace_Id=f"Root={ROOT};Parent={CALLER};Sampled=1;{more}")
    [document] = traced()
    [call] = document["subsegments"]
    assert answer.body.decode() == f"Root={ROOT};Parent={call['id']};Sampled=1;{more}"


def test_a_request_that_is_not_sampled_sends_nothing_and_passes_its_trace_on(site: Site, traced: Traced) -> None:
    header = f"Root={ROOT};Parent={CALLER};Sampled=0;Lineage=25:24dba8d0:1"
    answer = site.get("/forward", X_Amzn_Trace_Id=header)
    assert traced() == []
    assert answer.body.decode() == header
    assert answer.headers["x-amzn-trace-id"] == f"Root={ROOT}"


# -- where it came from and where it went


@pytest.mark.usefixtures("fixed")
def test_the_client_is_the_first_that_a_proxy_names(site: Site, traced: Traced) -> None:
    answer = site.get("/hello", X_Forwarded_For="203.0.113.7, 198.51.100.2")
    block = site.http("/hello", answer, client_ip="203.0.113.7", x_forwarded_for=True)
    assert traced() == [segment(http=block)]


@pytest.mark.usefixtures("fixed")
def test_a_request_without_host_is_one_to_the_servers_address(site: Site, traced: Traced) -> None:
    received = site.send(b"GET /hello HTTP/1.0\r\n\r\n")
    assert received.endswith(b"\r\n\r\nhello")
    request = {"method": "GET", "url": site.url("/hello"), "client_ip": "127.0.0.1"}
    assert traced() == [segment(http={"request": request, "response": {"status": 200, "content_length": 5}})]


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize(
    "path",
    [
        "/caf%C3%A9/%E6%9B%B8",
        "/two%20words/100%25",
        "/%22quoted%22/%3Cb%3E",
        "/a+b;c=d,e@f:g!$&'()*~",
    ],
)
def test_a_path_is_recorded_as_it_was_asked_for(site: Site, traced: Traced, path: str) -> None:
    answer = site.get(path)
    assert answer.status == 404
    assert traced() == [segment(http=site.http(path, answer), error=True)]


@pytest.mark.usefixtures("fixed")
def test_a_query_is_not_recorded(site: Site, traced: Traced) -> None:
    answer = site.get("/hello?token=secret")
    assert traced() == [segment(http=site.http("/hello", answer))]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("shop.example.com", "shop.example.com"),
        ("shop.example.com:8080", "shop.example.com"),
        ("127.0.0.1", "app"),
        (None, "app"),
    ],
)
def test_dynamic_naming_names_by_the_host(
    site: Site, traced: Traced, recorder: AsyncAWSXRayRecorder, host: str | None, name: str
) -> None:
    recorder.configure(dynamic_naming="*.example.com")
    site.get("/hello", **({"Host": host} if host else {}))
    assert [each["name"] for each in traced()] == [name]


class Asked:
    """A sampler that keeps what it is asked, and names a rule."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def should_trace(self, sampling_req: dict[str, Any] | None = None) -> str:
        self.requests.append(sampling_req or {})
        return "shelves"


@pytest.mark.usefixtures("fixed")
def test_the_sampler_is_told_the_request_and_its_rule_is_recorded(
    site: Site, traced: Traced, recorder: AsyncAWSXRayRecorder
) -> None:
    sampler = Asked()
    recorder.configure(sampling=True, sampler=sampler)
    answer = site.get("/hello?token=secret")
    host = f"127.0.0.1:{site.port}"
    assert sampler.requests == [{"host": host, "method": "GET", "path": "/hello", "service": "app"}]
    aws = {"xray": {**AWS["xray"], "sampling_rule_name": "shelves"}}
    assert traced() == [{**segment(http=site.http("/hello", answer)), "aws": aws}]


def test_the_sampler_is_not_asked_when_the_caller_has_decided(
    site: Site, traced: Traced, recorder: AsyncAWSXRayRecorder
) -> None:
    sampler = Asked()
    recorder.configure(sampling=True, sampler=sampler)
    for decision in "01":
        site.get("/hello", X_Amzn_Trace_Id=f"Root={ROOT};Sampled={decision}")
    assert sampler.requests == []
    assert len(traced()) == 1


class Own(Context):
    """A context that an application wrote."""

    def get_trace_entity(self) -> Any:
        return super().get_trace_entity()

    def set_trace_entity(self, trace_entity: Any) -> None:
        super().set_trace_entity(trace_entity)


@pytest.mark.usefixtures("fixed")
@pytest.mark.parametrize("context", [Context, Own, AsyncContext])
def test_what_is_current_is_known_to_any_context_and_a_request_needs_nothing_before(
    site: Site, traced: Traced, recorder: AsyncAWSXRayRecorder, context: type[Context]
) -> None:
    recorder.configure(context=context(), context_missing="RUNTIME_ERROR")
    answers = [site.get(path) for path in ("/hello", "/stream/whole")]
    assert [answer.status for answer in answers] == [200, 200]
    assert [outline(document) for document in traced()] == ["app", ("app", [("body", ["part 0", "part 1"])])]


# -- many at once


def test_requests_at_the_same_time_never_see_each_other(site: Site, traced: Traced) -> None:
    many, rounds = 50, 2
    answers: list[tuple[int, Answer]] = []

    def client(number: int) -> None:
        connection = site.connect()
        try:
            for path in range(number, many * rounds, many):
                answers.append((path, ask(connection, f"/tree/{path}", X_Amzn_Trace_Id=f"Root={root(path)}")))
        finally:
            connection.close()

    sites.gate.expect(many)
    clients = [threading.Thread(target=client, args=(number,)) for number in range(many)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    site.watch.settle()

    assert sorted(number for number, _ in answers) == list(range(many * rounds))
    for number, answer in answers:
        assert answer.body == b"%d" % number
        assert answer.headers["x-amzn-trace-id"] == f"Root={root(number)}"
    documents = {each["trace_id"]: each for each in traced()}
    assert {id: (each["http"]["request"]["url"], outline(each)) for id, each in documents.items()} == {
        root(number): (site.url(f"/tree/{number}"), ("app", [(f"outer {number}", [f"inner {number}"])]))
        for number in range(many * rounds)
    }
    ids = [each["id"] for each in every(documents.values())]
    assert len(set(ids)) == len(ids) == 3 * many * rounds


def root(number: int) -> str:
    return f"1-5759e988-{number:024x}"
