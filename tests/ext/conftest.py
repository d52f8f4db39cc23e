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
