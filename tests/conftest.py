"""Fixtures for all tests: a recorder as new, a daemon on loopback, a clock and ids that stand still."""

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from aws_xray_sdk.core import AsyncAWSXRayRecorder, _clock, xray_recorder
from aws_xray_sdk.core._guard import Guard
from aws_xray_sdk.sdk_config import SDKConfig
from tests.schema import validate

Document = dict[str, Any]

VARIABLES = (
    "AWS_XRAY_DAEMON_ADDRESS",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_TRACING_NAME",
    "AWS_XRAY_SDK_ENABLED",
    "AWS_XRAY_NOOP_ID",
    "LAMBDA_TASK_ROOT",
)


class Daemon:
    """What a daemon would receive: datagrams on a loopback port."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def datagrams(self) -> list[bytes]:
        """All that has arrived since the last call; on loopback that is all that was sent."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65_535))
            except BlockingIOError:
                return found

    def documents(self) -> list[Document]:
        """All documents that have arrived since the last call, each checked against the schema."""
        return [self._document(datagram) for datagram in self.datagrams()]

    def wait_for(self, enough: Callable[[list[Document]], bool], seconds: float = 20.0) -> list[Document]:
        """Collect documents, of other processes too, until there are `enough`."""
        found: list[Document] = []
        deadline = time.monotonic() + seconds
        while not enough(found):
            left = deadline - time.monotonic()
            assert left > 0, f"not enough documents after {seconds} s: {found}"
            select.select([self._socket], [], [], left)
            found += self.documents()
        return found

    def close(self) -> None:
        self._socket.close()

    @staticmethod
    def _document(datagram: bytes) -> Document:
        header, _, text = datagram.partition(b"\n")
        assert header == b'{"format":"json","version":1}'
        document: Document = json.loads(text)
        validate(document)
        return document


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """A daemon on a loopback port of its own; nobody sends to it unless told."""
    opened = Daemon()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[AsyncAWSXRayRecorder]:
    """The application's recorder as after import, with nothing current; faults of ours are raised, not logged."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Guard, "raising", True)
    monkeypatch.setattr(Guard, "said", set())
    SDKConfig.set_sdk_enabled(True)
    AsyncAWSXRayRecorder.__init__(xray_recorder)
    yield xray_recorder
    SDKConfig.enabled = True
    AsyncAWSXRayRecorder.__init__(xray_recorder)


@pytest.fixture
def traced(recorder: AsyncAWSXRayRecorder, daemon: Daemon) -> Callable[[], list[Document]]:
    """Record every request, as service ``app``; the fixture's value gives the documents that have arrived."""
    recorder.configure(service="app", sampling=False, daemon_address=daemon.address)
    return daemon.documents


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands at 1700000000.25 and ids count up from 1, so that whole documents can be compared."""
    ids = count(1)
    monkeypatch.setattr(_clock, "now", lambda: 1700000000.25)
    monkeypatch.setattr(_clock, "bits", lambda k: next(ids))
