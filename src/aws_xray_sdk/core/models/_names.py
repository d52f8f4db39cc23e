"""X-Ray's rules for names and annotations: what is allowed, and how the rest is made to fit.

A document with a name that breaks the rule is refused by the service as a whole, so every name is cleaned when it is
written, whoever set it and however late. Clean names are remembered: a program uses few.
"""

from __future__ import annotations

from _json import encode_basestring_ascii as quoted

from ..._log import Log
from .._guard import warn_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Annotation = str | int | float | bool

log = Log("aws_xray_sdk.core.models.entity")

LONGEST_NAME = 200
LONGEST_ANNOTATION = 1000
_REMEMBERED = 2048

_KEY_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.")
_NAME_SIGNS = frozenset(" _.:/%&#=+\\-@")

clean_names: dict[str, str] = {}
name_texts: dict[str, str] = {}
_keys: dict[str, str] = {}


def clean_name(name: object) -> str:
    """`name` as X-Ray accepts it: letters, numbers, blanks and ``_ . : / % & # = + \\ - @``, 1 to 200 characters."""
    known = clean_names.get(name) if type(name) is str else None
    if known is not None:
        return known
    given = name if isinstance(name, str) else "" if name is None else str(name)
    # Cut before cleaning: what nobody will read need not be looked at. Line ends become blanks.
    text = "".join(filter(_is_allowed, given[: 4 * LONGEST_NAME].replace("\n", " ")))
    text = text[:LONGEST_NAME] or "unnamed"
    if text != given:
        warn_once(log, "The name %r breaks X-Ray's rule for names; recorded as %r", given[:250], text)
    return _remember(clean_names, given, text)


def name_text(name: object) -> str:
    """The JSON text of the cleaned `name`."""
    known = name_texts.get(name) if type(name) is str else None
    if known is not None:
        return known
    return _remember(name_texts, name if type(name) is str else str(name), quoted(clean_name(name)))


def clean_key(key: object) -> str | None:
    """An annotation's `key` with all but letters, digits, ``_`` and ``.`` made ``_``; None if it is hopeless."""
    known = _keys.get(key) if type(key) is str else None
    if known is not None:
        return known
    if not isinstance(key, str) or not key:
        warn_once(log, "An annotation's key must be a string with characters in it; left out: %r", repr(key)[:100])
        return None
    text = "".join(sign if sign in _KEY_CHARACTERS else "_" for sign in key[:500])
    if text != key:
        warn_once(log, "The annotation key %r breaks X-Ray's rule for keys; recorded as %r", key[:100], text)
    return _remember(_keys, key, text)


def clean_annotation(key: str, value: Any) -> Annotation | None:
    """`value` as an annotation can hold it (string, number, boolean); None if it can't, with a warning."""
    if isinstance(value, str):
        if len(value) > LONGEST_ANNOTATION:
            warn_once(log, "The annotation %r is cut at 1000 characters; metadata holds more", key)
        return value[:LONGEST_ANNOTATION]
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and value - value == 0.0:
        return value
    warn_once(
        log,
        "The annotation %r is left out: it must be a string, a finite number or a boolean, not a value of type %s",
        key,
        type(value).__name__,
    )
    return None


def _is_allowed(sign: str) -> bool:
    # Letters and numbers of any script; of the blanks those that print (no tab, no line end).
    return sign.isalnum() or sign in _NAME_SIGNS or (sign.isspace() and sign > "\x9f")


def _remember(cache: dict[str, str], given: str, text: str) -> str:
    if len(cache) >= _REMEMBERED or len(given) > 4 * LONGEST_NAME:
        # Names made of ids would fill any cache: start anew rather than grow.
        cache.clear()
    cache[given] = text
    return text
