"""The demo's three servers, each in a process of its own, and their ports."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = ("shop", "inventory", "pricing")
_SECONDS_TO_START = 30
_SECONDS_TO_STOP = 5
_LAST_LINES = 15


class NoPort(Exception):
    """A port that was asked for cannot be had."""

    def __init__(self, name: str, port: int, error: OSError | OverflowError) -> None:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is taken" if taken else "cannot be used"
        super().__init__(f"port {port} {why}. Choose another with --{name}-port.")


class Failed(Exception):
    """A server that did not start; its log tells why."""


def choose_ports(wanted: dict[str, int]) -> dict[str, int]:
    """The ports to use: each as wanted, or a free one for 0. Raises NoPort."""
    holders = {}
    try:
        for name, port in wanted.items():
            # All are held until all are chosen, so that none is given twice.
            holders[name] = holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                raise NoPort(name, port, error) from error
        return {name: holder.getsockname()[1] for name, holder in holders.items()}
    finally:
        for holder in holders.values():
            holder.close()


class Servers:
    """The running servers: a context manager that stops them, and nothing but them, whatever happens."""

    def __init__(self, ports: dict[str, int], daemon_port: int) -> None:
        self._ports = ports
        self._folder = tempfile.TemporaryDirectory(prefix="xray-demo-")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # What is set on this machine for other applications, a name or a switch, is not meant for these.
        self._environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_XRAY_")} | {
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{daemon_port}",
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SHOP_DATABASE": str(Path(self._folder.name, "shop.sqlite3")),
            "INVENTORY_URL": f"http://127.0.0.1:{ports['inventory']}",
            "PRICING_URL": f"http://127.0.0.1:{ports['pricing']}",
        }

    def __enter__(self) -> Servers:
        try:
            self._start("pricing", "pricing.py", str(self._ports["pricing"]))
            gunicorn = ("-m", "gunicorn", "--threads", "4", "--no-control-socket")
            self._start("inventory", *gunicorn, "--bind", f"127.0.0.1:{self._ports['inventory']}", "inventory:app")
            self._start("migrate", "-m", "django", "migrate")
            if self._running.pop("migrate").wait(_SECONDS_TO_START):
                raise Failed(f"the shop's database could not be made\n{self.logs()}")
            self._start("shop", "-m", "uvicorn", "--port", str(self._ports["shop"]), "shop.asgi:application")
            for name in NAMES:
                self._wait_for(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._running.values():
            server.terminate()
        deadline = time.monotonic() + _SECONDS_TO_STOP
        for server in self._running.values():
            try:
                server.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
        self._folder.cleanup()

    def logs(self) -> str:
        """The last lines that each server wrote."""
        return "\n".join(
            "\n".join([f"--- {log.stem}", *log.read_text(errors="replace").splitlines()[-_LAST_LINES:]])
            for log in sorted(Path(self._folder.name).glob("*.log"))
        )

    def _start(self, name: str, *arguments: str) -> None:
        with Path(self._folder.name, f"{name}.log").open("wb") as log:
            # Its own session: Ctrl-C reaches this program alone, which then stops the servers in order.
            self._running[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=HERE,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_for(self, name: str) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._ports[name]), timeout=1).close()
                return
            except OSError:
                if self._running[name].poll() is not None or time.monotonic() > deadline:
                    raise Failed(f"{name} did not start\n{self.logs()}") from None
            time.sleep(0.02)
