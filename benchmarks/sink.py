"""Stands in for the X-Ray daemon: a UDP socket on loopback, drained by the driver so that no variant pays for it."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]

PAUSE = 0.001  # Seconds between drains: a receiver that blocks costs the sender 2 to 40 us to wake it, at random.
QUIET = 0.05  # Seconds without a datagram after which a sender is taken to be done.
BUFFER = 4 * 1024 * 1024


class Sink:
    """Receives and forgets datagrams; keeps them while asked to."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._kept: list[bytes] | None = None
        self._last = time.monotonic()
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def address(self) -> str:
        """`host:port`, as AWS_XRAY_DAEMON_ADDRESS wants it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def keep(self) -> None:
        """Keep what arrives from now on."""
        self._wait_for_quiet()
        self._kept = []

    def take(self) -> list[Document]:
        """Documents received since `keep`; later ones are forgotten again."""
        self._wait_for_quiet()
        kept, self._kept = self._kept or [], None
        return [json.loads(datagram.partition(b"\n")[2]) for datagram in kept]

    def _wait_for_quiet(self) -> None:
        self._last = time.monotonic()
        while time.monotonic() - self._last < QUIET:
            time.sleep(QUIET / 5)

    def _drain(self) -> None:
        while True:
            time.sleep(PAUSE)
            try:
                while True:
                    datagram = self._socket.recv(65536)
                    if self._kept is not None:
                        self._last = time.monotonic()
                        self._kept.append(datagram)
            except BlockingIOError:
                pass


def work(documents: list[Document]) -> dict[str, int]:
    """How much was recorded, however it was cut into datagrams: two variants are compared only if this is the same."""
    counts = dict.fromkeys(
        ("segments", "subsegments", "annotations", "metadata", "exceptions", "frames", "http", "sql", "remote"), 0
    )
    for entity in _entities(documents):
        exceptions = _exceptions(entity)
        counts["segments" if "trace_id" in entity and "type" not in entity else "subsegments"] += 1
        counts["annotations"] += len(entity.get("annotations", ()))
        counts["metadata"] += sum(len(entries) for entries in entity.get("metadata", {}).values())
        counts["exceptions"] += len(exceptions)
        counts["frames"] += sum(len(exception.get("stack", ())) for exception in exceptions)
        counts["http"] += sum(len(entity.get("http", {}).get(side, ())) for side in ("request", "response"))
        counts["sql"] += "sanitized_query" in entity.get("sql", {})
        counts["remote"] += entity.get("namespace") == "remote"
    return counts


def _entities(documents: list[Document]) -> Iterator[Document]:
    for document in documents:
        yield document
        yield from _entities(document.get("subsegments", []))


def _exceptions(entity: Document) -> list[Document]:
    cause = entity.get("cause")
    return cause.get("exceptions", []) if isinstance(cause, dict) else []
