"""Any Python value as JSON text: valid, bounded in depth and size, and without side effects on the value.

What users put into metadata is anything at all: cyclic graphs, generators, lazy querysets, objects whose ``__str__``
raises. Rules: plain data is written as it is; nothing that has to be iterated by the value's own code is iterated,
since that could drain a generator or run a query, and it stands as ``<TypeName>``; what does not fit into the room
is left out and says so.
"""

from __future__ import annotations

import sys
from _collections import deque  # type: ignore[import-not-found]
from _json import encode_basestring_ascii as quoted
from _json import make_encoder
from itertools import islice
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

DEEPEST = 16
MOST_CHARACTERS = 64 * 1024
FAST_CHARACTERS = 8 * 1024
MOST = 1 << 63
MOST_ITEMS = 10_000
SHORT = 1000  # texts and numbers that need no look at the room
MOST_BITS = 3000  # of an integer: Python refuses to write out longer ones, and takes long over them


class Room:
    """How many characters are left for a value's text, and which containers are being written (to see cycles)."""

    __slots__ = ("left", "path")

    def __init__(self, left: int = MOST_CHARACTERS) -> None:
        self.left = left
        self.path: set[int] = set()


def text_of(value: Any) -> str:
    """`value` as JSON text of about 64 kB at the most."""
    if _encode is not None:
        try:
            if _room_after(value, FAST_CHARACTERS, 0) >= 0:
                return "".join(_encode(value, 0))
        except Exception:
            pass  # another thread changed it meanwhile
    return _text(value, Room())


def block_text(block: Any) -> str:
    """A block of few plain values, such as http, as JSON text; by the rules of :func:`text_of` if it is not one."""
    if _encode is not None:
        try:
            return "".join(_encode(block, 0))
        except Exception:
            pass
    return text_of(block)


def _refuse(value: Any) -> Any:
    raise TypeError


# The encoder behind json.dumps, without the package around it. It knows no bounds: it is given small plain data only.
_encode: Any = make_encoder and make_encoder(  # type: ignore[truthy-function]
    None, _refuse, quoted, None, ":", ",", False, False, False
)


def _room_after(value: Any, room: int, depth: int) -> int:
    """What is left of `room` (characters) after `value`; negative if it is not plain, too deep or too large."""
    kind = type(value)
    if kind is str:
        return room - len(value) - 2
    if kind is int:
        return room - 8 if -MOST < value < MOST else -1
    if kind is bool or value is None:
        return room - 5
    if kind is float:
        return room - 16 if value - value == 0.0 else -1
    if depth > DEEPEST or room < 0:
        return -1
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                return -1
            room = _room_after(item, room - len(key) - 3, depth + 1)
            if room < 0:
                return -1
        return room
    if kind is list or kind is tuple:
        for item in value:
            room = _room_after(item, room - 1, depth + 1)
            if room < 0:
                return -1
        return room
    return -1


def plain(value: Any) -> Any:
    """`value` as dicts, lists, strings, numbers, booleans and None, by the same rules."""
    import json

    return json.loads(text_of(value))


def _text(value: Any, room: Room) -> str:
    kind = type(value)
    if kind is str and len(value) < SHORT:
        return quoted(value)
    if kind is int and -SHORT < value < SHORT:
        return repr(value)
    try:
        return _WRITERS.get(kind, _write_other)(value, room)
    except Exception:
        # The value's own code raised, or another thread changed it meanwhile.
        return _named(value, room)


def _write_str(value: str, room: Room) -> str:
    if len(value) > room.left:
        value = f"{value[: max(room.left, 0)]}... ({len(value)} characters)"
    return quoted(value)


def _write_int(value: int, room: Room) -> str:
    return int.__repr__(value) if value.bit_length() < MOST_BITS else f'"<int of {value.bit_length()} bits>"'


def _write_float(value: float, room: Room) -> str:
    return float.__repr__(value) if isfinite(value) else f'"{float.__repr__(value)}"'


def _write_bool(value: bool, room: Room) -> str:
    return "true" if value else "false"


def _write_none(value: None, room: Room) -> str:
    return "null"


def _write_dict(value: dict[Any, Any], room: Room) -> str:
    path = room.path
    if len(path) >= DEEPEST or id(value) in path:
        return _named(value, room)
    path.add(id(value))
    parts = []
    # Through `dict` itself, in one step: a subclass's items() may do anything, another thread may write meanwhile.
    for key, item in list(islice(dict.items(value), MOST_ITEMS)):
        if room.left <= 0:
            break
        name = quoted(key[:SHORT]) if type(key) is str else _key(key, room)
        left = room.left
        text = _text(item, room)
        # A container has counted its parts itself.
        room.left -= len(name) + (len(text) if room.left == left else 2)
        parts.append(f"{name}:{text}")
    path.discard(id(value))
    if len(parts) < len(value):
        parts.append(f'"...":"{len(value) - len(parts)} more"')
    return f"{{{','.join(parts)}}}"


def _write_list(value: Any, room: Room) -> str:
    path = room.path
    if len(path) >= DEEPEST or id(value) in path:
        return _named(value, room)
    path.add(id(value))
    parts = []
    for item in list(islice(value, MOST_ITEMS)):
        if room.left <= 0:
            break
        left = room.left
        text = _text(item, room)
        room.left -= len(text) if room.left == left else 1
        parts.append(text)
    path.discard(id(value))
    if len(parts) < len(value):
        parts.append(f'"... {len(value) - len(parts)} more"')
    return f"[{','.join(parts)}]"


def _write_bytes(value: bytes | bytearray, room: Room) -> str:
    text = bytes(value[: max(room.left, 0)]).decode("utf-8", "backslashreplace")
    return _write_str(text if len(value) <= room.left else f"{text}... ({len(value)} bytes)", room)


def _write_other(value: Any, room: Room) -> str:
    """Subclasses of plain types as those; then what is safe to ask an object for."""
    kind = type(value)
    for base in _BASES:
        if issubclass(kind, base):
            return _WRITERS[base](_exact(base, value), room)
    if isinstance(value, (type, _Module)) or callable(value):
        return _write_str(f"<{getattr(value, '__qualname__', getattr(value, '__name__', kind.__name__))}>", room)
    if any("__iter__" in each.__dict__ or "__next__" in each.__dict__ for each in kind.__mro__):
        return _named(value, room)  # a generator, file, queryset ...: even repr() could drain it
    if isinstance(value, BaseException):
        return _write_str(f"{kind.__name__}: {value}", room)
    attributes = _attributes(value)
    if not attributes:
        return _write_str(str(value), room)
    if id(value) in room.path:
        return _named(value, room)
    room.path.add(id(value))
    try:
        return _write_dict(attributes, room)
    finally:
        room.path.discard(id(value))


def _exact(base: Any, value: Any) -> Any:
    """The plain content of an instance of a subclass, without the subclass's own code."""
    if base in (str, int, float):
        return base.__getnewargs__(value)[0]
    return value if base is dict else list(islice(base.__iter__(value), MOST_ITEMS + 1))


def _attributes(value: Any) -> dict[str, Any]:
    """The public attributes of an object (those of an instance, and a dataclass's fields where it has slots)."""
    found = getattr(value, "__dict__", None)
    if isinstance(found, dict):
        names: Iterable[Any] = [name for name in list(found) if isinstance(name, str) and not name.startswith("_")]
        return {name: found[name] for name in names}
    fields = getattr(type(value), "__dataclass_fields__", ())
    return {name: getattr(value, name, None) for name in fields}


def _key(key: Any, room: Room) -> str:
    """A key that is not a plain string, as JSON has them: text."""
    text = _text(key, room)
    return text if text.startswith('"') else quoted(text)


def _named(value: object, room: Room) -> str:
    return quoted(f"<{type(value).__name__}>")


_WRITERS: dict[type, Callable[[Any, Room], str]] = {
    str: _write_str,
    int: _write_int,
    float: _write_float,
    bool: _write_bool,
    type(None): _write_none,
    dict: _write_dict,
    bytes: _write_bytes,
    bytearray: _write_bytes,
}
_Module = type(sys)
_BASES = (str, int, float, dict, list, tuple, set, frozenset, deque)
_kind: Any
for _kind in (*_BASES[4:], type({}.keys()), type({}.values()), type({}.items())):
    _WRITERS[_kind] = _write_list
