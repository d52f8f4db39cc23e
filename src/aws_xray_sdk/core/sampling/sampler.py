"""The sampler that an application gets without asking for one."""

from __future__ import annotations

from ..daemon_config import DaemonConfig
from .local.sampler import LocalSampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DefaultSampler", "LocalSampler"]


class DefaultSampler:
    """Decides by local rules; rules of the X-Ray service are not asked for yet, so nothing is started or logged."""

    def __init__(self) -> None:
        self._local_sampler = LocalSampler()
        self._daemon_config: DaemonConfig | None = None
        self._origin: str | None = None
        self.xray_client: Any = None

    def start(self) -> None:
        """Do what is needed before the first decision: nothing for local rules."""

    def should_trace(self, sampling_req: dict[str, Any] | None = None) -> bool:
        """Whether to record a request; `sampling_req` may name its ``host``, ``method``, ``path`` and ``service``."""
        return self._local_sampler.should_trace(sampling_req)

    def load_local_rules(self, rules: dict[str, Any]) -> None:
        """Replace the local rules."""
        self._local_sampler.load_local_rules(rules)

    def load_settings(self, daemon_config: DaemonConfig, context: Any, origin: str | None = None) -> None:
        """Take over what the recorder knows: the daemon's address and the origin that rules may name."""
        self._daemon_config = daemon_config
        self._origin = origin
