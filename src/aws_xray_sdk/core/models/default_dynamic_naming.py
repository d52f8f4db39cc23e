"""Segment names from the host that a request asked for."""

from ..utils.search_pattern import wildcard_match


class DefaultDynamicNaming:
    """Names a segment by the request's host where the host matches a pattern, else by the fallback.

    `pattern` may hold ``*`` (any run of characters) and ``?`` (one character).
    """

    def __init__(self, pattern: str, fallback: str | None) -> None:
        self._pattern = pattern
        self._fallback = fallback

    def get_name(self, host_name: str | None) -> str | None:
        """The name for a request to `host_name`."""
        bare = _without_port(host_name) if host_name else host_name
        for name in (bare, host_name):
            if wildcard_match(self._pattern, name):
                return name
        return self._fallback


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
