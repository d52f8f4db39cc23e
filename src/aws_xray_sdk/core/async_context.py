"""The context that applications with asyncio configure; every context here knows tasks, so it does nothing special."""

from __future__ import annotations

from .context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AsyncContext(Context):
    """A context for asyncio; may be built anywhere, with or without a running loop.

    `loop` and `use_task_factory` are accepted and not needed: tasks inherit what is current from where they are made.
    """

    def __init__(self, *args: Any, loop: Any = None, use_task_factory: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def task_factory(loop: Any, coro: Any, **kwargs: Any) -> Any:
    """A task of `loop` for `coro`: the loop's own kind, since tasks need nothing of ours."""
    import asyncio

    return asyncio.Task(coro, loop=loop, **kwargs)
