"""Loggers under the modules' names that load ``logging`` when there is something to say.

The module and what it needs are half of a bare start; an application that configures logging has loaded it anyway.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any


class Log:
    """The logger called `name`."""

    __slots__ = ("_known", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._known: logging.Logger | None = None

    def _logger(self) -> logging.Logger:
        if self._known is None:
            import logging

            self._known = logging.getLogger(self.name)
        return self._known

    def debugs(self) -> bool:
        """Whether debug lines are wanted; false while nobody has loaded ``logging``."""
        known = self._known
        if known is None:
            if "logging" not in sys.modules:
                return False
            known = self._logger()
        return known.isEnabledFor(10)

    def debug(self, message: str, *args: Any) -> None:
        """Log for those who debug the SDK."""
        self._logger().debug(message, *args, stacklevel=2)

    def warning(self, message: str, *args: Any) -> None:
        """Log what was cleaned or left out."""
        self._logger().warning(message, *args, stacklevel=2)

    def error(self, message: str, *args: Any, exc_info: BaseException | None = None) -> None:
        """Log what went wrong."""
        self._logger().error(message, *args, exc_info=exc_info, stacklevel=2)
