"""The one place that decides what of ours is swallowed, and how often we speak.

A fault of the SDK must not become a fault of the application: engines wrap their own steps (never the application's
call) in ``try`` and hand what they catch to :func:`swallow`. Our tests set :attr:`Guard.raising`, so that a swallowed
error fails them.
"""

from .._log import Log
from .exceptions.exceptions import SegmentNotFoundException

log = Log(__name__)

_MOST_LINES = 256


class Guard:
    """Whether faults are raised (in our tests) or logged, and what has been logged already."""

    raising = False
    said: set[object] = set()


def swallow(error: Exception) -> None:
    """Log a fault of ours once per place; only a missing segment under ``RUNTIME_ERROR`` gets out."""
    if Guard.raising or isinstance(error, SegmentNotFoundException):
        raise error
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    place = traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
    if first_time((type(error), place)):
        log.error("X-Ray could not record; the application is not affected (logged once)", exc_info=error)


def first_time(key: object) -> bool:
    """Whether this is the first time that `key` is asked about; false as well once 256 different keys were seen."""
    if key in Guard.said or len(Guard.said) >= _MOST_LINES:
        return False
    Guard.said.add(key)
    return True


def warn_once(logger: Log, message: str, *args: object) -> None:
    """Log a warning unless the same one, arguments included, was logged before."""
    if first_time((message, *map(repr, args))):
        logger.warning(message, *args)
