"""Ids of requests that are not sampled: zeros, unless ``AWS_XRAY_NOOP_ID`` is false."""

import os

from .. import _clock
from .traceid import new_entity_id, new_trace_id

NOOP_TRACE_ID = "1-00000000-000000000000000000000000"
NOOP_ENTITY_ID = "0000000000000000"


class NoOpTraceId:
    """The trace id of requests that are not sampled."""

    def to_id(self) -> str:
        """Zeros in the form of a trace id."""
        return NOOP_TRACE_ID


class Noop:
    """Whether ids of unsampled requests are zeros; read from the environment at import and at ``configure()``."""

    enabled = True

    @classmethod
    def read_environment(cls) -> None:
        """Take ``AWS_XRAY_NOOP_ID`` as it is now."""
        cls.enabled = os.environ.get("AWS_XRAY_NOOP_ID", "").strip().lower() != "false"


Noop.read_environment()


def unsampled_trace_id() -> str:
    """A trace id for a request that is not sampled and came without one."""
    return NOOP_TRACE_ID if Noop.enabled else new_trace_id(_clock.now())


def unsampled_entity_id() -> str:
    """An id for a segment or subsegment that is not sampled."""
    return NOOP_ENTITY_ID if Noop.enabled else new_entity_id()
