"""One rule of local sampling: which requests it is for, and how many of those are recorded."""

from __future__ import annotations

from ...exceptions.exceptions import InvalidSamplingManifestError
from ...utils.search_pattern import wildcard_match
from .reservoir import Reservoir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FIXED_TARGET = "fixed_target"
RATE = "rate"
HOST = "host"
SERVICE_NAME = "service_name"
METHOD = "http_method"
PATH = "url_path"
DESCRIPTION = "description"


class SamplingRule:
    """A rule as in a rules file; `version` 1 calls the host ``service_name``, 2 calls it ``host``.

    `label` names the rule in errors. Raises InvalidSamplingManifestError for a rule that breaks the format.
    """

    def __init__(self, rule_dict: dict[str, Any], version: int = 2, default: bool = False, label: str = "rule") -> None:
        self._label = label
        if not isinstance(rule_dict, dict):
            raise InvalidSamplingManifestError(f"{label} must be an object, not {rule_dict!r}")
        host_key = SERVICE_NAME if version == 1 else HOST
        self._check_keys(rule_dict, host_key, default)
        self.fixed_target = self._number(rule_dict, FIXED_TARGET, int)
        self.rate = self._number(rule_dict, RATE, (int, float))
        self.host = None if default else self._pattern(rule_dict, host_key)
        self.method = None if default else self._pattern(rule_dict, METHOD)
        self.path = None if default else self._pattern(rule_dict, PATH)
        self.reservoir = Reservoir(self.fixed_target)

    def applies(self, host: str | None, method: str | None, path: str | None) -> bool:
        """Whether this rule is for such a request; what is not known about the request fits anything."""
        return (
            (not host or wildcard_match(self.host, host))
            and (not method or wildcard_match(self.method, method))
            and (not path or wildcard_match(self.path, path))
        )

    def _check_keys(self, rule: dict[str, Any], host_key: str, default: bool) -> None:
        allowed = {FIXED_TARGET, RATE, DESCRIPTION}
        if not default:
            allowed |= {host_key, METHOD, PATH}
        for key in (HOST, SERVICE_NAME, METHOD, PATH):
            if key in rule and key not in allowed:
                raise InvalidSamplingManifestError(
                    f"{self._label}: {key!r} is not accepted here, only {', '.join(map(repr, sorted(allowed)))}"
                )

    def _number(self, rule: dict[str, Any], key: str, kind: Any) -> Any:
        value = rule.get(key)
        if isinstance(value, bool) or not isinstance(value, kind) or not 0 <= value < float("inf"):
            wanted = "a whole number, at least 0" if kind is int else "a number, at least 0"
            raise InvalidSamplingManifestError(f"{self._label}: {key!r} must be {wanted}, not {value!r}")
        return value

    def _pattern(self, rule: dict[str, Any], key: str) -> str:
        value = rule.get(key)
        if not isinstance(value, str) or not value:
            raise InvalidSamplingManifestError(f"{self._label}: {key!r} must be a pattern such as '*', not {value!r}")
        return value
