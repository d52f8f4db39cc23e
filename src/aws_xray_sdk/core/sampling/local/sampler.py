"""Sampling by rules that this process holds: the first rule that fits decides."""

from __future__ import annotations

from ... import _clock
from ...exceptions.exceptions import InvalidSamplingManifestError
from .sampling_rule import SamplingRule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_RULES: dict[str, Any] = {"version": 2, "default": {"fixed_target": 1, "rate": 0.05}, "rules": []}

SUPPORTED_RULE_VERSION = (1, 2)


class LocalSampler:
    """Decides by local rules: per second and process a fixed number of requests, then a part of the others.

    `rules` is the content of a rules file, version 1 or 2; the default is one request a second and 5 % of the rest.
    Raises InvalidSamplingManifestError where the rules break the format, naming rule and key.
    """

    def __init__(self, rules: dict[str, Any] = DEFAULT_RULES) -> None:
        self.load_local_rules(rules)

    def load_local_rules(self, rules: dict[str, Any]) -> None:
        """Replace the rules."""
        if not isinstance(rules, dict):
            raise InvalidSamplingManifestError(f"sampling rules must be an object, not {type(rules).__name__}")
        version = rules.get("version")
        if isinstance(version, bool) or version not in SUPPORTED_RULE_VERSION:
            raise InvalidSamplingManifestError(f"sampling rules: 'version' must be 1 or 2, not {version!r}")
        if "default" not in rules:
            raise InvalidSamplingManifestError("sampling rules: 'default' is missing; it decides where no rule fits")
        custom = rules.get("rules") or []
        if not isinstance(custom, (list, tuple)):
            raise InvalidSamplingManifestError(f"sampling rules: 'rules' must be a list, not {custom!r}")
        default = SamplingRule(rules["default"], version, default=True, label="default rule")
        loaded = [SamplingRule(rule, version, label=f"rule {i}") for i, rule in enumerate(custom, 1)]
        self._default_rule, self._rules = default, loaded

    def should_trace(self, sampling_req: dict[str, Any] | None = None) -> bool:
        """Whether to record a request; `sampling_req` may name its ``host``, ``method`` and ``path``."""
        if sampling_req is None or not self._rules:
            return self._decide(self._default_rule)
        host, method, path = (sampling_req.get(key) for key in ("host", "method", "path"))
        for rule in self._rules:
            if rule.applies(host, method, path):
                return self._decide(rule)
        return self._decide(self._default_rule)

    def _decide(self, rule: SamplingRule) -> bool:
        return rule.reservoir.take() or _clock.chance() < rule.rate
