"""A PostgreSQL server for tests: made from the machine's own programs, alone on a free port, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=100", "listen_addresses=127.0.0.1")


class NoPostgreSQL(Exception):
    """There is none to start; the message says how to get one."""


@contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Start a server and give its URL without a database's name. durable: with fsync. Raises NoPostgreSQL."""
    programs = _programs()
    user = _server_user()
    place = Path(tempfile.mkdtemp(prefix="filon-postgresql-"))
    if user:
        shutil.chown(place, user)
    data, port = place / "data", _free_port()
    settings = [setting for setting in _SETTINGS if not durable or "off" not in setting]
    options = " ".join(f"-c {setting}" for setting in (*settings, f"port={port}", f"unix_socket_directories={place}"))
    try:
        _run(user, programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        _run(user, programs / "pg_ctl", "-D", data, "-l", place / "log", "-o", options, "-w", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}"
        finally:
            _run(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _programs() -> Path:
    """The folder of initdb and pg_ctl, the newest version."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0])
    )
    on_path = shutil.which("initdb")
    if versions:
        return versions[-1].parent
    if on_path and shutil.which("pg_ctl"):
        return Path(on_path).resolve().parent
    raise NoPostgreSQL("PostgreSQL is missing: apt-get install postgresql (or set FILON_DATABASE_URL to a server)")


def _server_user() -> str | None:
    """Who runs the server: it refuses root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NoPostgreSQL("PostgreSQL does not run as root and there is no user postgres: useradd postgres") from None


def _run(user: str | None, *command: str | Path) -> None:
    """Run one of the server's programs as its user, quietly unless it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise NoPostgreSQL(f"PostgreSQL does not start: {done.stderr.decode(errors='replace').strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
