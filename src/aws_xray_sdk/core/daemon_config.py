"""Where the daemon listens."""

import os

from .exceptions.exceptions import InvalidDaemonAddressException

DAEMON_ADDRESS_KEY = "AWS_XRAY_DAEMON_ADDRESS"
DEFAULT_ADDRESS = "127.0.0.1:2000"

Address = tuple[str, int]

_ACCEPTED = "'host:port' or 'tcp:host:port udp:host:port', an IPv6 address in brackets as in '[::1]:2000'"


class DaemonConfig:
    """The daemon's addresses: UDP for documents, TCP for sampling.

    `daemon_address` is ``host:port`` for both, or ``tcp:host:port udp:host:port`` in either order; the environment
    variable ``AWS_XRAY_DAEMON_ADDRESS`` wins. Raises InvalidDaemonAddressException for anything else.
    """

    def __init__(self, daemon_address: str | None = DEFAULT_ADDRESS) -> None:
        given = os.environ.get(DAEMON_ADDRESS_KEY) or daemon_address or DEFAULT_ADDRESS
        self._udp, self._tcp = parse_addresses(given)

    @property
    def udp_ip(self) -> str:
        """The host (name or IP address) that takes documents."""
        return self._udp[0]

    @property
    def udp_port(self) -> int:
        """The port that takes documents."""
        return self._udp[1]

    @property
    def tcp_ip(self) -> str:
        """The host (name or IP address) that answers about sampling."""
        return self._tcp[0]

    @property
    def tcp_port(self) -> int:
        """The port that answers about sampling."""
        return self._tcp[1]


def parse_addresses(text: str) -> tuple[Address, Address]:
    """The UDP and the TCP address in `text`."""
    words = text.split() if isinstance(text, str) else []
    if len(words) == 1 and not words[0].startswith(("udp:", "tcp:")):
        address = parse_address(words[0], text)
        return address, address
    found = {word[:3]: parse_address(word[4:], text) for word in words if word.startswith(("udp:", "tcp:"))}
    if len(words) != 2 or len(found) != 2:
        raise InvalidDaemonAddressException(f"The daemon address {text!r} is not understood: {_ACCEPTED} is accepted")
    return found["udp"], found["tcp"]


def parse_address(word: str, text: str | None = None) -> Address:
    """The host and the port in `word`; `text` is what the user gave, for the error."""
    host, _, port = word.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    is_host = bool(name) and not any(sign in name for sign in ("[]/" if bracketed else "[]/:"))
    if not is_host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise InvalidDaemonAddressException(
            f"The daemon address {text or word!r} is not understood: {_ACCEPTED} is accepted"
        )
    return name, int(port)
