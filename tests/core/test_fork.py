"""A forked child has ids of its own and sends, and so does its parent."""

from __future__ import annotations

import os
import random
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from aws_xray_sdk.core import xray_recorder
from tests.conftest import Daemon
from tests.core import complete


def in_child(function: Callable[[], None]) -> None:
    """Run `function` in a forked child, and wait for its success."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads, which is what is tried here
        child = os.fork()
    if child == 0:
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def request(name: str) -> None:
    with xray_recorder.in_segment(name, sampling=1), xray_recorder.in_subsegment("sub"):
        pass


@pytest.mark.parametrize("before", [True, False], ids=["opened before", "opened in the child"])
def test_children_and_parent_send_with_ids_of_their_own(daemon: Daemon, before: bool) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    random.seed(1)
    if before:
        request("before")
    for _ in range(3):
        in_child(lambda: request("child"))
    request("parent")
    documents = daemon.documents()
    assert sorted(each["name"] for each in documents) == sorted([*["before"] * before, *["child"] * 3, "parent"])
    ids = [each["id"] for each in complete(documents)]
    assert len(set(ids)) == len(ids) == 2 * len(documents)
    assert len({each["trace_id"] for each in documents}) == len(documents)


def test_a_seed_of_the_application_does_not_repeat_ids(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address)
    for _ in range(3):
        random.seed(1)
        request("seeded")
    assert len({each["id"] for each in daemon.documents()}) == 3


def test_the_applications_random_numbers_stay_the_same() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    request("app")
    assert random.random() == expected


def test_a_child_of_a_request_records_below_it(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address)

    def work() -> None:
        with xray_recorder.in_subsegment("in child"):
            pass
        xray_recorder.end_segment()

    with xray_recorder.in_segment("parent", sampling=1) as root:
        in_child(work)
    [child, parent] = daemon.documents()
    assert child["subsegments"][0]["name"] == "in child"
    assert child["id"] == parent["id"] == root.id
    assert "subsegments" not in parent


def test_a_fork_while_others_record_leaves_no_lock_behind(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=daemon.address, streaming_threshold=0)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            request("busy")

    threads = [threading.Thread(target=busy) for _ in range(2)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            in_child(lambda: request("child"))
            daemon.datagrams()
    finally:
        stop.set()
        sys.setswitchinterval(before)
        for thread in threads:
            thread.join()


def settle() -> None:
    """Wait for a look-up that runs."""
    channel: Any = xray_recorder.emitter._channel
    channel._resolver.join(20)


def test_a_child_sends_to_a_daemon_known_by_name(daemon: Daemon) -> None:
    xray_recorder.configure(daemon_address=f"localhost:{daemon.port}")
    request("parent")
    settle()

    def work() -> None:
        request("child")
        settle()

    in_child(work)
    assert sorted(each["name"] for each in daemon.documents()) == ["child", "parent"]


def test_a_child_made_while_a_name_is_resolved_sends_its_own_and_only_those(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer, parent = threading.Event(), os.getpid()

    def getaddrinfo(*_: Any, **__: Any) -> Any:
        if os.getpid() == parent:
            assert may_answer.wait(20)
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", daemon.port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    xray_recorder.configure(daemon_address="xray.internal:2000")
    request("parent")

    def work() -> None:
        request("child")
        settle()

    try:
        in_child(work)
        assert [each["name"] for each in daemon.documents()] == ["child"]
    finally:
        may_answer.set()
    settle()
    assert [each["name"] for each in daemon.documents()] == ["parent"]
