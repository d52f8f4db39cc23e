"""So many requests a second are recorded whatever the rate says."""

from itertools import count

from ... import _clock


class Reservoir:
    """`traces_per_sec` requests in each second of the clock, in this process, exactly: also among many threads."""

    def __init__(self, traces_per_sec: int = 0) -> None:
        self.traces_per_sec = traces_per_sec
        # By second. Setting a default and counting are single steps of the interpreter, so no lock is needed, and
        # none can be left locked in a forked child.
        self._counters: dict[int, count[int]] = {}

    def take(self) -> bool:
        """Whether there is one left in this second."""
        if not self.traces_per_sec:
            return False
        second = int(_clock.now())
        counter = self._counters.get(second)
        if counter is None:
            for old in [each for each in list(self._counters) if each < second - 1]:
                self._counters.pop(old, None)
            counter = self._counters.setdefault(second, count(1))
        return next(counter) <= self.traces_per_sec
