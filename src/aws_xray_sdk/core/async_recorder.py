"""The recorder with ``async with`` and decorators for coroutine functions."""

from __future__ import annotations

from ._scope import enter
from .models.segment import Segment, SegmentContextManager
from .models.subsegment import Subsegment, SubsegmentContextManager
from .recorder import AWSXRayRecorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Any, TypeVar

    _T = TypeVar("_T")


class AsyncSegmentContextManager(SegmentContextManager):
    """``async with recorder.in_segment_async(...)``."""

    async def __aenter__(self) -> Segment:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.__exit__(exc_type, exc_val, exc_tb)


class AsyncSubsegmentContextManager(SubsegmentContextManager):
    """``async with recorder.in_subsegment_async(...)``, or a decorator."""

    __slots__ = ()

    async def __aenter__(self) -> Subsegment:
        return self.__enter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        self.__exit__(exc_type, exc_val, exc_tb)


class AsyncAWSXRayRecorder(AWSXRayRecorder):
    """The recorder that applications get; its verbs for plain code work in coroutines too."""

    def capture_async(self, name: str | None = None) -> AsyncSubsegmentContextManager:
        """Decorate a function of any kind, usually a coroutine function: each call is a subsegment."""
        return AsyncSubsegmentContextManager(self, name)

    def in_segment_async(
        self,
        name: str | None = None,
        traceid: str | None = None,
        parent_id: str | None = None,
        sampling: bool | int | str | None = None,
    ) -> AsyncSegmentContextManager:
        """A segment for the time of an ``async with`` block; arguments as for :meth:`begin_segment`."""
        return AsyncSegmentContextManager(self, name, traceid, parent_id, sampling)

    def in_subsegment_async(self, name: str | None = None, namespace: str = "local") -> AsyncSubsegmentContextManager:
        """A subsegment for the time of an ``async with`` block; also a decorator."""
        return AsyncSubsegmentContextManager(self, name, namespace)

    async def record_subsegment_async(
        self,
        wrapped: Callable[..., Awaitable[_T]],
        instance: Any,
        args: Any,
        kwargs: Any,
        name: str,
        namespace: str,
        meta_processor: Callable[..., Any] | None,
    ) -> _T:
        """Await ``wrapped(*args, **kwargs)`` within a subsegment; see :meth:`record_subsegment`."""
        subsegment = enter(self, name, namespace)
        told = {"wrapped": wrapped, "instance": instance, "args": args, "kwargs": kwargs}
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            self._conclude(subsegment, meta_processor, told, None, error)
            raise
        self._conclude(subsegment, meta_processor, told, result, None)
        return result
