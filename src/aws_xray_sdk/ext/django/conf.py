"""The setting ``XRAY_RECORDER``: its keys, their defaults, and how they reach the recorder."""

import difflib
import os
from collections.abc import Callable
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from ..._log import Log
from ...core import xray_recorder
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

# Which option of `configure` a key is for, and what the option is without the key.
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


def _words(*accepted: str) -> Callable[[Any], bool]:
    return lambda value: value in accepted


def _names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)


_ACCEPTED: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "AUTO_INSTRUMENT": ("True or False", _words(True, False)),  # type: ignore[arg-type]
    "PATCH_MODULES": ("a list of module names", _names),
    "IGNORE_MODULE_PATTERNS": ("a list of patterns", _names),
    "AUTO_PATCH_PARENT_SEGMENT_NAME": ("a text or None", lambda value: value is None or isinstance(value, str)),
    "URLS_AS_ANNOTATION": ("'NONE', 'LAMBDA' or 'ALL'", _words("NONE", "LAMBDA", "ALL")),
}


class XRaySettings:
    """The values in force: Django's setting over the defaults, as attributes."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)
        self._given: set[str] = set()

    def __getattr__(self, key: str) -> Any:
        try:
            return self.__dict__["_values"][key]
        except KeyError:
            raise AttributeError(f"there is no setting {key!r} in {NAMESPACE}") from None

    def load(self) -> None:
        """Read the setting and configure the recorder; raises ImproperlyConfigured for what is wrong in it."""
        user = getattr(django_settings, NAMESPACE, None) or {}
        if not isinstance(user, dict):
            raise ImproperlyConfigured(f"{NAMESPACE} must be a dict, not {user!r}")
        known = {key: value for key, value in user.items() if self._is_known(key)}
        given = {key for key, value in known.items() if value is not None}
        self._values = {**DEFAULTS, **known}
        for key, (accepted, check) in _ACCEPTED.items():
            if not check(self._values[key]):
                raise ImproperlyConfigured(
                    f"{NAMESPACE}[{key!r}]: {self._values[key]!r} is not accepted, only {accepted}"
                )
        self._configure(given)
        self._given = given

    def _configure(self, given: set[str]) -> None:
        options: dict[str, Any] = {}
        for key, (option, default) in _OPTIONS.items():
            if key in given:
                options[option] = self._checked(key, option)
            elif key in self._given:  # given before, as under override_settings, and not any more
                options[option] = default
        if options.get("dynamic_naming", ...) is None:
            xray_recorder.dynamic_naming = None
        xray_recorder.configure(**options)
        if SDKConfig.enabled and not xray_recorder.service:
            raise ImproperlyConfigured(
                f"{NAMESPACE}['AWS_XRAY_TRACING_NAME'] is required: the name under which X-Ray shows this "
                f"application. It may be given by the environment variable {TRACING_NAME_KEY} too."
            )

    def _checked(self, key: str, option: str) -> Any:
        if self._wins_in_environment(key):
            return self._values[key]
        try:
            return checked(option, self._values[key])
        except (ValueError, InvalidDaemonAddressException, InvalidSamplingManifestError) as error:
            raise ImproperlyConfigured(f"{NAMESPACE}[{key!r}]: {error}") from None

    @staticmethod
    def _wins_in_environment(key: str) -> bool:
        return bool(key.startswith("AWS_XRAY_") and os.environ.get(key))

    @staticmethod
    def _is_known(key: str) -> bool:
        if key in DEFAULTS:
            return True
        near = difflib.get_close_matches(str(key).upper(), DEFAULTS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(DEFAULTS)}"
        log.warning("%s has no key %r; %s", NAMESPACE, key, hint)
        return False


settings = XRaySettings()
