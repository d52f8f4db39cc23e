"""Reading JSON of unknown origin: each look-up names the type it wants and gets that or nothing."""

from __future__ import annotations

_LONGEST_TEXT = 2000
_BIGGEST_NUMBER = 1e15


class Fields:
    """A JSON object, empty when the value was anything else."""

    __slots__ = ("_values",)

    def __init__(self, value: object) -> None:
        self._values: dict[str, object] = value if isinstance(value, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._values)

    def keys(self) -> list[str]:
        return list(self._values)

    def text(self, key: str) -> str | None:
        """The text under the key, cut at 2000 characters."""
        value = self._values.get(key)
        return value[:_LONGEST_TEXT] if isinstance(value, str) else None

    def number(self, key: str) -> float | None:
        """The number under the key when it is finite and of a size that arithmetic and layout can bear."""
        value = self._values.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if -_BIGGEST_NUMBER < value < _BIGGEST_NUMBER else None

    def flag(self, key: str) -> bool:
        return self._values.get(key) is True

    def inner(self, key: str) -> Fields:
        return Fields(self._values.get(key))

    def items(self, key: str) -> list[object]:
        value = self._values.get(key)
        return value if isinstance(value, list) else []

    def simple(self, key: str) -> str | int | float | bool | None:
        """The text, number or bool under the key: what an annotation may be."""
        value = self._values.get(key)
        if isinstance(value, str):
            return value[:_LONGEST_TEXT]
        if isinstance(value, bool):
            return value
        return value if isinstance(value, int | float) and self.number(key) is not None else None
