"""A throw-away place to measure in: an own data folder, an own database, own processes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit


@dataclass
class Place:
    """Where a scenario runs. `environ` is what its commands see."""

    folder: Path
    engine: str
    environ: dict[str, str]
    key: str = ""
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command of ours to its end; its JSON, with `peak_mb` of it and its children."""
        peak = _Peak()
        command = [sys.executable, "-m", "filon", *arguments, "--json"]
        with subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None:
                peak.look(process.pid)
                time.sleep(0.05)
            out, err = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"filon {' '.join(arguments)} failed: {err.decode()[-500:]}")
        result: dict[str, Any] = json.loads(out.decode().strip().splitlines()[-1])
        return {**result, "peak_mb": peak.megabytes}

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def serving(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """The product served, with its worker unless told otherwise."""
        self.port = _free_port()
        command = [sys.executable, "-m", "filon", "serve", "--port", str(self.port), *options]
        log = (self.folder / "serve.log").open("wb")
        process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log)
        try:
            self._wait()
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)
            log.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 — our own address
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server did not start: " + (self.folder / "serve.log").read_text()[-500:])

    def api_key(self) -> str:
        """A key that may do everything, made once."""
        if not self.key:
            self.key = str(self.run("key", "create", "bench", "--scope", "admin")["key"])
        return self.key


class _Peak:
    """The most memory that a process and its descendants held at once, in MB."""

    def __init__(self) -> None:
        self.megabytes = 0.0

    def look(self, pid: int) -> None:
        """Add up resident memory now."""
        pages = sum(_resident(child) for child in [pid, *_descendants(pid)])
        self.megabytes = max(self.megabytes, round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1))


def _resident(pid: int) -> int:
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_text().split()[1:3]
    except (OSError, ValueError):
        return 0
    return max(int(resident) - int(shared), 0)  # mapped files (the database) are the system's cache, not ours


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (OSError, ValueError):
        return []
    return [*children, *(grandchild for child in children for grandchild in _descendants(child))]


@contextmanager
def throw_away(database: str) -> Iterator[Place]:
    """A place on SQLite (no `database`), or in a database of its own on the PostgreSQL server `database` names."""
    folder = Path(tempfile.mkdtemp(prefix="filon-bench-"))
    environ = {**os.environ, "FILON_DATA_DIR": str(folder), "FILON_LANGUAGE": "en"}
    environ.pop("FILON_DATABASE_URL", None)
    name = f"filon_bench_{secrets.token_hex(4)}"
    if database:
        _administer(database, f"CREATE DATABASE {name}")
        environ["FILON_DATABASE_URL"] = urlunsplit(urlsplit(database)._replace(path=f"/{name}"))
    place = Place(folder, "postgresql" if database else "sqlite", environ)
    try:
        place.run("migrate")
        yield place
    finally:
        if database:
            _administer(database, f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(folder, ignore_errors=True)


def _administer(database: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
