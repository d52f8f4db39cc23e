"""Decorated functions: each call becomes a subsegment, whatever kind of function it is.

The wrapper is of the same kind as the function (plain, coroutine, generator, asynchronous generator), keeps its name
and signature, and binds as it does: static and class methods stay what they are.
"""

from __future__ import annotations

from functools import wraps

from ._guard import swallow
from ._scope import enter, leave

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any, TypeVar

    from .models.subsegment import Subsegment
    from .recorder import AWSXRayRecorder

    _F = TypeVar("_F", bound=Callable[..., Any])

# Bits of a code object's flags (see the module `inspect`, which would cost a third of our import time).
_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200

_MARK = "__aws_xray_captured__"


def captured(recorder: AWSXRayRecorder, function: _F, name: str | None, namespace: str = "local") -> _F:
    """`function`, recorded at each call under `name` or its own name. A class is given back as it is."""
    if isinstance(function, (staticmethod, classmethod)):
        inner = captured(recorder, function.__func__, name, namespace)
        return type(function)(inner)
    if isinstance(function, type):
        return function
    name = name or str(getattr(function, "__name__", type(function).__name__))
    flags = _flags(function)
    if flags & (_COROUTINE | _ITERABLE_COROUTINE):
        wrapper = _coroutine(recorder, function, name, namespace)
    elif flags & _ASYNC_GENERATOR:
        wrapper = _async_generator(recorder, function, name, namespace)
    elif flags & _GENERATOR:
        wrapper = _generator(recorder, function, name, namespace)
    else:
        wrapper = _plain(recorder, function, name, namespace)
    mark(wrapper)
    return wrapper  # type: ignore[no-any-return]


def mark(wrapper: Any) -> None:
    """Mark `wrapper` as a function whose calls are recorded."""
    setattr(wrapper, _MARK, True)


def is_captured(function: Any) -> bool:
    """Whether calls of `function` are recorded already."""
    return getattr(function, _MARK, False) is True


def _flags(function: Any) -> int:
    while not hasattr(function, "__code__") and hasattr(function, "func"):
        function = function.func  # functools.partial
    method = function if hasattr(function, "__code__") else getattr(type(function), "__call__", None)  # noqa: B004  the method itself is wanted
    code = getattr(method, "__code__", None)
    return code.co_flags if code is not None else 0


def _plain(recorder: AWSXRayRecorder, function: Any, name: str, namespace: str) -> Any:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:  # as in `enter`, without the call
            subsegment = recorder.begin_subsegment(name, namespace)
        except Exception as error:
            swallow(error)
            subsegment = None
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            leave(recorder, subsegment, error)
            raise
        leave(recorder, subsegment)
        return result

    return wrapper


def _coroutine(recorder: AWSXRayRecorder, function: Any, name: str, namespace: str) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        subsegment = enter(recorder, name, namespace)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            leave(recorder, subsegment, error)
            raise
        leave(recorder, subsegment)
        return result

    return wrapper


def _generator(recorder: AWSXRayRecorder, function: Any, name: str, namespace: str) -> Any:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        step, sent = generator.send, None
        outside = recorder.peek()
        subsegment = enter(recorder, name, namespace)
        failure: BaseException | None = None
        try:
            while True:
                item = step(sent)
                # Between two steps the caller's entity is current, not ours.
                inside = recorder.peek()
                recorder.resume(outside)
                try:
                    sent = yield item
                    step = generator.send
                except GeneratorExit:
                    outside = recorder.peek()
                    recorder.resume(inside)
                    generator.close()
                    raise
                except BaseException as error:
                    step, sent = generator.throw, error
                outside = recorder.peek()
                recorder.resume(inside)
        except StopIteration as stop:
            return stop.value
        except BaseException as error:
            failure = error
            raise
        finally:
            _finish(recorder, subsegment, failure, outside)
            failure = None

    return wrapper


def _async_generator(recorder: AWSXRayRecorder, function: Any, name: str, namespace: str) -> Any:
    @wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        generator = function(*args, **kwargs)
        step, sent = generator.asend, None
        outside = recorder.peek()
        subsegment = enter(recorder, name, namespace)
        failure: BaseException | None = None
        try:
            while True:
                item = await step(sent)
                inside = recorder.peek()
                recorder.resume(outside)
                try:
                    sent = yield item
                    step = generator.asend
                except GeneratorExit:
                    outside = recorder.peek()
                    recorder.resume(inside)
                    await generator.aclose()
                    raise
                except BaseException as error:
                    step, sent = generator.athrow, error
                outside = recorder.peek()
                recorder.resume(inside)
        except StopAsyncIteration:
            return
        except BaseException as error:
            failure = error
            raise
        finally:
            _finish(recorder, subsegment, failure, outside)
            failure = None

    return wrapper


def _finish(
    recorder: AWSXRayRecorder, subsegment: Subsegment | None, failure: BaseException | None, outside: Any
) -> None:
    """End a generator's subsegment, and leave current what is current for the generator's user."""
    leave(recorder, subsegment, failure)
    recorder.resume(outside)
