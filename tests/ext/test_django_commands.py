"""``manage.py`` of a real project, in processes of its own: commands do what they do without us, and say nothing."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

import pytest

from tests.conftest import Daemon
from tests.core import outline
from tests.ext.django_project import Project

OF_OURS = re.compile(r"x-?ray|segment|traceback|warning: .*sdk", re.IGNORECASE)
SERVING = re.compile(r"Starting (?:WSGI )?development server at http://127\.0\.0\.1:(\d+)/")

COUNT = "from shop.models import Item; print(Item.objects.count(), 'items')"
ASK = "from django.test import Client; print(Client().get('/items/').content.decode())"

STRATEGIES: dict[str, dict[str, str]] = {
    "as it is": {},
    "RUNTIME_ERROR": {"AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR"},
    "off": {"AWS_XRAY_SDK_ENABLED": "false"},
}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with an empty database, made by ``migrate``."""
    project = Project(tmp_path_factory.mktemp("project"))
    status, printed, errors = project.manage("migrate", AWS_XRAY_CONTEXT_MISSING="RUNTIME_ERROR")
    assert (status, errors) == (0, "")
    assert "Applying shop.0001_initial... OK" in printed
    assert not OF_OURS.search(printed)
    return project


@pytest.fixture
def project(migrated: Project) -> Iterator[Project]:
    """The same, with settings that a test may change."""
    before = dict(migrated.xray)
    yield migrated
    migrated.xray = before


# -- commands


@pytest.mark.parametrize("variables", STRATEGIES.values(), ids=STRATEGIES)
def test_commands_say_nothing_of_us(project: Project, variables: dict[str, str]) -> None:
    if "AWS_XRAY_SDK_ENABLED" in variables:
        project.xray = {}  # nor is a name needed
    checked = project.manage("check", **variables)
    assert checked == (0, "System check identified no issues (0 silenced).\n", "")
    assert project.manage("migrate", "--check", **variables) == (0, "", "")
    status, printed, errors = project.manage("shell", "-c", COUNT, **variables)
    assert (status, printed.splitlines()[-1], errors) == (0, "0 items", "")
    assert not OF_OURS.search(printed)


def test_a_request_within_a_command_is_recorded(project: Project, daemon: Daemon) -> None:
    address = {"AWS_XRAY_DAEMON_ADDRESS": daemon.address}
    status, printed, errors = project.manage("shell", "-c", ASK, **address)
    assert (status, printed.splitlines()[-1], errors) == (0, "0 items", "")
    (document,) = daemon.documents()
    assert outline(document) == ("shop", ["shop.sqlite3", "shop/items.html"])


def test_while_the_sdk_is_off_a_request_is_served_and_not_recorded(project: Project, daemon: Daemon) -> None:
    variables = {"AWS_XRAY_DAEMON_ADDRESS": daemon.address, "AWS_XRAY_SDK_ENABLED": "false"}
    status, printed, errors = project.manage("shell", "-c", ASK, **variables)
    assert (status, printed.splitlines()[-1], errors) == (0, "0 items", "")
    assert daemon.documents() == []


def test_the_test_runner_works_and_settings_can_be_overridden(project: Project, daemon: Daemon) -> None:
    address = {"AWS_XRAY_DAEMON_ADDRESS": daemon.address, "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR"}
    status, printed, errors = project.manage("test", "shop.tests", **address)
    assert status == 0, errors
    assert re.search(r"Ran 4 tests in .*\n\nOK\n", errors)
    assert not OF_OURS.search(printed + errors)
    names = [document["name"] for document in daemon.documents()]
    assert sorted(names) == ["class", "market", "market", "market", "shop", "shop", "shop", "stall"]


# -- the development server


@contextmanager
def running(project: Project, *options: str, **variables: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``runserver`` on a port that the system chooses; stopped with all processes that it has started."""
    with (project.folder / "errors").open("w+", encoding="utf-8") as errors:
        server = subprocess.Popen(
            project.command("runserver", *options, "127.0.0.1:0"),
            cwd=project.folder,
            env=project.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            start_new_session=True,
        )
        stop = Timer(60, os.killpg, (server.pid, signal.SIGKILL))  # however it hangs, nothing of it is left
        stop.start()
        with server:
            try:
                assert server.stdout is not None
                yield _port(server.stdout, Path(errors.name)), server
            finally:
                stop.cancel()
                os.killpg(server.pid, signal.SIGKILL)


def _port(printed: IO[str], errors: Path) -> int:
    lines = []
    for line in printed:
        lines.append(line)
        found = SERVING.search(line)
        if found:
            return int(found[1])
    raise AssertionError(f"runserver ended: {''.join(lines)}\n{errors.read_text()}")


@pytest.mark.parametrize("options", [(), ("--noreload",)], ids=["reloading", "one process"])
@pytest.mark.parametrize("strategy", ["LOG_ERROR", "RUNTIME_ERROR"])
def test_the_development_server_starts_serves_and_says_nothing_of_us(
    project: Project, daemon: Daemon, options: tuple[str, ...], strategy: str
) -> None:
    """Also where a missing segment is an error: the check for migrations, made at the start, is no request."""
    project.xray["AWS_XRAY_CONTEXT_MISSING"] = strategy
    with running(project, *options, AWS_XRAY_DAEMON_ADDRESS=daemon.address) as (port, server):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/items/")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"0 items")
        connection.close()
        (document,) = daemon.wait_for(lambda documents: bool(documents))
        assert outline(document) == ("shop", ["shop.sqlite3", "shop/items.html"])
        assert document["http"]["request"]["url"] == f"http://127.0.0.1:{port}/items/"
        assert server.poll() is None
    said = (project.folder / "errors").read_text()
    assert '"GET /items/ HTTP/1.1" 200' in said
    assert not OF_OURS.search(said)


# -- modules of the application, patched at the start


def test_modules_are_patched_within_a_segment_of_their_own(project: Project, daemon: Daemon) -> None:
    project.xray |= {
        "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
        "PATCH_MODULES": ["shop.pricing"],
        "AUTO_PATCH_PARENT_SEGMENT_NAME": "start-up",
        "IGNORE_MODULE_PATTERNS": [r"shop\.pricing\.secret"],
    }
    status, printed, errors = project.manage("shell", "-c", ASK.replace("items", "price"))
    assert (status, printed.splitlines()[-1], errors) == (0, "3", "")
    start, request = daemon.documents()
    assert (outline(start), outline(request)) == (("start-up", ["load prices"]), ("shop", ["price"]))


def test_modules_are_patched_without_a_segment_too(project: Project, daemon: Daemon) -> None:
    project.xray |= {"PATCH_MODULES": ["shop.pricing"], "AWS_XRAY_CONTEXT_MISSING": "IGNORE_ERROR"}
    address = {"AWS_XRAY_DAEMON_ADDRESS": daemon.address}
    status, printed, errors = project.manage("shell", "-c", ASK.replace("items", "price"), **address)
    assert (status, printed.splitlines()[-1], errors) == (0, "3", "")
    assert [outline(each) for each in daemon.documents()] == [("shop", ["price", "discount"])]


def test_a_module_that_is_not_there_is_refused_at_the_start(project: Project) -> None:
    project.xray["PATCH_MODULES"] = ["request"]
    status, _, errors = project.manage("check")
    assert status == 1
    assert "'request' cannot be patched" in errors and "did you mean 'requests'?" in errors


def test_wrong_settings_are_refused_at_the_start(project: Project) -> None:
    project.xray = {"AWS_XRAY_CONTEXT_MISSING": "IGNORE"}
    status, _, errors = project.manage("check")
    assert status == 1
    assert errors.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: XRAY_RECORDER['AWS_XRAY_CONTEXT_MISSING']: context_missing: "
        "'IGNORE' is not accepted, only RUNTIME_ERROR or LOG_ERROR or IGNORE_ERROR"
    )


def test_a_name_is_required_at_the_start(project: Project) -> None:
    project.xray = {}
    status, _, errors = project.manage("check")
    assert status == 1
    assert "XRAY_RECORDER['AWS_XRAY_TRACING_NAME'] is required" in errors.splitlines()[-1]
    assert project.manage("check", AWS_XRAY_TRACING_NAME="shop")[0] == 0
