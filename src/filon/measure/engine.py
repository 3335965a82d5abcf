"""DuckDB, and the named SQL files it runs. One in-memory instance a process; every use gets its own connection."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any, Final

import duckdb
from django.conf import settings

THREADS: Final = 2
MEMORY: Final = "320MB"
_FOLDER: Final = Path(__file__).parent / "sql"
_DAY_S: Final = 86_400
_SECTION: Final = "-- section: "

_lock = threading.Lock()
_instance: tuple[int, duckdb.DuckDBPyConnection] | None = None


@contextmanager
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own: temporary views and tables made on it end with it."""
    cursor = _shared().cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def _shared() -> duckdb.DuckDBPyConnection:
    """This process's instance; a forked child makes its own."""
    global _instance  # noqa: PLW0603 — one instance a process, made at its first figure
    with _lock:
        if _instance is None or _instance[0] != os.getpid():
            config: dict[str, str | bool | int | float | list[str]] = {
                "temp_directory": str(_spill()),
                "threads": str(THREADS),
                "memory_limit": MEMORY,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            }
            _instance = os.getpid(), duckdb.connect(":memory:", config=config)
        return _instance[1]


def _spill() -> Path:
    """Where this process puts what does not fit in memory: a folder of its own, since DuckDB's names are not unique.

    Folders of processes that were killed go after a day.
    """
    folder = Path(settings.FILON_DATA_DIR) / "lake" / "spill"
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        if time.time() - left.stat().st_mtime > _DAY_S:
            shutil.rmtree(left, ignore_errors=True)
    return folder / str(os.getpid())


@lru_cache(maxsize=64)
def _sections(name: str) -> Mapping[str, str]:
    text = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    parts = text.split(_SECTION)[1:]
    return {title.strip(): body.strip() for title, _, body in (part.partition("\n") for part in parts)}


def fingerprint(*names: str) -> str:
    """Tells apart the versions of these SQL files."""
    text = "".join((_FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in names)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def statement(name: str, section: str, **values: Any) -> str:
    """A section of a named SQL file with its `$names` filled in. Values are written by `literal`, `Sql` as it stands.

    Raises KeyError when a name is left over, LookupError when there is no such section.
    """
    body = _sections(name).get(section)
    if body is None:
        raise LookupError(f"measure/sql/{name}.sql has no section {section}")
    return Template(body).substitute({key: literal(value) for key, value in values.items()})


class Sql(str):
    """A piece of SQL that code, never a user, wrote."""

    __slots__ = ()


def literal(value: Any) -> str:
    """A value as DuckDB writes it. Moments are aware and become UTC. Raises TypeError for other kinds of value."""
    if isinstance(value, Sql):
        return str(value)
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMP '{naive(value).isoformat(' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no literal")


def naive(moment: datetime) -> datetime:
    """An aware moment as the lake keeps it: UTC without a zone. Raises ValueError for a naive one."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a moment needs its zone")
    return moment.replace(tzinfo=None) - offset


def identifier(name: str) -> str:
    """A column's name in quotes."""
    return '"' + name.replace('"', '""') + '"'
