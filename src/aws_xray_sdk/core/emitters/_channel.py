"""A UDP socket to the daemon that never blocks: names are resolved by a thread, and again when they may have moved."""

import atexit
import os
import socket
import threading
import time
from collections import deque

from ..._log import Log
from .._guard import warn_once

log = Log("aws_xray_sdk.core.emitters.udp_emitter")

LOOK_AGAIN = 60.0  # seconds after which a host name is resolved again
RETRY = 5.0  # seconds after which a name that could not be resolved is tried again
MOST_WAITING = 500  # datagrams kept while a name is resolved for the first time
_SEND_BUFFER = 128 * 1024


class Channel:
    """Datagrams to `host` (name, IPv4 or IPv6 address) and `port`.

    The socket is made at the first datagram, and may be shared with forked children: datagrams do not mix.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None
        self._address: object = None
        self._look_at = 0.0
        self.refused = 0  # datagrams that were sent and, as it turned out, found nobody
        self._begin_in_this_process()
        self._is_name = _family(host) is None

    @property
    def largest(self) -> int:
        """How many bytes one datagram may have here: some systems allow no more than the socket's send buffer."""
        if self._socket is None and not self._is_name:
            self._connect_to(_family(self.host) or socket.AF_INET, (self.host, self.port))
        return 65_507 if self._socket is None else self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)

    def send(self, datagram: bytes) -> bool:
        """Send; False when it was dropped because the system or the resolver did not keep up. Raises OSError."""
        if self._is_name and (time.monotonic() >= self._look_at or self._process != os.getpid()):
            self._look_up()
        connected = self._socket
        if connected is None:
            if self._is_name:
                return self._wait(datagram)
            connected = self._connect_to(_family(self.host) or socket.AF_INET, (self.host, self.port))
        try:
            connected.send(datagram)
        except ConnectionRefusedError:
            # Told late: an earlier datagram found nobody. This one has not left yet.
            self.refused += 1
            try:
                connected.send(datagram)
            except ConnectionRefusedError:
                return False
        except BlockingIOError:
            return False
        return True

    def __del__(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _connect_to(self, family: int, address: tuple[object, ...]) -> socket.socket:
        if self._socket is not None and self._socket.family == family:
            # The same socket, since another thread may be sending with it.
            self._socket.connect(address)
            self._address = address
            return self._socket
        made = socket.socket(family, socket.SOCK_DGRAM)
        made.setblocking(False)
        if made.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) < _SEND_BUFFER:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        made.connect(address)
        if self._socket is not None and self._socket.family == family:
            made.close()  # another thread was faster
            return self._socket
        self._address = address
        self._socket = made
        return made

    # -- names

    def _begin_in_this_process(self) -> None:
        """Know of nothing that waits: what waited before a fork is the parent's to send."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._resolver: threading.Thread | None = None

    def _wait(self, datagram: bytes) -> bool:
        with self._lock:
            if self._socket is None:
                if len(self._waiting) >= MOST_WAITING:
                    return False
                self._waiting.append(datagram)
                return True
        return self.send(datagram)

    def _look_up(self) -> None:
        """Start a thread that resolves the name, unless one is at it in this process."""
        if self._process != os.getpid():
            self._begin_in_this_process()
        with self._lock:
            if self._resolver is not None and self._resolver.is_alive():
                return
            thread = threading.Thread(target=self._resolve, name="xray-resolver", daemon=True)
            self._look_at = time.monotonic() + RETRY
            try:
                thread.start()
            except RuntimeError:  # no threads any more: the interpreter ends
                return
            if self._resolver is None:
                atexit.register(self._settle)
            self._resolver = thread

    def _resolve(self) -> None:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_DGRAM)
            # The daemon listens on IPv4 unless told otherwise.
            family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
            if address != self._address:
                self._connect_to(family, address)
        except OSError as error:
            warn_once(log, "The daemon's host %s cannot be reached: %s; it is looked up again", self.host, str(error))
            return
        self._look_at = time.monotonic() + LOOK_AGAIN
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for datagram in waiting:
            try:
                self.send(datagram)
            except OSError:
                return

    def _settle(self) -> None:
        """At exit: give a first look-up the time to send what waits for it."""
        if self._waiting and self._resolver is not None and self._process == os.getpid():
            self._resolver.join(2.0)


def _family(host: str) -> int | None:
    """The address family of an IP address; None for a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host.split("%")[0])
        except OSError:
            continue
        return family
    return None
