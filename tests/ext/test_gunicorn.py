"""Flask under gunicorn, with each kind of worker: what arrives from several processes, threads and greenlets."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Daemon
from tests.core import Document, every, outline

REQUESTS = 56

# Each request waits inside for the gate: until as many as all workers can serve at a time are there.
APPLICATION = textwrap.dedent(
    """
    import os
    import socket

    from flask import Flask, Response

    from aws_xray_sdk.core import xray_recorder
    from aws_xray_sdk.ext.flask.middleware import XRayMiddleware

    app = Flask(__name__)
    xray_recorder.configure(service="app", sampling=False)
    XRayMiddleware(app, xray_recorder)
    gate = "127.0.0.1", int(os.environ["GATE"])

    with xray_recorder.in_segment("start"):
        pass

    def work(number):
        with xray_recorder.in_subsegment(f"outer {number}") as subsegment:
            subsegment.put_annotation("worker", os.getpid())
            with socket.create_connection(gate, 20) as waiting:
                waiting.recv(1)
            with xray_recorder.in_subsegment(f"inner {number}"):
                return f"{number};"

    @app.get("/whole/<int:number>")
    def whole(number):
        return work(number)

    @app.get("/stream/<int:number>")
    def stream(number):
        return Response(map(work, [number]))
    """
)


@contextmanager
def gate(together: int) -> Iterator[int]:
    """A port of loopback where requests wait, in whatever process, until there are `together`."""

    def let_in() -> None:
        for _ in range(REQUESTS // together):
            waiting = [listening.accept()[0] for _ in range(together)]
            for each in waiting:
                each.sendall(b"!")
                each.close()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        listening.settimeout(20)
        thread = threading.Thread(target=let_in)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@contextmanager
def gunicorn(folder: Path, daemon: Daemon, *options: str, gate: int) -> Iterator[int]:
    """Serve the application on the port that this gives; nothing may be left to complain about at the end."""
    (folder / "shop.py").write_text(APPLICATION)
    log = folder / "log"
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": daemon.address, "GATE": str(gate)}
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        number = listening.fileno()
        command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--chdir", str(folder), *options]
        command += ["--bind", f"fd://{number}", "--log-file", str(log), "--graceful-timeout", "5", "shop:app"]
        server = subprocess.Popen(command, env=environment, pass_fds=[number], cwd=folder)
        try:
            yield listening.getsockname()[1]
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    said = log.read_text()
    assert server.returncode == 0, said
    assert [line for line in said.splitlines() if "[INFO]" not in line] == []


def ask_all(port: int, clients: int) -> None:
    """Send all requests, each with a trace of its own.

    There are as many clients as the gate waits for, so that each round is one request of every client.
    """
    failures: list[object] = []

    def client(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            for number in range(first, REQUESTS, clients):
                connection.request("GET", path(number), headers={"X-Amzn-Trace-Id": f"Root={root(number)}"})
                response = connection.getresponse()
                answer = response.read().decode(), response.getheader("X-Amzn-Trace-Id")
                if answer != (f"{number};", f"Root={root(number)}"):
                    failures.append((number, answer))
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(first,)) for first in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def path(number: int) -> str:
    return f"/{'stream' if number % 2 else 'whole'}/{number}"


def root(number: int) -> str:
    return f"1-5759e988-{number:024x}"


def facts(document: Document) -> tuple[str, Any, Any]:
    return document["http"]["request"]["url"], document["http"]["response"]["status"], outline(document)


SYNC = pytest.param(["--workers", "2"], 2, 2, id="sync")
PRELOADED = pytest.param(["--workers", "2", "--preload"], 2, 2, id="preloaded")
THREADS = pytest.param(["--worker-class", "gthread", "--threads", "14"], 1, 14, id="threads")
GREENLETS = pytest.param(["--worker-class", "gevent"], 1, 28, id="greenlets")


@pytest.mark.parametrize(("options", "workers", "together"), [SYNC, PRELOADED, THREADS, GREENLETS])
def test_every_trace_arrives_once_with_its_own_parts(
    tmp_path: Path, daemon: Daemon, options: list[str], workers: int, together: int
) -> None:
    starts = 1 if "--preload" in options else workers
    with gate(together) as waiting, gunicorn(tmp_path, daemon, *options, gate=waiting) as port:
        ask_all(port, together)
        found = daemon.wait_for(lambda documents: len(documents) >= REQUESTS + starts)
    found += daemon.documents()

    assert [each["name"] for each in found if "http" not in each] == ["start"] * starts
    requests = {each["trace_id"]: facts(each) for each in found if "http" in each}
    assert requests == {
        root(number): (
            f"http://127.0.0.1:{port}{path(number)}",
            200,
            ("app", [(f"outer {number}", [f"inner {number}"])]),
        )
        for number in range(REQUESTS)
    }
    ids = [each["id"] for each in every(found)]
    assert len(ids) == len(set(ids)) == 3 * REQUESTS + starts
    served = {each["annotations"]["worker"] for each in every(found) if "annotations" in each}
    assert len(served) == workers
