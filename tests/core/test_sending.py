"""Documents reach the daemon when there is one, and nobody notices when there is none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.daemon_config import DaemonConfig
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.exceptions.exceptions import InvalidDaemonAddressException
from tests.conftest import Daemon


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def request(name: str = "app") -> None:
    with xray_recorder.in_segment(name, sampling=1):
        pass


def test_an_absent_daemon_costs_no_error_and_at_most_one_line(caplog: pytest.LogCaptureFixture) -> None:
    xray_recorder.configure(daemon_address=f"127.0.0.1:{free_port()}")
    for _ in range(50):
        request()
    assert len(caplog.records) <= 1
    emitter = xray_recorder.emitter
    assert emitter.sent + emitter.dropped == 50


def test_a_daemon_that_comes_later_gets_the_next_document() -> None:
    port = free_port()
    xray_recorder.configure(daemon_address=f"127.0.0.1:{port}")
    for _ in range(3):
        request("lost")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.bind(("127.0.0.1", port))
        late.settimeout(5)
        request("first")
        assert b'"first"' in late.recv(65_535)
        request("second")
        assert b'"second"' in late.recv(65_535)


def test_a_daemon_that_comes_back_gets_the_next_document(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    request()
    assert len(daemon.documents()) == 1
    daemon.close()
    for _ in range(3):
        request()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", daemon.port))
        again.settimeout(5)
        request("next")
        assert b'"next"' in again.recv(65_535)


def test_a_daemon_on_ipv6_is_reached() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as listening:
        listening.bind(("::1", 0))
        listening.settimeout(5)
        xray_recorder.configure(daemon_address=f"[::1]:{listening.getsockname()[1]}")
        request()
        assert b'"app"' in listening.recv(65_535)


def test_a_datagram_is_a_header_line_and_one_document(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    request()
    [datagram] = daemon.datagrams()
    header, line_end, document = datagram.partition(b"\n")
    assert header == b'{"format":"json","version":1}'
    assert line_end
    assert b"\n" not in document


def test_the_address_can_be_changed_while_documents_are_sent(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=f"127.0.0.1:{free_port()}")
    request("lost")
    xray_recorder.configure(daemon_address=daemon.address)
    request("sent")
    assert [each["name"] for each in daemon.documents()] == ["sent"]
    assert (xray_recorder.emitter.ip, xray_recorder.emitter.port) == ("127.0.0.1", daemon.port)


def test_a_socket_that_the_system_refuses_is_told_once_and_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(24, "Too many open files")

    xray_recorder.configure(daemon_address="127.0.0.1:2000")
    monkeypatch.setattr(socket, "socket", refuse)
    for _ in range(5):
        request()
    assert xray_recorder.emitter.dropped == 5
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("address", "udp", "tcp"),
    [
        ("127.0.0.1:2000", ("127.0.0.1", 2000), ("127.0.0.1", 2000)),
        ("xray.internal:3000", ("xray.internal", 3000), ("xray.internal", 3000)),
        ("[::1]:2000", ("::1", 2000), ("::1", 2000)),
        ("tcp:10.0.0.1:2001 udp:10.0.0.2:2002", ("10.0.0.2", 2002), ("10.0.0.1", 2001)),
        ("udp:10.0.0.2:2002 tcp:10.0.0.1:2001", ("10.0.0.2", 2002), ("10.0.0.1", 2001)),
        ("udp:[fe80::1%eth0]:2002  tcp:[::1]:2001", ("fe80::1%eth0", 2002), ("::1", 2001)),
        (" 127.0.0.1:2000 ", ("127.0.0.1", 2000), ("127.0.0.1", 2000)),
        ("tcp:a:1\tudp:b:65535", ("b", 65535), ("a", 1)),
    ],
)
def test_addresses_are_read(address: str, udp: tuple[str, int], tcp: tuple[str, int]) -> None:
    config = DaemonConfig(address)
    assert (config.udp_ip, config.udp_port) == udp
    assert (config.tcp_ip, config.tcp_port) == tcp
    emitter = UDPEmitter(address)
    assert (emitter.ip, emitter.port) == udp


def test_no_address_is_the_default_one() -> None:
    for config in (DaemonConfig(), DaemonConfig(None)):
        assert (config.udp_ip, config.udp_port, config.tcp_ip, config.tcp_port) == ("127.0.0.1", 2000) * 2
    assert (UDPEmitter().ip, UDPEmitter().port) == ("127.0.0.1", 2000)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.0.0.1:",
        ":2000",
        "::1:2000",
        "[::1]",
        "[::1:2000",
        "host:0",
        "host:65536",
        "host:-1",
        "host:2000x",
        "host:²",
        "host:٣٠٠٠",
        "host:99999999999999999999",
        "http://host:2000",
        "a:b:2000",
        "udp:host:2000",
        "tcp:host:2000",
        "udp:a:1 udp:b:2",
        "tcp:a:1 udp:b:2 tcp:c:3",
        "tcp:a:1 b:2",
        "a:1 b:2",
        "[a/b]:1",
        "   ",
    ],
)
def test_other_addresses_are_refused_and_the_error_says_what_is_accepted(address: str) -> None:
    for refusing in (DaemonConfig, UDPEmitter, lambda given: xray_recorder.configure(daemon_address=given)):
        with pytest.raises(InvalidDaemonAddressException) as error:
            refusing(address)
        assert repr(address) in str(error.value)
        assert "tcp:host:port udp:host:port" in str(error.value)


@pytest.mark.parametrize("address", [5, b"127.0.0.1:2000", ("127.0.0.1", 2000), True])
def test_an_address_that_is_no_text_is_refused(address: Any) -> None:
    with pytest.raises(InvalidDaemonAddressException):
        xray_recorder.configure(daemon_address=address)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon whose address is in the environment."""
    opened = Daemon()
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", opened.address)
    yield opened
    opened.close()


def test_the_environments_address_wins(daemon: Daemon, elsewhere: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    request()
    assert len(elsewhere.documents()) == 1
    assert daemon.documents() == []
    assert UDPEmitter(daemon.address).port == elsewhere.port
    assert DaemonConfig(daemon.address).udp_port == elsewhere.port


def test_a_subclass_sees_the_text_of_each_datagram(daemon: Daemon) -> None:
    seen: list[str] = []

    class Watching(UDPEmitter):
        def _send_data(self, data: str) -> None:
            seen.append(data)

    xray_recorder.configure(emitter=Watching(), daemon_address=daemon.address)
    request()
    with xray_recorder.in_segment("large", sampling=1) as root:
        root.put_metadata("k", "x" * 60_000)
    assert [each.partition("\n")[0] for each in seen] == ['{"format":"json","version":1}'] * 2
    assert daemon.documents() == []


def test_a_subclass_can_send_by_the_inherited_method(daemon: Daemon) -> None:
    seen: list[str] = []

    class Watching(UDPEmitter):
        def _send_data(self, data: str) -> None:
            seen.append(data)
            super()._send_data(data)

    xray_recorder.configure(emitter=Watching(), daemon_address=daemon.address)
    request()
    assert len(seen) == len(daemon.documents()) == 1


def test_any_object_with_send_entity_is_an_emitter() -> None:
    class Collecting:
        def __init__(self) -> None:
            self.texts: list[str] = []
            self.dicts: list[dict[str, Any]] = []

        def send_entity(self, entity: Any) -> None:
            self.texts.append(entity.serialize())
            self.dicts.append(entity.to_dict())

    import json

    emitter = Collecting()
    xray_recorder.configure(emitter=emitter, daemon_address="127.0.0.1:2000")
    with xray_recorder.in_segment("app", sampling=1), xray_recorder.in_subsegment("sub"):
        pass
    assert [json.loads(text) for text in emitter.texts] == emitter.dicts
    assert [each["name"] for each in emitter.dicts] == ["app"]
    assert emitter.dicts[0]["subsegments"][0]["name"] == "sub"


def test_the_old_names_of_the_emitter_are_there() -> None:
    emitter = UDPEmitter("127.0.0.1:3000")
    assert (emitter._ip, emitter._port) == ("127.0.0.1", 3000)
    assert emitter._parse_address("10.0.0.1:4000") == ("10.0.0.1", 4000)
    emitter.set_daemon_address("127.0.0.1:5000")
    assert (emitter._ip, emitter._port) == ("127.0.0.1", 5000)
    emitter.set_daemon_address(None)
    assert emitter.port == 2000


def test_a_document_that_found_nobody_is_counted_as_dropped_once_that_is_known() -> None:
    xray_recorder.configure(daemon_address=f"127.0.0.1:{free_port()}")
    for _ in range(3):
        request()
    assert (xray_recorder.emitter.sent, xray_recorder.emitter.dropped) == (1, 2)
