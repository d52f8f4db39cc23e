"""A segment that somebody else (AWS Lambda) records: subsegments hang below it, nothing can be written to it."""

from .segment import Segment


class FacadeSegment(Segment):
    """Stands for a segment of the platform: `entityid` and `traceid` are the platform's.

    Writes are ignored with one log line; it is never sent.
    """

    __slots__ = ()

    def __init__(self, name: str, entityid: str | None, traceid: str | None, sampled: bool) -> None:
        super().__init__(name, entityid, traceid, None, bool(sampled))

    def close(self, end_time: float | None = None) -> None:
        """Do nothing: the platform ends its segment."""

    def ready_to_send(self) -> bool:
        """False: the platform sends its segment."""
        return False

    def serialize(self) -> str | None:
        """None: there is no document of ours."""
        return None

    def _writable(self, verb: str) -> bool:
        from .._guard import warn_once
        from .entity import log

        warn_once(log, "%s is ignored: the segment belongs to AWS Lambda; begin a subsegment and write to that", verb)
        return False
