"""What a recorder is made of, and ``configure``, which changes it."""

from __future__ import annotations

import os
import sys
from _operator import attrgetter

from .._log import Log
from ..sdk_config import SDKConfig
from ..version import VERSION
from ._guard import warn_once
from ._settings import SETTINGS, TRACING_NAME_KEY, checked
from .context import Context
from .daemon_config import DEFAULT_ADDRESS, DaemonConfig
from .emitters.udp_emitter import UDPEmitter
from .exceptions.exceptions import InvalidDaemonAddressException, InvalidSettingError
from .models.default_dynamic_naming import DefaultDynamicNaming
from .models.noop_traceid import Noop
from .models.segment import Origin
from .sampling.local.sampler import LocalSampler
from .sampling.sampler import DefaultSampler
from .streaming.default_streaming import DefaultStreaming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

log = Log("aws_xray_sdk.core.recorder")

CONTEXT_MISSING_KEY = "AWS_XRAY_CONTEXT_MISSING"
DAEMON_ADDR_KEY = "AWS_XRAY_DAEMON_ADDRESS"

_RUNTIME = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
_SERVICE_INFO = {"runtime": _RUNTIME, "runtime_version": "%d.%d.%d" % sys.version_info[:3]}
_XRAY_META = {"xray": {"sdk": "X-Ray for Python", "sdk_version": VERSION}}


def _attribute(private: str, doc: str) -> Any:
    """A public attribute that is kept under the name `private`, which old code assigns too."""
    return property(attrgetter(private), lambda self, value: setattr(self, private, value), None, doc)


class Configured:
    """The parts of a recorder: context, emitter, sampler, streaming, and the settings between them."""

    def __init__(self) -> None:
        self._streaming: Any = DefaultStreaming()
        self._context: Any = Context()
        self._sampler: Any = DefaultSampler()
        self._emitter: Any = _default_emitter()
        self._sampling = True
        self._max_trace_back = 10
        self._plugins: tuple[Any, ...] | None = None
        self._service: str | None = os.environ.get(TRACING_NAME_KEY) or None
        self._dynamic_naming: Any = None
        self._stream_sql = True
        self._aws_metadata = _XRAY_META
        self._origin = Origin(_SERVICE_INFO, _XRAY_META)
        self._fallback_sampler: LocalSampler | None = None

    def configure(
        self,
        sampling: bool | None = None,
        plugins: tuple[Any, ...] | None = None,
        context_missing: str | None = None,
        sampling_rules: dict[str, Any] | str | os.PathLike[str] | None = None,
        daemon_address: str | None = None,
        service: str | None = None,
        context: Any = None,
        emitter: Any = None,
        streaming: Any = None,
        dynamic_naming: Any = None,
        streaming_threshold: int | None = None,
        max_trace_back: int | None = None,
        sampler: Any = None,
        stream_sql: bool | None = None,
    ) -> None:
        """Change what is given, and nothing else.

        The environment variables ``AWS_XRAY_TRACING_NAME``, ``AWS_XRAY_CONTEXT_MISSING`` and
        ``AWS_XRAY_DAEMON_ADDRESS`` win over arguments. A wrong value raises InvalidSettingError (a ValueError; for
        addresses and rules InvalidDaemonAddressException and InvalidSamplingManifestError) and changes nothing.
        """
        given = locals()
        values = {
            option: checked(option, given[option])
            for option, setting in SETTINGS.items()
            if given[option] is not None or (setting.variable and os.environ.get(setting.variable))
        }
        if "sampling_rules" in values and not hasattr(values.get("sampler", self._sampler), "load_local_rules"):
            raise InvalidSettingError("sampling_rules: not accepted with a sampler that has no load_local_rules(rules)")
        Noop.read_environment()
        # In the order of the table where one builds on another: objects first, then what is set on them.
        for option in (
            "service",
            "context",
            "emitter",
            "streaming",
            "sampler",
            "sampling",
            "max_trace_back",
            "stream_sql",
        ):
            if option in values:
                setattr(self, option, values[option])
        self._configure_parts(values)

    def _configure_parts(self, values: dict[str, Any]) -> None:
        if "context_missing" in values:
            self._context.context_missing = values["context_missing"]
        if "streaming_threshold" in values:
            self._streaming.streaming_threshold = values["streaming_threshold"]
        if "dynamic_naming" in values:
            self.dynamic_naming = values["dynamic_naming"]
        if "plugins" in values:
            self._set_plugins(values["plugins"])
        if "sampling_rules" in values:
            self._sampler.load_local_rules(values["sampling_rules"])
        if "daemon_address" in values and hasattr(self._emitter, "set_daemon_address"):
            self._emitter.set_daemon_address(values["daemon_address"])
        if "daemon_address" in values and hasattr(self._sampler, "load_settings"):
            self._sampler.load_settings(DaemonConfig(values["daemon_address"]), self._context, None)

    def _set_plugins(self, plugins: tuple[Any, ...]) -> None:
        self._plugins = plugins
        for plugin in plugins:
            warn_once(
                log, "The plugin %r is not part of this version; segments do not tell where they ran", str(plugin)
            )

    # -- what is configured

    context: Any = _attribute("_context", "What knows the current entity.")
    emitter: Any = _attribute("_emitter", "What sends documents.")
    max_trace_back: Any = _attribute("_max_trace_back", "How many frames of an exception's stack are kept.")
    sampler: Any = _attribute("_sampler", "What decides which requests are recorded.")
    sampling: Any = _attribute("_sampling", "Whether the sampler is asked at all.")
    service: Any = _attribute("_service", "The name of segments that are not named otherwise.")
    stream_sql: Any = _attribute("_stream_sql", "Whether the text of SQL statements is recorded.")
    streaming: Any = _attribute("_streaming", "What decides which subsegments leave early.")

    def __setattr__(self, name: str, value: Any) -> None:
        # Old code assigns `_context`; of one that the application made from nothing, only the verbs are known.
        if name == "_context" and not isinstance(value, Context):
            value.is_plain = False
        object.__setattr__(self, name, value)

    @property
    def enabled(self) -> bool:
        """Whether the SDK records."""
        return SDKConfig.enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        SDKConfig.set_sdk_enabled(value)

    @property
    def streaming_threshold(self) -> int:
        """How many subsegments may hang on a segment before the finished ones leave."""
        threshold: int = self._streaming.streaming_threshold
        return threshold

    @streaming_threshold.setter
    def streaming_threshold(self, value: int) -> None:
        self._streaming.streaming_threshold = value

    @property
    def dynamic_naming(self) -> Any:
        """What names segments by the host of the request; None names them all by `service`."""
        return self._dynamic_naming

    @dynamic_naming.setter
    def dynamic_naming(self, value: Any) -> None:
        self._dynamic_naming = DefaultDynamicNaming(value, self._service) if isinstance(value, str) else value


def _default_emitter() -> UDPEmitter:
    """An emitter to the address in the environment; a wrong one there must not keep the application from starting."""
    try:
        return UDPEmitter()
    except InvalidDaemonAddressException as error:
        log.warning("%s: %s; documents go to %s", DAEMON_ADDR_KEY, error, DEFAULT_ADDRESS)
        return UDPEmitter.to_address(DEFAULT_ADDRESS)
