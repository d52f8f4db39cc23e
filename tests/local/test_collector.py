"""The collector on a real socket: takes what the daemon takes, and no datagram stops it."""

import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from aws_xray_sdk.local.collector import Collector
from aws_xray_sdk.local.documents import Part, Reason, Refused
from tests.local import datagram, identity, segment, subsegment

Send = Callable[[bytes], None]
HEADER = b'{"format":"json","version":1}\n'
DOCUMENT = datagram(segment(1, "shop")).partition(b"\n")[2]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector(port=0) as collector:
        yield collector


@pytest.fixture
def send(collector: Collector) -> Iterator[Send]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", collector.port))
        yield lambda data: sender.sendall(data)


def receive(collector: Collector) -> list[Part]:
    return collector.receive(timeout=5)


def test_the_parts_of_a_document_are_received(collector: Collector, send: Send) -> None:
    send(datagram(segment(1, "shop", subsegments=[subsegment(2, "work")])))
    assert [(part.id, part.name) for part in receive(collector)] == [(identity(1), "shop"), (identity(2), "work")]
    assert not collector.refused


@pytest.mark.parametrize(
    "header",
    [
        b'{"format": "json", "version": 1}',
        b'{"version":1,"format":"JSON","a":true}',
        b' {"format":"json","version":1.0}',
    ],
)
def test_any_header_that_the_daemon_takes_is_taken(collector: Collector, send: Send, header: bytes) -> None:
    send(header + b"\n" + DOCUMENT)
    assert [part.name for part in receive(collector)] == ["shop"]


def test_nothing_arriving_gives_nothing(collector: Collector) -> None:
    assert collector.receive(timeout=0) == []
    assert collector.receive(timeout=0.001) == []


def test_an_empty_datagram_is_no_refusal(collector: Collector, send: Send) -> None:
    send(b"")
    assert receive(collector) == []
    assert not collector.refused


BAD = {
    "no line end": (DOCUMENT, Reason.HEADER),
    "header not JSON": (b"hello\n" + DOCUMENT, Reason.HEADER),
    "header too deep": (b"[" * 60_000 + b"\n" + DOCUMENT, Reason.HEADER),
    "header not UTF-8": (b"\xff\xfe\n" + DOCUMENT, Reason.HEADER),
    "header a list": (b"[]\n" + DOCUMENT, Reason.HEADER),
    "header of another version": (b'{"format":"json","version":2}\n' + DOCUMENT, Reason.HEADER),
    "header of another format": (b'{"format":"xml","version":1}\n' + DOCUMENT, Reason.HEADER),
    "header only": (HEADER, Reason.JSON),
    "not UTF-8": (HEADER + b'{"name":"\xff"}', Reason.ENCODING),
    "not JSON": (HEADER + b"segment", Reason.JSON),
    "two documents": (HEADER + DOCUMENT + b"\n" + DOCUMENT, Reason.JSON),
    "too deep": (HEADER + b'{"a":' * 13_000, Reason.JSON),
    "not a document": (HEADER + b"{}", Reason.DOCUMENT),
    "noise": (bytes(range(256)) * 200, Reason.HEADER),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_a_bad_datagram_is_refused_counted_and_survived(
    collector: Collector, send: Send, data: bytes, reason: Reason
) -> None:
    send(data)
    with pytest.raises(Refused) as caught:
        receive(collector)
    assert caught.value.reason is reason
    assert collector.refused == {reason: 1}
    send(datagram(segment(1, "shop")))
    assert [part.name for part in receive(collector)] == ["shop"]


def test_the_largest_datagram_that_udp_carries_is_received_whole(collector: Collector, send: Send) -> None:
    frame = len(datagram(segment(1, "shop", metadata={"a": ""})))
    send(datagram(segment(1, "shop", metadata={"a": "x" * (65_507 - frame)})))
    assert [part.name for part in receive(collector)] == ["shop"]


def test_a_burst_waits_in_the_buffer(collector: Collector, send: Send) -> None:
    for number in range(200):
        send(datagram(segment(number, "shop", metadata={"a": "x" * 500})))
    assert [receive(collector)[0].id for _ in range(200)] == [identity(number) for number in range(200)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what it dropped")
def test_what_the_buffer_could_not_hold_is_counted(collector: Collector, send: Send) -> None:
    assert collector.lost() == 0
    sent = 2 * collector.buffer // 60_000
    for _ in range(sent):
        send(b"x" * 60_000)
    assert 0 < collector.lost() < sent


def test_a_taken_port_is_an_error_of_the_system(collector: Collector) -> None:
    with pytest.raises(OSError):
        Collector(port=collector.port)
