"""Parts joined into a trace: they arrive in any order, some twice, some never."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from .documents import Part

_BY_START = attrgetter("start", "id")


class Trace:
    """Everything received with one trace id."""

    def __init__(self, trace_id: str, parts: Iterable[Part] = ()) -> None:
        self.id = trace_id
        self.parts: dict[str, Part] = {}
        self.times_shown = 0
        for part in parts:
            self.add(part)

    def add(self, part: Part) -> bool:
        """Take a part in; False when it told nothing new.

        The first complete part of an id stays: a later copy, or an in-progress one overtaken on its way, is ignored.
        """
        known = self.parts.get(part.id)
        if known is not None and (known.end is not None or known == part):
            return False
        self.parts[part.id] = part
        return True

    @property
    def segments(self) -> list[Part]:
        return [part for part in self.parts.values() if part.is_segment]

    @property
    def services(self) -> set[str]:
        return {part.name for part in self.segments}

    @property
    def in_progress(self) -> list[Part]:
        return [part for part in self.parts.values() if part.end is None]

    @property
    def absent(self) -> set[str]:
        """Ids that are named as a parent but have not arrived."""
        return {part.parent_id for part in self.parts.values() if part.parent_id} - self.parts.keys()

    def children(self) -> dict[str | None, list[Part]]:
        """The parts under each parent id, the earliest first; the roots are under None."""
        found: dict[str | None, list[Part]] = {}
        for part in sorted(self.parts.values(), key=_BY_START):
            found.setdefault(part.parent_id, []).append(part)
        return found

    def looped(self) -> list[Part]:
        """The parts that are their own ancestors or hang below such a part: no root leads to them."""
        children = self.children()
        reached: set[str] = set()
        waiting: list[str | None] = [None, *self.absent]
        while waiting:
            found = children.get(waiting.pop(), [])
            reached.update(part.id for part in found)
            waiting.extend(part.id for part in found)
        return [part for part in self.parts.values() if part.id not in reached]

    @property
    def is_tree(self) -> bool:
        """Is there one root, and does every other part hang on it?"""
        return len(self.children().get(None, ())) == 1 and not self.absent and not self.looped()

    @property
    def is_complete(self) -> bool:
        """Is it a tree in which all work has ended?"""
        return not self.in_progress and self.is_tree

    @property
    def start(self) -> float:
        return min(part.start for part in self.parts.values())

    @property
    def end(self) -> float:
        """The latest moment any part tells of, in epoch seconds."""
        return max(part.start if part.end is None else max(part.start, part.end) for part in self.parts.values())
