"""What ``configure`` accepts: one row for each option, with its check and its environment variable."""

from __future__ import annotations

import os

from .context import CXT_MISSING_STRATEGY_KEY, SUPPORTED_CONTEXT_MISSING
from .daemon_config import DAEMON_ADDRESS_KEY, parse_addresses
from .exceptions.exceptions import (
    InvalidDaemonAddressException,
    InvalidSamplingManifestError,
    InvalidSettingError,
)
from .sampling.local.sampler import LocalSampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

TRACING_NAME_KEY = "AWS_XRAY_TRACING_NAME"


class Setting:
    """An option of ``configure``: what is accepted, in words and as a check, and the variable that beats it."""

    def __init__(self, accepted: str, check: Callable[[Any], Any], variable: str | None = None) -> None:
        self.accepted = accepted
        self.check = check  # gives the value to use, or raises ValueError
        self.variable = variable


def checked(option: str, value: Any) -> Any:
    """The value to use for `option`; raises InvalidSettingError that names option, value and what is accepted."""
    setting = SETTINGS[option]
    given, source = value, option
    if setting.variable and os.environ.get(setting.variable):
        given, source = os.environ[setting.variable], setting.variable
    try:
        return setting.check(given)
    except (InvalidSamplingManifestError, InvalidDaemonAddressException):
        raise
    except (ValueError, TypeError, AttributeError) as error:
        detail = f" ({error})" if str(error) else ""
        raise InvalidSettingError(f"{source}: {given!r} is not accepted, only {setting.accepted}{detail}") from None


def _is(kind: type | tuple[type, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise ValueError
        return value

    return check


def _switch(value: Any) -> bool:
    if value not in (True, False):  # 1 and 0 are accepted: sampling=1 is common
        raise ValueError
    return bool(value)


def _has(*methods: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not all(callable(getattr(value, method, None)) for method in methods):
            raise ValueError
        return value

    return check


def _strategy(value: Any) -> str:
    if value not in SUPPORTED_CONTEXT_MISSING:
        raise ValueError
    return str(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _address(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidDaemonAddressException(f"daemon_address: {value!r} is not accepted, only a string")
    parse_addresses(value)
    return value


def _rules(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        rules = value
    else:
        rules = _read(value)
    LocalSampler(rules)  # raises where they break the format, before anything is changed
    return rules


def _read(value: Any) -> Any:
    import json

    try:
        with open(os.fspath(value), encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise ValueError(f"{error.strerror}: {os.fspath(value)!r}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None


def _naming(value: Any) -> Any:
    return value if isinstance(value, str) and value else _has("get_name")(value)


def _plugins(value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        raise ValueError("a single text; write a tuple")
    return tuple(value)


_FLAG = "True or False"

SETTINGS: dict[str, Setting] = {
    "sampling": Setting(_FLAG, _switch),
    "plugins": Setting("a tuple of plugin names", _plugins),
    "context_missing": Setting(" or ".join(SUPPORTED_CONTEXT_MISSING), _strategy, CXT_MISSING_STRATEGY_KEY),
    "sampling_rules": Setting("a dict or the path of a JSON file with sampling rules", _rules),
    "daemon_address": Setting("'host:port' or 'tcp:host:port udp:host:port'", _address, DAEMON_ADDRESS_KEY),
    "service": Setting("a text with characters in it", _name, TRACING_NAME_KEY),
    "context": Setting(
        "a Context (an object with get_trace_entity, put_segment, put_subsegment ...)",
        _has("get_trace_entity", "put_segment", "end_segment", "put_subsegment", "end_subsegment"),
    ),
    "emitter": Setting("an object with the method send_entity(entity)", _has("send_entity")),
    "streaming": Setting("an object with the methods is_eligible and stream", _has("is_eligible", "stream")),
    "dynamic_naming": Setting("a pattern such as '*.example.com', or an object with get_name(host)", _naming),
    "streaming_threshold": Setting("a whole number, at least 0", _count),
    "max_trace_back": Setting("a whole number, at least 0", _count),
    "sampler": Setting("an object with the method should_trace(sampling_req)", _has("should_trace")),
    "stream_sql": Setting(_FLAG, _switch),
}
