"""Documents to the daemon: one datagram each, without waiting and without ever failing the application."""

from __future__ import annotations

from ..._log import Log
from .._guard import first_time
from ..daemon_config import DEFAULT_ADDRESS, DaemonConfig, parse_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._channel import Channel

log = Log(__name__)

PROTOCOL_HEADER = '{"format":"json","version":1}'
PROTOCOL_DELIMITER = "\n"
DEFAULT_DAEMON_ADDRESS = DEFAULT_ADDRESS

LARGEST_DATAGRAM = 65_507  # bytes: what IPv4 carries in one datagram
SURELY_FITS = 8_000  # bytes: no system sends less in one datagram
_START = PROTOCOL_HEADER + PROTOCOL_DELIMITER


class UDPEmitter:
    """Sends documents to the daemon.

    `daemon_address` as in :class:`DaemonConfig`. A document that is too large for a datagram leaves as several, each
    complete in itself; an entity that is too large alone is trimmed (metadata, then SQL text, then stacks). `sent`,
    `dropped` and `trimmed` count documents.
    """

    def __init__(self, daemon_address: str = DEFAULT_DAEMON_ADDRESS) -> None:
        self.sent = 0
        self.dropped = 0
        self.trimmed = 0
        self.set_daemon_address(daemon_address)

    @property
    def ip(self) -> str:
        """The daemon's host, as given."""
        return self._ip

    @property
    def port(self) -> int:
        """The daemon's port."""
        return self._port

    def set_daemon_address(self, address: str | None) -> None:
        """Send to `address` from now on; the environment variable ``AWS_XRAY_DAEMON_ADDRESS`` wins."""
        config = DaemonConfig(address or DEFAULT_DAEMON_ADDRESS)
        self._set_host(config.udp_ip, config.udp_port)

    @classmethod
    def to_address(cls, address: str) -> UDPEmitter:
        """An emitter to ``host:port``, whatever the environment says."""
        made = cls.__new__(cls)
        made.sent = made.dropped = made.trimmed = 0
        made._set_host(*parse_address(address))
        return made

    def _set_host(self, ip: str, port: int) -> None:
        self._ip, self._port = ip, port
        self._channel: Channel | None = None

    def send_entity(self, entity: Any) -> None:
        """Send the document of a segment or subsegment."""
        try:
            text = entity.serialize()
            if text is None:
                return
            if len(text) <= SURELY_FITS:
                self._send_data(f"{_START}{text}")
                return
        except RecursionError:
            pass  # subsegments nested a thousand deep; `fitting` does without recursion
        from ..streaming._fit import fitting

        for part, trimmed in fitting(entity, min(LARGEST_DATAGRAM, self._open().largest) - len(_START)):
            self.trimmed += trimmed
            self._send_data(_START + part)

    def _send_data(self, data: str) -> None:
        """Send one datagram: the protocol's header line and a document."""
        if log.debugs():
            log.debug("sending: %s to %s:%s.", data[len(_START) :], self._ip, self._port)
        channel = self._channel or self._open()
        try:
            sent = channel.send(data.encode("utf-8", "replace"))
        except OSError as error:
            sent = False
            if first_time((type(self), error.errno)):
                log.warning("Documents cannot be sent to %s:%s: %s (told once)", self._ip, self._port, error)
        if sent:
            self.sent += 1
        else:
            self.dropped += 1
        if channel.refused:
            refused, channel.refused = channel.refused, 0
            self.sent -= refused
            self.dropped += refused

    def _open(self) -> Channel:
        """The channel to the daemon, made when there is something to send."""
        if self._channel is None:
            from ._channel import Channel

            self._channel = Channel(self._ip, self._port)
        return self._channel

    def _parse_address(self, daemon_address: str) -> tuple[str, int]:
        return parse_address(daemon_address)
