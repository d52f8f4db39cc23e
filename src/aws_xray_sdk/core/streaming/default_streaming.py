"""Which finished subsegments leave before their segment ends."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class DefaultStreaming:
    """Finished subtrees leave as soon as more than `streaming_threshold` subsegments hang on a segment."""

    def __init__(self, streaming_threshold: int = 30) -> None:
        self._threshold = streaming_threshold

    @property
    def streaming_threshold(self) -> int:
        """How many subsegments may hang on a segment."""
        return self._threshold

    @streaming_threshold.setter
    def streaming_threshold(self, value: int) -> None:
        self._threshold = value

    def is_eligible(self, segment: Any) -> bool:
        """Whether `segment` has so many subsegments that the finished ones should leave."""
        if not segment or not segment.sampled:
            return False
        return segment.open_count + len(segment.finished) > self._threshold  # type: ignore[no-any-return]

    def stream(self, entity: Any, callback: Callable[[Any], None]) -> None:
        """Take the finished subtrees out of the segment `entity` and hand each to `callback`."""
        for subsegment in entity.owner().take_finished():
            callback(subsegment)
