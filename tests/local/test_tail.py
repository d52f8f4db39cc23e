"""``python -m aws_xray_sdk.local tail`` in a process of its own, as a newcomer starts it."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from tests.local import OTHER_TRACE_ID, TRACE_ID, datagram, detached, http, identity, segment

SHOP = segment(1, "shop", http=http("GET", "http://shop/a", 200))
TREE = """\
1-65a0b1c2-0123456789abcdef01234567  100.0 ms  1 service, 0 subsegments
◆ shop  GET /a                            ✓ 200  100.0 ms  ━━━━━━━━━━━━━━━━━━━━

"""
ASCII_TREE = TREE.replace("◆", "*").replace("✓", "+").replace("━", "=")
COMMAND = [sys.executable, "-m", "aws_xray_sdk.local", "tail"]


class Tail:
    """A running command, the port it has, and what it writes."""

    def __init__(self, *arguments: str, stdout: int | IO[str] = subprocess.PIPE, **environment: str) -> None:
        kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--idle", "0.05", *arguments],
            env={**kept, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8", **environment},
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stderr
        self.greeting = self.process.stderr.readline()
        self._port = int(self.greeting.partition(":")[2].partition(".")[0])

    def send(self, *data: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for one in data:
                sender.sendto(one, ("127.0.0.1", self._port))

    def read_trace(self) -> str:
        """What is printed up to the empty line after a trace."""
        assert self.process.stdout
        lines = list(iter(self.process.stdout.readline, "\n"))
        return "".join(lines) + "\n"

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str, int]:
        """Stop it; what it wrote since to both streams, and its exit code."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return out, err, self.process.returncode


@pytest.fixture
def tail() -> Iterator[Callable[..., Tail]]:
    running = []

    def start(*arguments: str, stdout: int | IO[str] = subprocess.PIPE, **environment: str) -> Tail:
        running.append(Tail(*arguments, stdout=stdout, **environment))
        return running[-1]

    # A test run in the background of a shell ignores Ctrl-C, and what it starts would inherit that.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield start
    signal.signal(signal.SIGINT, handler)
    for one in running:
        one.process.kill()
        one.process.communicate()


Start = Callable[..., Tail]


def test_a_trace_is_printed_as_a_tree_and_ctrl_c_ends_it_quietly(tail: Start) -> None:
    running = tail()
    assert re.fullmatch(r"Waiting for segments on UDP 127\.0\.0\.1:\d+\. Ctrl-C ends\.\n", running.greeting)
    running.send(datagram(SHOP))
    assert running.read_trace() == TREE
    assert running.stop(signal.SIGINT) == ("", "", 0)


def test_a_kill_ends_it_as_ctrl_c_does(tail: Start) -> None:
    assert tail().stop(signal.SIGTERM) == ("", "", 0)


def test_what_still_waits_is_printed_at_the_end(tail: Start) -> None:
    running = tail("--idle", "60")
    running.send(datagram(detached(2, 1, "lonely")), b"over")
    assert running.process.stderr
    assert running.process.stderr.readline().startswith("Refused")
    out, _, code = running.stop()
    assert "! 1 parent absent" in out
    assert code == 0


def test_traces_that_arrive_mixed_are_printed_each_as_its_own_tree(tail: Start) -> None:
    running = tail("--idle", "0.3")
    inventory = segment(2, "inventory", parent_id=identity(1))
    other = {"trace_id": OTHER_TRACE_ID}
    running.send(*map(datagram, (inventory, {**inventory, **other}, SHOP, {**SHOP, **other})))
    printed = running.read_trace(), running.read_trace()
    assert printed[0] == printed[1].replace(OTHER_TRACE_ID, TRACE_ID)
    assert "2 services" in printed[0]


def test_bad_datagrams_are_told_once_counted_and_survived(tail: Start) -> None:
    running = tail()
    running.send(b"x", b"y", b"\xff", datagram({}), datagram(SHOP))
    assert running.read_trace() == TREE
    told = (
        "Refused a datagram: no X-Ray header line. Others like it are counted only.",
        "Refused a datagram: not a segment document (trace_id is missing or wrong). Others like it are counted only.",
        "Refused: 3 no X-Ray header line, 1 not a segment document.",
    )
    out, err, code = running.stop()
    assert (out, tuple(err.splitlines()), code) == ("", told, 0)


def test_a_pipe_whose_reader_left_ends_it_quietly(tail: Start) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        running = tail(stdout=stream)
    os.close(reader)
    running.send(datagram(SHOP))
    _, err = running.process.communicate(timeout=10)
    assert (err, running.process.returncode) == ("", 0)


def test_an_output_that_cannot_show_the_signs_gets_others(tail: Start) -> None:
    running = tail(PYTHONIOENCODING="ascii")
    running.send(datagram(SHOP))
    assert running.read_trace() == ASCII_TREE


def test_a_name_that_the_output_cannot_show_is_escaped(tail: Start) -> None:
    running = tail(PYTHONIOENCODING="ascii")
    running.send(datagram(segment(1, "größe")))
    assert r"* gr\xf6\xdfe " in running.read_trace()


def on_a_terminal(tail: Start, *arguments: str, **environment: str) -> str:
    """What a terminal gets when one trace arrives."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        running = tail(*arguments, stdout=stream, **environment)
    running.send(datagram(SHOP))
    written = b""
    while not written.endswith(b"\r\n\r\n"):
        written += os.read(ours, 10_000)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours(tail: Start) -> None:
    coloured = on_a_terminal(tail, TERM="xterm")
    assert "\x1b[32m✓ 200\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == TREE


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})]
)
def test_a_terminal_gets_no_colours_when_told(tail: Start, arguments: list[str], environment: dict[str, str]) -> None:
    assert on_a_terminal(tail, *arguments, **environment) == TREE


def run(*arguments: str) -> tuple[str, str, int]:
    command = [sys.executable, "-m", "aws_xray_sdk.local", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30)
    return done.stdout, done.stderr, done.returncode


def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        what = f"UDP port {port} of 127.0.0.1 is taken."
        todo = "Stop the X-Ray daemon that has it, or choose one with --port."
        assert run("tail", "--port", str(port)) == ("", f"python -m aws_xray_sdk.local tail: {what} {todo}\n", 2)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["watch"],
        ["tail", "--port", "x"],
        ["tail", "--port", "65536"],
        ["tail", "--idle", "0"],
        ["tail", "--idle", "nan"],
        ["tail", "--host", "300.1.1.1"],
        ["tail", "--host", "192.0.2.1"],
        ["tail", "--what"],
    ],
    ids=" ".join,
)
def test_a_wrong_argument_is_one_line(arguments: list[str]) -> None:
    out, err, code = run(*arguments)
    assert (out, len(err.splitlines()), code) == ("", 1, 2)
    assert "Traceback" not in err
