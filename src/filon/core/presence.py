"""Who is alive on this machine: each process holds a lock on a file of its own, which the kernel frees when it dies.

Workers that share a data folder see at once that another was killed; elsewhere the lease's end tells.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings


class Presence:
    """This process, alive for as long as it holds its file. Use it as a context manager."""

    def __init__(self, kind: str, name: str, **facts: Any) -> None:
        self._path = _folder(kind) / f"{name}.alive"
        self._facts = {"pid": os.getpid(), **facts}
        self._fd = -1

    def __enter__(self) -> Presence:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unborn = self._path.with_suffix(f".{os.getpid()}")  # locked before others can find it
        self._fd = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        os.write(self._fd, json.dumps(self._facts).encode())
        unborn.rename(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._fd)


def alive(kind: str) -> dict[str, dict[str, Any]]:
    """The living processes of a kind on this data folder, by name, with what they said of themselves."""
    found: dict[str, dict[str, Any]] = {}
    for path in _folder(kind).glob("*.alive"):
        facts = _facts_of_living(path)
        if facts is not None:
            found[path.stem] = facts
    return found


def bury_dead(kind: str) -> list[str]:
    """The names of processes that died without saying so, each told once."""
    dead: list[str] = []
    for path in _folder(kind).glob("*.alive"):
        if _facts_of_living(path) is None:
            path.unlink(missing_ok=True)
            dead.append(path.stem)
    return dead


def is_lock_free(path: str, *, wait_s: float) -> bool:
    """Whether a file's lock can be had within some seconds; it is given back at once."""
    end = time.monotonic() + wait_s
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.05)
            else:
                return True
    finally:
        os.close(fd)


def _facts_of_living(path: Path) -> dict[str, Any] | None:
    """What a process said of itself, or None when nobody holds its file any more."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.pread(fd, 4096, 0)
        return dict(json.loads(said)) if said else {}
    else:
        return None
    finally:
        os.close(fd)


def _folder(kind: str) -> Path:
    return Path(settings.FILON_DATA_DIR) / "run" / kind
