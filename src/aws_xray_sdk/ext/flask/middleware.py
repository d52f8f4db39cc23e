"""Flask: each request is a segment, each rendered template a subsegment."""

from typing import Any

import flask
import flask.globals
import flask.templating
from flask import Flask, Response

from ...core.models import http
from .._render import record_rendering
from .._serve import Body, Incoming, Served

_KEY = "aws_xray_sdk.served"
_OWNER = "aws_xray_sdk.context"

# What holds the request: since Flask 3.2 the application's context. Asked for as a whole, since each look through
# `flask.request` costs a microsecond.
_proxy: Any = flask.globals.request_ctx if hasattr(flask.globals, "_cv_request") else flask.globals.app_ctx
_context = _proxy._get_current_object


class XRayMiddleware:
    """Records the requests that `app` serves with `recorder`.

    The hooks are put before those that the application has registered already, so that a request which one of them
    answers is recorded too.
    """

    def __init__(self, app: Flask, recorder: Any) -> None:
        self.app = app
        self._recorder = recorder
        app.before_request_funcs.setdefault(None, []).insert(0, self._before_request)
        app.after_request_funcs.setdefault(None, []).insert(0, self._after_request)
        app.teardown_request_funcs.setdefault(None, []).insert(0, self._teardown_request)
        _patch_render(recorder)

    def _before_request(self) -> None:
        context = _context()
        environ = context.request.environ
        if environ.get(_KEY) is None:
            environ[_KEY] = Served(self._recorder, Incoming.of_environ, environ)
            environ[_OWNER] = id(context)

    def _after_request(self, response: Response) -> Response:
        served: Served | None = _context().request.environ.get(_KEY)
        if served is None or served.segment is None:
            return response
        if served.answer_header is not None:
            response.headers[http.XRAY_HEADER] = served.answer_header
        body: Any = response.response
        is_whole = type(body) is list and len(body) == 1 and type(body[0]) is bytes
        served.respond(response.status_code, len(body[0]) if is_whole else response.headers.get("Content-Length"))
        # What is passed through directly may be sent by the system, which tells nobody of its end.
        if response.is_streamed and not response.direct_passthrough:
            response.response = Body(served, response.response)
            response.call_on_close(served.close)
            served.ends_with_body = True
        return response

    def _teardown_request(self, exception: BaseException | None) -> None:
        context = _context()
        environ = context.request.environ
        if environ.get(_OWNER) != id(context):
            return  # the end of a copy that works in another thread or greenlet
        served: Served | None = environ.pop(_KEY, None)
        if served is None or served.segment is None:
            return
        if exception is not None:
            served.fail(exception)
            if not served.is_answered:
                served.respond(500)
        if served.ends_with_body:
            served.pause()
        else:
            served.close()


def _patch_render(recorder: Any) -> None:
    """Record the rendering of templates, whole or streamed."""
    for function in ("_render", "_stream"):
        record_rendering(recorder, flask.templating, function, _template_name)


def _template_name(app: Flask, template: Any, *_: Any, **__: Any) -> str | None:
    name: str | None = template.name
    return name
