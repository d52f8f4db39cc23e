"""The demo, run as ``make demo`` runs it: three real servers, and one whole tree for each request."""

import re
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from aws_xray_sdk.local.traces import Trace
from tests.local import detached, identity, segment, trace

RUN = Path(__file__).parents[2] / "examples" / "demo" / "run.py"
COMMAND = [sys.executable, str(RUN)]
SERVICES = ("shop", "inventory", "pricing")


def test_every_request_of_the_demo_is_one_connected_tree() -> None:
    done = subprocess.run(COMMAND, capture_output=True, encoding="utf-8", timeout=90)
    assert (done.stderr, done.returncode) == ("", 0)
    assert "6 requests, 6 traces, each of them one connected tree." in done.stdout
    assert len(set(re.findall(r"^1-\w{8}-\w{24}  ", done.stdout, re.MULTILINE))) == 6
    for essential in (
        "◆ shop  GET /product/1 ",
        "◆ inventory  GET /stock/1 ",
        "◆ pricing  GET /price/1 ",
        "SELECT … FROM",
        "shop/product.html",
        "product=Chair",
        "! OutOfStock: product 2 is sold out",
        "in pick",
        "E 404",
        "F 500",
    ):
        assert essential in done.stdout


def free_ports(number: int) -> list[int]:
    holders = [socket.socket() for _ in range(number)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def test_the_demo_takes_its_servers_with_it_when_it_is_stopped() -> None:
    ports = free_ports(3)
    options = [f"--{name}-port={port}" for name, port in zip(SERVICES, ports, strict=True)]
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as demo:
        assert demo.stdout
        # The servers are up when the first tree comes.
        next(line for line in demo.stdout if line.startswith("◆ shop"))
        demo.send_signal(signal.SIGTERM)
        _, err = demo.communicate(timeout=20)
    assert (err, demo.returncode) == ("", 130)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize("name", [*SERVICES, "daemon"])
def test_a_taken_port_is_one_line_that_says_what_to_do(name: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM if name == "daemon" else socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        command = [*COMMAND, f"--{name}-port", str(port)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30)
    assert (done.stdout, done.returncode) == ("", 2)
    assert done.stderr == f"run.py: port {port} is taken. Choose another with --{name}-port.\n"


@pytest.fixture
def find_problems(monkeypatch: pytest.MonkeyPatch) -> Callable[[Trace | None, Collection[str]], list[str]]:
    monkeypatch.syspath_prepend(RUN.parent)
    demo: dict[str, Any] = runpy.run_path(str(RUN))
    found: Callable[[Trace | None, Collection[str]], list[str]] = demo["find_problems"]
    return found


def test_the_demo_names_what_is_missing_in_a_trace(
    find_problems: Callable[[Trace | None, Collection[str]], list[str]],
) -> None:
    both = frozenset({"shop", "pricing"})
    shop, pricing = segment(1, "shop"), segment(2, "pricing", parent_id=identity(1))
    assert find_problems(trace(shop, pricing), both) == []
    assert find_problems(None, both) == ["no trace arrived"]
    assert find_problems(trace(shop), both) == ["pricing did not report"]
    assert find_problems(trace(pricing), both) == ["shop did not report", f"parent {identity(1)} has not arrived"]
    assert find_problems(trace(shop, segment(2, "pricing")), both) == ["not one tree"]
    assert find_problems(trace(shop, pricing, detached(3, 1, "work", end=None)), both) == ["work is still in progress"]
