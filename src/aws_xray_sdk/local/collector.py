"""The receiving end of the daemon protocol: UDP datagrams of a header line and one document."""

from __future__ import annotations

import json
import os
import socket
from collections import Counter

from .documents import Part, Reason, Refused, parse

_HEADER = b'{"format":"json","version":1}'
_LARGEST_DATAGRAM = 65_535
_BUFFER = 8 * 1024 * 1024


class Collector:
    """A bound UDP socket that gives the parts in what arrives and counts what it refuses.

    A burst is lost or kept by the size of the kernel's buffer, so 8 MiB are asked for; ``buffer`` is what was granted,
    in bytes. Port 0 takes a free one. Raises OSError when the address cannot be had.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 2000) -> None:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[0]
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.bind(address)
        except OSError:
            self._socket.close()
            raise
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.buffer = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.refused: Counter[Reason] = Counter()

    def receive(self, timeout: float | None = None) -> list[Part]:
        """The parts of the next datagram; empty when none came within ``timeout`` seconds. Raises Refused, counted."""
        self._socket.settimeout(timeout)
        try:
            datagram = self._socket.recv(_LARGEST_DATAGRAM)
        except (TimeoutError, BlockingIOError, ConnectionError):
            return []
        if not datagram:
            return []
        try:
            return parse(unwrap(datagram))
        except Refused as refused:
            self.refused[refused.reason] += 1
            raise

    def lost(self) -> int:
        """How many datagrams found the buffer full, as the kernel counts them; 0 where it does not tell (not Linux)."""
        inode = str(os.fstat(self._socket.fileno()).st_ino)
        table = "/proc/net/udp6" if self._socket.family == socket.AF_INET6 else "/proc/net/udp"
        try:
            with open(table, encoding="ascii") as lines:
                return next((int(row[-1]) for row in map(str.split, lines) if row[9:10] == [inode]), 0)
        except OSError:
            return 0

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Collector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unwrap(datagram: bytes) -> str:
    """The text of the document in a datagram. Raises Refused."""
    header, _, document = datagram.partition(b"\n")
    if header != _HEADER and not _is_header(header):
        raise Refused(Reason.HEADER)
    try:
        return document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(Reason.ENCODING) from error


def _is_header(line: bytes) -> bool:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(header, dict):
        return False
    return str(header.get("format")).lower() == "json" and header.get("version") == 1
