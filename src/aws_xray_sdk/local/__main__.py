"""The command line: ``python -m aws_xray_sdk.local tail``."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from io import TextIOWrapper
from typing import NoReturn

from .assembly import PATIENCE
from .collector import Collector
from .style import style_of
from .tail import tail

_LONGEST_IDLE = 3600.0


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code; a wrong argument or a port that is taken is one line and a 2."""
    options = _parser().parse_args(arguments)
    try:
        collector = Collector(options.host, options.port)
    except (OSError, UnicodeError) as error:
        sys.stderr.write(f"{_PROG} tail: {_why(error, options.host, options.port)}\n")
        return 2
    # Stopped politely is stopped like this by a person.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    with collector:
        try:
            tail(collector, style_of(sys.stdout, options.color), options.idle)
        except BrokenPipeError:
            # The reader left; without this the interpreter would complain about it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


_PROG = "python -m aws_xray_sdk.local"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_PROG, description="A local X-Ray: shows the traces that X-Ray SDKs on this machine send.")
    commands = parser.add_subparsers(metavar="command", required=True)
    about = "print each trace as a tree when it has arrived"
    command = commands.add_parser("tail", help=about, description=f"{about.capitalize()}. Ctrl-C ends.")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    command.add_argument("--port", type=_port, default=2000, help="UDP port; 0 takes a free one (%(default)s)")
    idle_help = f"quiet time before a trace is printed (%(default)s), {PATIENCE} times that while parts are missing"
    command.add_argument("--idle", type=_idle, default=0.5, metavar="SECONDS", help=idle_help)
    command.add_argument("--no-color", dest="color", action="store_false", help="no colours, as with NO_COLOR set")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 65535, not {text!r}")
    return int(text)


def _idle(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _LONGEST_IDLE:
        raise argparse.ArgumentTypeError(f"must be seconds above 0 and up to {_LONGEST_IDLE:.0f}, not {text!r}")
    return seconds


def _why(error: OSError | UnicodeError, host: str, port: int) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"UDP port {port} of {host} is taken. Stop the X-Ray daemon that has it, or choose one with --port."
    if code == errno.EACCES:
        return f"UDP port {port} needs more rights. Choose one above 1023 with --port."
    return f"cannot listen on {host!r}. Choose an address of this machine with --host."


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
