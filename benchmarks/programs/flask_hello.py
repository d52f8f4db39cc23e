"""A Flask application that says hello."""

from flask import Flask

from programs import Programs
from programs.wsgi import getting


def programs(traced: bool) -> Programs:
    app = Flask("benchmark")

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    if traced:
        from aws_xray_sdk.core import xray_recorder
        from aws_xray_sdk.ext.flask.middleware import XRayMiddleware

        xray_recorder.configure(service="benchmark", sampling=False)
        XRayMiddleware(app, xray_recorder)
    return {"hello": getting(app, "/hello", b"hello")}
