"""A subsegment around somebody's code: opened, closed and told of errors, and never in the way.

Context managers, decorators and integrations all go through these two functions, so that what is swallowed and what
is current afterwards is decided once.
"""

from __future__ import annotations

from ._guard import swallow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .models.subsegment import Subsegment
    from .recorder import AWSXRayRecorder


def enter(recorder: AWSXRayRecorder, name: str | None, namespace: str = "local") -> Subsegment | None:
    """Begin a subsegment and make it current; None where no segment is open."""
    try:
        return recorder.begin_subsegment(name, namespace)  # type: ignore[arg-type]
    except Exception as error:
        swallow(error)
        return None


def leave(recorder: AWSXRayRecorder, subsegment: Subsegment | None, error: BaseException | None = None) -> None:
    """End `subsegment` (whatever is current: code in between may have left something open), with its error."""
    if subsegment is None or not subsegment.in_progress:
        return
    try:
        if error is not None and not isinstance(error, GeneratorExit):  # a generator that is left early has not failed
            subsegment.add_exception(error, None, limit=recorder.max_trace_back)
        recorder.finish_subsegment(subsegment)
    except Exception as ours:
        swallow(ours)
