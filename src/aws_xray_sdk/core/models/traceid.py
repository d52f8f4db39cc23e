"""Trace ids: ``1-`` + 8 hex digits of epoch seconds + ``-`` + 24 random hex digits."""

from .. import _clock


class TraceId:
    """A new trace id; :meth:`to_id` gives its text."""

    VERSION = "1"
    DELIMITER = "-"

    def __init__(self) -> None:
        self.start_time = int(_clock.now())

    def to_id(self) -> str:
        """The id, 35 characters."""
        return new_trace_id(self.start_time)


def new_trace_id(start_time: float) -> str:
    """A new trace id for a request that began at `start_time` (epoch seconds)."""
    return f"1-{int(start_time):08x}-{_clock.bits(96).to_bytes(12, 'big').hex()}"


def new_entity_id() -> str:
    """A new id of a segment or subsegment: 16 hex digits."""
    return _clock.bits(64).to_bytes(8, "big").hex()


_HEX = frozenset("0123456789abcdefABCDEF")


def is_trace_id(text: str | None) -> bool:
    """Whether `text` has the form of a trace id; the service refuses documents with another."""
    return (
        text is not None
        and len(text) == 35
        and text[:2] == "1-"
        and text[10] == "-"
        and _HEX.issuperset(text[2:10])
        and _HEX.issuperset(text[11:])
    )


def is_entity_id(text: str | None) -> bool:
    """Whether `text` has the form of a segment's or subsegment's id."""
    return text is not None and len(text) == 16 and _HEX.issuperset(text)
