"""The switch: one place that says whether the SDK records at all."""

import os

from ._log import Log

log = Log(__name__)

_YES = frozenset({"y", "yes", "t", "true", "on", "1"})
_NO = frozenset({"n", "no", "f", "false", "off", "0"})


class SDKConfig:
    """Whether the SDK records; the environment variable ``AWS_XRAY_SDK_ENABLED`` beats code.

    ``enabled`` is the answer as a plain attribute, for the paths where a call costs too much.
    """

    XRAY_ENABLED_KEY = "AWS_XRAY_SDK_ENABLED"
    DISABLED_ENTITY_NAME = "dummy"
    enabled: bool = True

    @classmethod
    def sdk_enabled(cls) -> bool:
        """Whether the SDK records."""
        return cls.enabled

    @classmethod
    def set_sdk_enabled(cls, value: bool) -> None:
        """Switch the SDK on or off, now; the environment variable wins where it is set.

        A value that is neither a boolean nor a word for one leaves the SDK on and says so in the log.
        """
        given = os.environ.get(cls.XRAY_ENABLED_KEY)
        source = cls.XRAY_ENABLED_KEY if given is not None else "set_sdk_enabled"
        answer = _to_bool(value if given is None else given)
        if answer is None:
            log.warning("%s: %r is neither true nor false; the SDK stays on", source, value if given is None else given)
        # Set on this class, not on `cls`: the recorder reads one attribute of one class.
        SDKConfig.enabled = True if answer is None else answer


def _to_bool(value: object) -> bool | None:
    if isinstance(value, (bool, int)):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _YES else False if word in _NO else None


SDKConfig.set_sdk_enabled(True)
