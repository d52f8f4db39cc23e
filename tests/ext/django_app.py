"""Django as tests use it: set up once for the process, with a small application.

Views come in pairs, sync and async, so that a test can ask both for the same thing.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import django
from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import ConnectionHandler, connections, models
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path

from aws_xray_sdk.core import xray_recorder
from tests.services import PostgreSQL

XRAY = "aws_xray_sdk.ext.django.middleware.XRayMiddleware"
TEMPLATES = {
    "page.html": "{% extends 'base.html' %}{% block body %}{% include 'part.html' %}{% endblock %}",
    "base.html": "<{% block body %}{% endblock %}>",
    "part.html": "hello {{ name }}",
    "rows.html": "{% partialdef row %}row of {{ name }}{% endpartialdef %}1: {% partial row %}",
    "broken.html": "{{ shelf.fail }}",
    **{f"{status}.html": "sorry" for status in (400, 403, 404, 500)},
}

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["testserver", "shop.example.com", "127.0.0.1"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "not opened.sqlite3"},
            "archive": {"ENGINE": "django.db.backends.sqlite3", "NAME": "not opened.sqlite3"},
        },
        DATABASE_ROUTERS=[],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["aws_xray_sdk.ext.django"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[XRAY],
        ROOT_URLCONF=__name__,
        SECRET_KEY="tests have no secrets",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)]},
            }
        ],
        USE_TZ=True,
        XRAY_RECORDER={"AWS_XRAY_TRACING_NAME": "app"},
    )
    django.setup()


class Item(models.Model):
    """A row, on any database."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        app_label = "tests"


def use_databases(folder: Path) -> None:
    """Put the sqlite databases into `folder`, each with a table for items and one row."""
    for alias in ("default", "archive"):
        connection = connections[alias]
        connection.close()
        connection.settings_dict["NAME"] = str(folder / f"{alias}.sqlite3")
        make_table(alias)


def use_postgresql(alias: str, server: PostgreSQL, table: bool = True, **more: Any) -> str:
    """Add a database of `server`, whose host is in the options unless it is given."""
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": server.database,
        "USER": server.user,
        "PASSWORD": server.password,
        "PORT": str(server.port),
        "OPTIONS": {} if more.get("HOST") else {"host": server.host},
        **more,
    }
    connections.databases[alias] = ConnectionHandler({"default": {}, alias: database}).databases[alias]
    if table:
        make_table(alias)
    return alias


def make_table(alias: str) -> None:
    """A table for items with one row, and no connection left open."""
    with connections[alias].schema_editor() as editor:
        editor.create_model(Item)
    Item.objects.using(alias).create(name=f"first of {alias}")
    connections[alias].close()


# -- views


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


async def plain_async(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def whole(request: HttpRequest) -> HttpResponse:
    """A bit of everything: an annotation, a part of the work, a query, a template."""
    xray_recorder.current_segment().put_annotation("shelf", 3)
    with xray_recorder.in_subsegment("look") as subsegment:
        subsegment.put_metadata("for", "items")
        names = [item.name for item in Item.objects.filter(name="first of default")]
    return render(request, "page.html", {"name": names[0]})


async def whole_async(request: HttpRequest) -> HttpResponse:
    """The same."""
    xray_recorder.current_segment().put_annotation("shelf", 3)
    async with xray_recorder.in_subsegment_async("look") as subsegment:
        subsegment.put_metadata("for", "items")
        names = [item.name async for item in Item.objects.filter(name="first of default")]
    return render(request, "page.html", {"name": names[0]})


async def whole_mixed(request: HttpRequest) -> HttpResponse:
    """The same, by a sync function called from an async view."""
    response: HttpResponse = await sync_to_async(whole)(request)
    return response


def answer(request: HttpRequest, status: int) -> HttpResponse:
    return HttpResponse(status=status)


ERRORS: dict[str, type[Exception]] = {
    "missing": Http404,
    "denied": PermissionDenied,
    "odd": SuspiciousOperation,
    "broken": ValueError,
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    raise ERRORS[how]("no such shelf")


async def fail_async(request: HttpRequest, how: str) -> HttpResponse:
    raise ERRORS[how]("no such shelf")


def host(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.get_host())


class Parts:
    """A body in two parts, made while it is sent; `how` it goes on after the first."""

    def __init__(self, how: str) -> None:
        self.how = how

    def _make(self, number: int) -> bytes:
        with xray_recorder.in_subsegment(f"part {number}"):
            if self.how == "broken" and number > 1:
                raise ValueError("broken shelf")
            return b"%d;" % number

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield self._make(1)
            yield self._make(2)
        finally:
            if self.how == "tidy":
                self._make(0)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._make(1)
        await asyncio.sleep(0)
        yield self._make(2)


def stream(request: HttpRequest, how: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(Parts(how)))


async def stream_async(request: HttpRequest, how: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(aiter_of(Parts(how)))


async def aiter_of(parts: Parts) -> AsyncIterator[bytes]:
    async for part in parts:
        yield part


def file(request: HttpRequest) -> FileResponse:
    contents = tempfile.TemporaryFile()  # noqa: SIM115
    contents.write(b"contents")
    contents.seek(0)
    return FileResponse(contents, content_type="text/plain")


def template(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, name, {"name": "you", "shelf": Shelf()})


def late(request: HttpRequest) -> TemplateResponse:
    return TemplateResponse(request, "part.html", {"name": "you"})


class Shelf:
    def fail(self) -> None:
        raise ValueError("no such shelf")


urlpatterns = [
    path("plain/", plain),
    path("async/plain/", plain_async),
    path("caf\u00e9 au lait/", plain),
    path("whole/", whole),
    path("async/whole/", whole_async),
    path("mixed/whole/", whole_mixed),
    path("answer/<int:status>/", answer),
    path("fail/<how>/", fail),
    path("async/fail/<how>/", fail_async),
    path("host/", host),
    path("stream/<how>/", stream),
    path("async/stream/<how>/", stream_async),
    path("file/", file),
    path("template/<name>", template),
    path("late/", late),
]


# -- middlewares


class SyncOnly:
    """Does a part of its work around the rest, and knows no async."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        with record("SyncOnly"):
            pass
        return self.get_response(request)


class AsyncOnly:
    """The same, and knows nothing but async."""

    sync_capable, async_capable = False, True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> Any:
        with record("AsyncOnly"):
            pass
        return await self.get_response(request)


def record(name: str) -> Any:
    """A subsegment where a request is recorded, nothing outside."""
    recorded = xray_recorder.context.peek() is not None
    return xray_recorder.in_subsegment(name) if recorded else nullcontext()


class Rescue(SyncOnly):
    """Answers what views raise."""

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse("rescued")


class Apologize(Rescue):
    """Answers what views raise, and admits that it is a fault."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse("sorry", status=500)


class Clumsy(SyncOnly):
    """Raises when the answer comes back."""

    def __call__(self, request: HttpRequest) -> Any:
        self.get_response(request)
        raise LookupError("dropped the answer")
