"""The setting ``XRAY_RECORDER``: its keys, their defaults, and how they reach the recorder."""

import difflib
import os
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from ..._log import Log
from ...core import xray_recorder
from ...core._guard import warn_once
from ...core._settings import TRACING_NAME_KEY, checked
from ...core.daemon_config import DEFAULT_ADDRESS
from ...core.exceptions.exceptions import InvalidDaemonAddressException, InvalidSamplingManifestError
from ...core.sampling.local.sampler import DEFAULT_RULES
from ...sdk_config import SDKConfig

log = Log(__name__)

NAMESPACE = "XRAY_RECORDER"

DEFAULTS: dict[str, Any] = {
    "AWS_XRAY_DAEMON_ADDRESS": DEFAULT_ADDRESS,
    "AUTO_INSTRUMENT": True,
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "PLUGINS": (),
    "SAMPLING": True,
    "SAMPLING_RULES": None,
    "SAMPLER": None,
    "AWS_XRAY_TRACING_NAME": None,
    "DYNAMIC_NAMING": None,
    "STREAMING_THRESHOLD": None,
    "MAX_TRACE_BACK": None,
    "STREAM_SQL": True,
    "PATCH_MODULES": [],
    "AUTO_PATCH_PARENT_SEGMENT_NAME": None,
    "IGNORE_MODULE_PATTERNS": [],
    "URLS_AS_ANNOTATION": "LAMBDA",
}

# Which option of `configure` a key is for, and what the option is where the recorder does not tell.
_OPTIONS: dict[str, tuple[str, Any]] = {
    "AWS_XRAY_TRACING_NAME": ("service", None),
    "AWS_XRAY_DAEMON_ADDRESS": ("daemon_address", DEFAULT_ADDRESS),
    "AWS_XRAY_CONTEXT_MISSING": ("context_missing", "LOG_ERROR"),
    "PLUGINS": ("plugins", ()),
    "SAMPLING": ("sampling", True),
    "SAMPLER": ("sampler", None),
    "SAMPLING_RULES": ("sampling_rules", DEFAULT_RULES),
    "DYNAMIC_NAMING": ("dynamic_naming", None),
    "STREAMING_THRESHOLD": ("streaming_threshold", 30),
    "MAX_TRACE_BACK": ("max_trace_back", 10),
    "STREAM_SQL": ("stream_sql", True),
}


def _patterns(value: Any) -> bool:
    try:
        return _names(value) and all(re.compile(each) for each in value)
    except re.error:
        return False


def _words(*accepted: str) -> Callable[[Any], bool]:
    return lambda value: value in accepted


def _names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


_ACCEPTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "AUTO_INSTRUMENT": ("True or False", _words(True, False)),  # type: ignore[arg-type]
    "PATCH_MODULES": ("a list of module names", _names),
    "IGNORE_MODULE_PATTERNS": ("a list of patterns (regular expressions)", _patterns),
    "AUTO_PATCH_PARENT_SEGMENT_NAME": ("a text or None", lambda value: value is None or isinstance(value, str)),
    "URLS_AS_ANNOTATION": ("'NONE', 'LAMBDA' or 'ALL'", _words("NONE", "LAMBDA", "ALL")),
}


class XRaySettings:
    """The values in force: Django's setting over the defaults, as attributes."""

    def __init__(self) -> None:
        self.__dict__.update(DEFAULTS)
        # What the recorder had before a key was given, and what it has since: a test that overrides the setting
        # takes back what it gave, and nothing that code has configured.
        self._replaced: dict[str, tuple[Any, Any]] = {}

    def __getattr__(self, key: str) -> Any:
        raise AttributeError(f"there is no setting {key!r} in {NAMESPACE}")

    def load(self) -> None:
        """Read the setting and configure the recorder; raises ImproperlyConfigured for what is wrong in it."""
        user = getattr(django_settings, NAMESPACE, None) or {}
        if not isinstance(user, dict):
            raise ImproperlyConfigured(f"{NAMESPACE} must be a dict, not {user!r}")
        given = {key: value for key, value in user.items() if self._is_known(key) and value is not None}
        values = {**DEFAULTS, **given}
        for key, (accepted, check) in _ACCEPTED.items():
            if not check(values[key]):
                raise ImproperlyConfigured(f"{NAMESPACE}[{key!r}]: {values[key]!r} is not accepted, only {accepted}")
        options = {key: _checked(key, values[key]) for key in _OPTIONS if key in given or _wins_in_environment(key)}
        self._take_back([key for key in self._replaced if key not in given])
        self._configure(options)
        self.__dict__.update(values)
        if SDKConfig.enabled and not xray_recorder.service:
            raise ImproperlyConfigured(
                f"{NAMESPACE}['AWS_XRAY_TRACING_NAME'] is required: the name under which X-Ray shows this "
                f"application. It may be given by the environment variable {TRACING_NAME_KEY} too."
            )

    def _configure(self, options: dict[str, Any]) -> None:
        before = {key: _read(key) for key in options}
        xray_recorder.configure(**{_OPTIONS[key][0]: value for key, value in options.items()})
        for key in options:
            self._replaced[key] = (self._replaced.get(key, (before[key],))[0], _read(key))

    def _take_back(self, keys: list[str]) -> None:
        """Give the recorder what it had before `keys` were given, unless it was configured otherwise since."""
        for key in keys:
            before, since = self._replaced.pop(key)
            if _read(key) != since:
                continue
            option = _OPTIONS[key][0]
            if option in ("service", "sampler", "dynamic_naming"):  # may have been None
                setattr(xray_recorder, option, before)
            else:
                xray_recorder.configure(**{option: before})

    @staticmethod
    def _is_known(key: str) -> bool:
        if key in DEFAULTS:
            return True
        near = difflib.get_close_matches(str(key).upper(), DEFAULTS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(DEFAULTS)}"
        warn_once(log, "%s has no key %r; %s", NAMESPACE, key, hint)
        return False


def _checked(key: str, value: Any) -> Any:
    try:
        return checked(_OPTIONS[key][0], value)
    except (ValueError, InvalidDaemonAddressException, InvalidSamplingManifestError) as error:
        source = f"the environment variable {key}" if _wins_in_environment(key) else f"{NAMESPACE}[{key!r}]"
        raise ImproperlyConfigured(f"{source}: {error}") from None


def _wins_in_environment(key: str) -> bool:
    return bool(key.startswith("AWS_XRAY_") and os.environ.get(key))


def _read(key: str) -> Any:
    """What the recorder has; the default for what it does not tell."""
    option, default = _OPTIONS[key]
    if option == "context_missing":
        return getattr(xray_recorder.context, option, default)
    if option == "daemon_address":
        emitter = xray_recorder.emitter
        ip, port = getattr(emitter, "ip", None), getattr(emitter, "port", None)
        return default if ip is None else f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
    return getattr(xray_recorder, option, default)


settings = XRaySettings()
