"""Wildcards as sampling rules and dynamic naming use them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_compiled: dict[tuple[str, bool], re.Pattern[str]] = {}
_REMEMBERED = 256


def wildcard_match(pattern: str | None, text: str | None, case_insensitive: bool = True) -> bool:
    """Whether the whole `text` fits `pattern`: ``*`` is any run of characters, ``?`` exactly one.

    None on either side fits nothing; the pattern ``*`` fits the empty text too.
    """
    if pattern is None or text is None:
        return False
    if pattern == "*":
        return True
    compiled = _compiled.get((pattern, case_insensitive)) or _compile(pattern, case_insensitive)
    return compiled.fullmatch(text) is not None


def _compile(pattern: str, case_insensitive: bool) -> re.Pattern[str]:
    import re

    # Each part between two stars is found at its first place and not looked for again (what a lookahead has found
    # is fixed), so that no pattern takes exponential time.
    parts = [".".join(map(re.escape, part.split("?"))) for part in re.sub(r"\*+", "*", pattern).split("*")]
    body = parts[0]
    if len(parts) > 1:
        found = "".join(f"(?=(?P<g{i}>.*?{part}))(?P=g{i})" for i, part in enumerate(parts[1:-1]))
        body = f"{parts[0]}{found}.*{parts[-1]}"
    compiled = re.compile(body, re.DOTALL | (re.IGNORECASE if case_insensitive else 0))
    if len(_compiled) >= _REMEMBERED:
        _compiled.clear()
    _compiled[pattern, case_insensitive] = compiled
    return compiled
