"""Servers that tests need, started for one test run on a free port of loopback and gone after it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

_DEBIAN = Path("/usr/lib/postgresql")
_DATA = ("--pgdata", "data")


class ServiceMissing(RuntimeError):
    """A server that is not installed here; its text tells how to install it."""


class PostgreSQL:
    """A PostgreSQL server of its own, empty, in a temporary folder.

    `start()` returns when it answers, `stop()` when it is gone. With `folder` it is the server that an earlier process
    started there. Raises ServiceMissing when PostgreSQL is not installed.
    """

    host = "127.0.0.1"
    user = "tester"
    password = "s3cret-of-tests"
    database = "postgres"

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self._programs = _postgresql_programs()
        self.folder = folder
        self.port = port

    @property
    def dsn(self) -> str:
        """The server's address as a URL, password included."""
        return f"postgresql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}"

    def start(self) -> PostgreSQL:
        """Start it and wait until it answers; raises RuntimeError with the server's own log when it does not."""
        self.folder = Path(tempfile.mkdtemp(prefix="xray-postgresql-"))
        try:
            self._own(self.folder)
            self._make_cluster(self.folder)
            self._launch(self.folder)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what `start` started and remove its folder; does nothing when that is done already."""
        folder, self.folder = self.folder, None
        if folder is None:
            return
        if (folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", *_DATA, "--mode", "immediate", "--wait", folder=folder)
        shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> PostgreSQL:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _make_cluster(self, folder: Path) -> None:
        passwords = folder / "password"
        passwords.write_text(self.password)
        self._own(passwords)
        access = ["--auth", "scram-sha-256", "--username", self.user, "--pwfile", "password"]
        self._run("initdb", *_DATA, *access, "--encoding", "UTF8", "--locale", "C", "--no-sync", folder=folder)

    def _launch(self, folder: Path) -> None:
        """Another process may take the port between its choice and the start, so there are three tries."""
        for tries_left in (2, 1, 0):
            self.port = _free_port()
            settings = f"-h {self.host} -p {self.port} -c unix_socket_directories= -c fsync=off"
            try:
                # --wait returns when this very server answers, or has ended.
                self._run("pg_ctl", "start", *_DATA, "--log", "log", "--options", settings, "--wait", folder=folder)
            except RuntimeError as error:
                log = (folder / "log").read_text(errors="replace")
                if not tries_left or "could not bind" not in log:
                    raise RuntimeError(f"PostgreSQL did not start:\n{log}") from error
            else:
                return

    def _run(self, program: str, *arguments: str, folder: Path) -> None:
        command = [*_unprivileged(), str(self._programs / program), *arguments]
        # A server that inherited a pipe would keep it open, so what it says goes to a file.
        said = folder / f"{program}.out"
        with said.open("wb") as out:
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{said.read_text(errors='replace')}")

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            shutil.chown(path, _unprivileged_user())


def _postgresql_programs() -> Path:
    """The newest folder that has a server's programs; Debian keeps them off PATH, a folder a version."""
    folders = sorted(_DEBIAN.glob("[0-9]*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise ServiceMissing("PostgreSQL server is not installed; run scripts/services install")


def _unprivileged() -> list[str]:
    """What runs a command as somebody else than root, which PostgreSQL refuses."""
    return ["runuser", "-u", _unprivileged_user(), "--"] if os.geteuid() == 0 else []


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
