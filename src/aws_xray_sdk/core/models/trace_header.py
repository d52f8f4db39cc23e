"""The header ``X-Amzn-Trace-Id``: reads whatever comes, writes ``Root``, ``Parent``, ``Sampled`` and the rest."""

ROOT = "Root"
PARENT = "Parent"
SAMPLE = "Sampled"
SELF = "Self"

_LONGEST = 2048
_MOST_PARTS = 32

Sampled = int | str | None


class TraceHeader:
    """The parts of a trace header.

    `root` is a trace id, `parent` the id of the caller's segment or subsegment, `sampled` 1, 0, ``"?"`` (the caller
    asks) or None; `data` holds all other parts, such as ``Lineage``, which are passed on unchanged.
    """

    __slots__ = ("_data", "_parent", "_root", "_sampled")

    def __init__(
        self,
        root: str | None = None,
        parent: str | None = None,
        sampled: int | bool | str | None = None,
        data: dict[str, str] | None = None,
    ) -> None:
        self._root = root
        self._parent = parent
        self._sampled: Sampled = _decision(sampled)
        self._data = data

    @classmethod
    def from_header_str(cls, header: str | None) -> "TraceHeader":
        """Read a header; parts may be empty, blank, in any order or without ``=``, and spoil nothing but themselves.

        ``Self``, which load balancers add for themselves, is not passed on.
        """
        if not header or not isinstance(header, str):
            return cls()
        root = parent = sampled = None
        data: dict[str, str] = {}
        for part in header[:_LONGEST].split(";", _MOST_PARTS)[:_MOST_PARTS]:
            key, equals, value = part.partition("=")
            key = key.strip()
            value = value.strip()
            if not equals or not key or not value:
                continue
            if key == ROOT:
                root = value
            elif key == PARENT:
                parent = value
            elif key == SAMPLE:
                sampled = value
            elif key != SELF and _is_safe(key) and _is_safe(value):
                data[key] = value
        return cls(_checked(root, 35), _checked(parent, 16), sampled, data or None)

    def to_header_str(self) -> str:
        """The header's text; parts that are not known are left out."""
        parts = []
        if self._root:
            parts.append(f"{ROOT}={self._root}")
        if self._parent:
            parts.append(f"{PARENT}={self._parent}")
        if self._sampled is not None:
            parts.append(f"{SAMPLE}={self._sampled}")
        if self._data:
            parts.extend(f"{key}={value}" for key, value in self._data.items())
        return ";".join(parts)

    @property
    def root(self) -> str | None:
        """The trace id."""
        return self._root

    @property
    def parent(self) -> str | None:
        """The id of the caller's segment or subsegment."""
        return self._parent

    @property
    def sampled(self) -> Sampled:
        """1, 0, ``"?"`` or None."""
        return self._sampled

    @property
    def data(self) -> dict[str, str] | None:
        """Every other part of the header."""
        return self._data


def _decision(sampled: int | bool | str | None) -> Sampled:
    if sampled is None or sampled == "?":
        return sampled
    if sampled is True or sampled == 1 or sampled == "1":
        return 1
    return 0 if sampled is False or sampled == 0 or sampled == "0" else None


def _checked(value: str | None, longest: int) -> str | None:
    """`value` unless it can't be an id: too long, or with characters that would break a header or a document."""
    if value is None or len(value) > longest or not value.isascii():
        return None
    return value if value.replace("-", "").isalnum() else None


def _is_safe(text: str) -> bool:
    return text.isascii() and text.isprintable()
