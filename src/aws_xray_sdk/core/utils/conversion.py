"""Metadata as plain dicts, for code that calls the conversion by itself."""

from __future__ import annotations

from ..models._values import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def metadata_to_dict(obj: Any) -> Any:
    """`obj` as dicts, lists, strings, numbers, booleans and None; bounded in depth and size, cycles named."""
    return plain(obj)
