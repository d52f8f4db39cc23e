"""Fixtures of the integrations' tests: servers that several of them need, one of each for a whole run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.services import PostgreSQL, ServiceMissing


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server, empty at the start of the run."""
    try:
        server = PostgreSQL()
    except ServiceMissing as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def django_databases(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The sqlite databases of tests.ext.django_app, each with a table for items and one row."""
    from tests.ext import django_app

    django_app.use_databases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(params=["wsgi", "asgi"])
def serve(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Takes a request through Django, once as under WSGI and once as under ASGI; see tests.ext.django_client."""
    from tests.ext import django_client

    return django_client.SERVERS[request.param]


@pytest.fixture(params=["/", "/async/"])
def views(request: pytest.FixtureRequest) -> str:
    """The prefix of paths of tests.ext.django_app: of views that are functions, and that are coroutine functions."""
    return str(request.param)


@pytest.fixture(scope="session")
def django_postgresql(postgresql: PostgreSQL, django_databases: None) -> str:
    """The alias of a database on the PostgreSQL server for tests.ext.django_app, with the same table and row."""
    from tests.ext import django_app

    return django_app.use_postgresql("pg", postgresql, HOST=postgresql.host)


@pytest.fixture
def django_connections(django_databases: None) -> Iterator[None]:
    """Django's databases; no connection outlives the test."""
    from django.db import connections

    yield
    connections.close_all()


@pytest.fixture(params=["default", "pg"], ids=["sqlite", "postgresql"])
def alias(request: pytest.FixtureRequest) -> str:
    """A database of tests.ext.django_app, of each backend."""
    if request.param == "pg":
        request.getfixturevalue("django_postgresql")
    return str(request.param)
