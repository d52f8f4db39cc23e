"""A daemon's host name is resolved off the request's path, and again when it may have moved."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.emitters import _channel
from tests.conftest import Daemon


class Resolver:
    """Stands for the system's: answers when it may, with what it was told last."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = threading.Semaphore(0)
        self.answer: Any = None
        self.threads: list[threading.Thread] = []

    def getaddrinfo(self, host: str, port: int, *_: Any, **__: Any) -> Any:
        self.threads.append(threading.current_thread())
        self.asked.release()
        assert self.may_answer.wait(20)
        if isinstance(self.answer, OSError):
            raise self.answer
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", self.answer)]

    def settle(self) -> None:
        """Wait until all threads that asked have done with the answer."""
        for thread in self.threads:
            thread.join(20)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """The system's resolver, in the test's hands."""
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.may_answer.set()
    made.settle()


def request(name: str) -> None:
    with xray_recorder.in_segment(name, sampling=1):
        pass


def names(daemon: Daemon) -> list[str]:
    return [each["name"] for each in daemon.documents()]


def test_a_request_does_not_wait_for_the_resolver_and_its_document_arrives_after(
    daemon: Daemon, resolver: Resolver
) -> None:
    resolver.answer = ("127.0.0.1", daemon.port)
    xray_recorder.configure(daemon_address=f"xray.internal:{daemon.port}")
    for n in range(3):
        request(f"waiting {n}")
    assert names(daemon) == []
    resolver.may_answer.set()
    resolver.settle()
    assert names(daemon) == ["waiting 0", "waiting 1", "waiting 2"]
    request("next")
    assert names(daemon) == ["next"]
    assert threading.current_thread() not in resolver.threads
    assert len(resolver.threads) == 1


def test_nothing_is_resolved_before_there_is_something_to_send(resolver: Resolver) -> None:
    xray_recorder.configure(daemon_address="xray.internal:2000")
    assert resolver.threads == []


def test_ip_addresses_are_never_resolved(daemon: Daemon, resolver: Resolver) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    request("sent")
    assert names(daemon) == ["sent"]
    assert resolver.threads == []


def test_a_daemon_that_moves_is_followed(daemon: Daemon, resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_channel, "LOOK_AGAIN", -1.0)
    resolver.answer = ("127.0.0.1", daemon.port)
    resolver.may_answer.set()
    xray_recorder.configure(daemon_address="xray.internal:2000")
    request("here")
    resolver.settle()
    assert names(daemon) == ["here"]
    moved = Daemon()
    try:
        resolver.answer = ("127.0.0.1", moved.port)
        request("while it is looked up")
        resolver.settle()
        request("there")
        resolver.settle()
        before, after = names(daemon), names(moved)
        assert after[-1] == "there"
        assert before + after == ["while it is looked up", "there"]
    finally:
        moved.close()


def test_a_name_that_cannot_be_resolved_is_tried_again_and_raises_nothing(
    daemon: Daemon, resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_channel, "RETRY", -1.0)
    resolver.answer = socket.gaierror(-2, "Name or service not known")
    resolver.may_answer.set()
    xray_recorder.configure(daemon_address="xray.internal:2000")
    for _ in range(3):
        request("early")
        resolver.settle()
    assert len(resolver.threads) == 3
    assert len(caplog.records) <= 1
    resolver.answer = ("127.0.0.1", daemon.port)
    request("late")
    resolver.settle()
    assert sorted(names(daemon)) == ["early", "early", "early", "late"]


def test_a_name_that_cannot_be_resolved_is_told_once(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_channel, "RETRY", 0.0)
    resolver.answer = socket.gaierror(-2, "Name or service not known")
    resolver.may_answer.set()
    xray_recorder.configure(daemon_address="no-such-host.invalid:2000")
    for _ in range(3):
        request("waits")
        resolver.settle()
    (line,) = caplog.messages
    assert "no-such-host.invalid" in line
    assert "Name or service not known" in line


def test_a_name_that_stops_resolving_keeps_its_last_address(
    daemon: Daemon, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_channel, "LOOK_AGAIN", -1.0)
    resolver.answer = ("127.0.0.1", daemon.port)
    resolver.may_answer.set()
    xray_recorder.configure(daemon_address="xray.internal:2000")
    request("first")
    resolver.settle()
    resolver.answer = socket.gaierror(-3, "Temporary failure in name resolution")
    request("second")
    resolver.settle()
    request("third")
    resolver.settle()
    assert names(daemon) == ["first", "second", "third"]


def test_what_waits_for_the_resolver_is_bounded_and_the_rest_counted(resolver: Resolver) -> None:
    xray_recorder.configure(daemon_address="xray.internal:2000")
    for n in range(_channel.MOST_WAITING + 20):
        request(str(n))
    assert xray_recorder.emitter.dropped == 20
    resolver.answer = OSError("no")


def test_a_process_that_exits_while_resolving_sends_what_waits(daemon: Daemon) -> None:
    program = f"""
import socket, threading
real = socket.getaddrinfo
asked = threading.Event()
def slow(*arguments, **keywords):
    asked.set()
    threading.main_thread().join()  # answers when the program has run to its end
    return real("127.0.0.1", {daemon.port}, *arguments[2:], **keywords)
socket.getaddrinfo = slow
from aws_xray_sdk.core import xray_recorder
xray_recorder.configure(daemon_address="xray.internal:{daemon.port}")
with xray_recorder.in_segment("last words", sampling=1):
    pass
asked.wait()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert [each["name"] for each in daemon.wait_for(lambda found: len(found) == 1)] == ["last words"]


def test_localhost_is_a_name_like_others(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=f"localhost:{daemon.port}")
    request("sent")
    assert [each["name"] for each in daemon.wait_for(lambda found: len(found) == 1)] == ["sent"]
