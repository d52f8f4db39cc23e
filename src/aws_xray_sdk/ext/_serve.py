"""The engine of all servers: a request becomes a segment, the same way whatever framework took it.

An integration states the facts of a request and tells of its end. Nothing here raises into the application, but a
missing segment where the user chose that.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from .._log import Log
from ..core._guard import swallow, warn_once
from ..core.models.http import HttpBlock
from ..core.models.trace_header import TraceHeader
from ..core.models.traceid import is_entity_id, is_trace_id
from ..sdk_config import SDKConfig
from .util import UNKNOWN_SERVICE, calculate_segment_name, prepare_response_header

log = Log(__name__)

_SAFE = "/:@!$&'()*+,;=-._~%"
_ODD = frozenset(' "<>?#%')


class Incoming(HttpBlock):
    """The facts of a request, which are the http block of its segment too.

    `path` is the part of the URL behind the host, percent-encoded and without query; `forwarded_for` is the header
    ``X-Forwarded-For`` (which anybody can write), `peer` the address that the connection came from.
    """

    __slots__ = ("host", "path", "trace_header")

    def __init__(
        self,
        method: str,
        scheme: str,
        host: str | None,
        path: str,
        trace_header: str | None = None,
        user_agent: str | None = None,
        forwarded_for: str | None = None,
        peer: str | None = None,
    ) -> None:
        self.method = method
        self.host = host
        self.path = path
        self.url = f"{scheme}://{host or ''}{path}"
        self.trace_header = trace_header
        self.user_agent = user_agent
        if forwarded_for:
            self.client_ip = forwarded_for.partition(",")[0].strip()
            self.x_forwarded_for = True
        else:
            self.client_ip = peer
            self.x_forwarded_for = False
        self.status = self.content_length = None

    @classmethod
    def of_environ(
        cls, environ: dict[str, Any], scheme: str | None = None, host: str | None = None, path: str | None = None
    ) -> "Incoming":
        """The facts in a WSGI environment (or Django's ``META``)."""
        get = environ.get
        scheme = scheme or get("wsgi.url_scheme", "http")
        if path is None:
            path = f"{get('SCRIPT_NAME', '')}{get('PATH_INFO', '')}"
            if not path.isascii() or not _ODD.isdisjoint(path):
                path = quote(path.encode("latin-1", "replace"), _SAFE[:-1])
        return cls(
            get("REQUEST_METHOD", "GET"),
            scheme,
            host or get("HTTP_HOST") or _server(environ, scheme),
            path,
            get("HTTP_X_AMZN_TRACE_ID"),
            get("HTTP_USER_AGENT"),
            get("HTTP_X_FORWARDED_FOR"),
            get("REMOTE_ADDR"),
        )

    def facts(self, service: str) -> dict[str, Any]:
        """What samplers are asked with."""
        return {"host": self.host, "method": self.method, "path": self.path, "service": service}


class Served:
    """A request that is being served: opened by its facts, closed once when the answer is complete.

    `answer_header` is the trace header for the answer; None while nothing is recorded at all. `ends_with_body` is for
    integrations: whether the answer's body, sent after the framework has finished, ends the request.
    """

    __slots__ = (
        "_before",
        "_current",
        "_error",
        "_is_annotated",
        "_length",
        "_recorder",
        "_status",
        "answer_header",
        "ends_with_body",
        "segment",
    )

    def __init__(self, recorder: Any, describe: Callable[..., Incoming], *facts: Any) -> None:
        self.segment: Any = None
        self.answer_header: str | None = None
        if SDKConfig.enabled:
            self._recorder = recorder
            self._status: int | None = None
            self._length: int | str | None = None
            self._error: BaseException | None = None
            self._is_annotated = self.ends_with_body = False
            try:
                self._open(recorder, describe(*facts))
            except Exception as error:
                swallow(error)

    def _open(self, recorder: Any, incoming: Incoming) -> None:
        name = recorder.service if recorder.dynamic_naming is None else calculate_segment_name(incoming.host, recorder)
        if not name:
            name = _unnamed()
        header = decision = root = parent = None
        if incoming.trace_header:
            header = TraceHeader.from_header_str(incoming.trace_header)
            decision = header.sampled
            if is_trace_id(header.root):
                root = header.root
                parent = header.parent if is_entity_id(header.parent) else None
        if decision is None or decision == "?":
            decision = recorder.ask_sampler(incoming.facts(name)) if recorder.sampling else True
        self._before = recorder.interrupted()
        segment = recorder.begin_segment(name, root, parent, decision)
        self.segment = self._current = segment
        if header is None:
            self.answer_header = f"Root={segment.trace_id}"
        else:
            segment.save_origin_trace_header(header)
            self.answer_header = prepare_response_header(header, segment)
        if segment.sampled:
            segment.http = incoming

    def respond(self, status: int | None, length: int | str | None = None) -> None:
        """Tell of the answer: its status and, where it is known, the bytes of its body."""
        if self.segment is not None:
            self._status = status
            self._length = length

    def annotate(self) -> None:
        """Make annotations of the http block's fields, so that they are indexed under their names."""
        if self.segment is not None:
            self._is_annotated = True

    def fail(self, error: BaseException | None) -> None:
        """Remember what was raised; it is recorded if the answer turns out to be a fault."""
        if self.segment is not None and error is not None:
            self._error = error

    @property
    def is_answered(self) -> bool:
        """Whether the answer's status is known."""
        return self.segment is not None and self._status is not None

    def break_off(self, error: BaseException) -> None:
        """End with an error that nobody turned into an answer; one that only says that the client left is no fault."""
        self.fail(error)
        if isinstance(error, Exception):
            self.respond(500)
        self.close()

    def close(self) -> None:
        """End the segment, and make current what was current before the request."""
        segment, self.segment = self.segment, None
        if segment is None:
            return
        try:
            if segment.sampled and segment.in_progress:
                self._tell(segment)
        except Exception as error:
            swallow(error)
        try:
            self._recorder.finish_segment(segment, self._before)
        except Exception as error:
            swallow(error)
            self._resume(self._before)
        self._error = self._current = None

    def _tell(self, segment: Any) -> None:
        """Record the answer, and the flags that its status and the error mean.

        A status below 500 was the framework's own doing, whatever was raised on the way.
        """
        status = self._status
        if status is not None:
            segment.answer(status, None if self._length is None else int(self._length))
        if isinstance(self._error, Exception) and (status is None or status >= 500):
            segment.add_exception(self._error, None, limit=self._recorder.max_trace_back)
        if self._is_annotated:
            for part in segment.http.values():
                for key, value in part.items():
                    segment.put_annotation(key, value)

    # -- bodies that are made while they are sent

    def during(self, body: Iterable[Any]) -> "Body":
        """`body`, with this request current while each part of it is made and at no other time."""
        self.pause()
        return Body(self, body)

    def during_async(self, body: Any) -> "AsyncBody":
        """The same for an asynchronous iterable."""
        self.pause()
        return AsyncBody(self, body)

    def resume(self) -> None:
        """Make the request's current entity current again."""
        if self.segment is not None:
            self._resume(self._current)

    def pause(self) -> None:
        """Remember what is current in the request, and make current what was before."""
        if self.segment is not None:
            try:
                self._current = self._recorder.peek()
            except Exception as error:
                swallow(error)
            self._resume(self._before)

    def _resume(self, entity: Any) -> None:
        try:
            self._recorder.resume(entity)
        except Exception as error:
            swallow(error)


class Body:
    """An iterable body whose parts are made within a request that is being served; the request ends with the last."""

    def __init__(self, served: Served, body: Iterable[Any]) -> None:
        self._served = served
        self._body = body
        self._parts: Iterator[Any] | None = None

    def __iter__(self) -> "Body":
        return self

    def __next__(self) -> Any:
        self._served.resume()
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            return next(self._parts)
        except StopIteration:
            self._served.close()
            raise
        except BaseException as error:
            self._served.break_off(error)
            raise
        finally:
            self._served.pause()

    def close(self) -> None:
        """Close the body within the request, which ends here at the latest."""
        self._served.resume()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._served.close()


class AsyncBody:
    """The same for an asynchronous iterable."""

    def __init__(self, served: Served, body: Any) -> None:
        self._served = served
        self._body = body
        self._parts: Any = None

    def __aiter__(self) -> "AsyncBody":
        return self

    async def __anext__(self) -> Any:
        self._served.resume()
        try:
            if self._parts is None:
                self._parts = aiter(self._body)
            return await anext(self._parts)
        except StopAsyncIteration:
            self._served.close()
            raise
        except BaseException as error:
            self._served.break_off(error)
            raise
        finally:
            self._served.pause()

    async def aclose(self) -> None:
        """Close the body within the request, which ends here at the latest."""
        self._served.resume()
        try:
            aclose = getattr(self._parts, "aclose", None)
            if aclose is not None:
                await aclose()
        finally:
            self._served.close()

    def close(self) -> None:
        """End the request where the server closes an answer that was not sent to its end."""
        self._served.close()


def _unnamed() -> str:
    warn_once(
        log,
        "Requests are recorded as %r: name the service with configure(service=...) or AWS_XRAY_TRACING_NAME",
        UNKNOWN_SERVICE,
    )
    return UNKNOWN_SERVICE


def _server(environ: dict[str, Any], scheme: str | None) -> str | None:
    name, port = environ.get("SERVER_NAME"), str(environ.get("SERVER_PORT", ""))
    return name if port in ("", "443" if scheme == "https" else "80") else f"{name}:{port}"
