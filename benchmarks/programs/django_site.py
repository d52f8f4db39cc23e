"""A Django site of two views: one that says hello, one that queries sqlite 20 times."""

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from programs.wsgi import Application

QUERIES = 20


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def queries(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(QUERIES):
            cursor.execute("SELECT %s + 1", [number])
            cursor.fetchone()
    return HttpResponse("hello")


urlpatterns = [path("hello", hello), path("queries", queries)]


def site(traced: bool, auto_instrument: bool) -> Application:
    """The site's WSGI application; the database lives in memory."""
    settings.configure(
        SECRET_KEY="benchmark",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        **(_tracing(auto_instrument) if traced else {}),
    )
    application: Application = get_wsgi_application()
    return application


def _tracing(auto_instrument: bool) -> dict[str, Any]:
    return {
        "INSTALLED_APPS": ["aws_xray_sdk.ext.django"],
        "MIDDLEWARE": ["aws_xray_sdk.ext.django.middleware.XRayMiddleware"],
        "XRAY_RECORDER": {
            "AWS_XRAY_DAEMON_ADDRESS": os.environ["AWS_XRAY_DAEMON_ADDRESS"],
            "AWS_XRAY_TRACING_NAME": "benchmark",
            "AUTO_INSTRUMENT": auto_instrument,
            "SAMPLING": False,
        },
    }
