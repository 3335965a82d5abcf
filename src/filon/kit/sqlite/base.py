"""The backend: WAL, durable commits, and writers that queue on a kernel lock instead of polling.

SQLite's own busy handler polls, so a second writer may wait a second for a lock that is free. Here every write
transaction first takes one blocking file lock beside the database (freed by the kernel when a process is killed)
and only then says BEGIN IMMEDIATE. Readers never take it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3  # the bundled one: settings say so before Django looks for a database
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db.backends.sqlite3 import base

from filon.kit.sqlite import library

library.refuse_unsafe(sqlite3.sqlite_version_info)

_NONE: dict[None, None] = {}
# Without an adapter of its own, each None and each bool costs the driver a microsecond of looking for one: in an
# import, a third of all time spent writing.
sqlite3.register_adapter(type(None), _NONE.get)  # a C function that answers None to None
sqlite3.register_adapter(bool, int)


def _read_datetime(text: bytes) -> datetime:
    """A stored time, as naive UTC: ten times quicker than the parser Django registers, which takes any writing."""
    return datetime.fromisoformat(text.decode())


sqlite3.register_converter("datetime", _read_datetime)

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP", "ALTER")
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA recursive_triggers=ON",  # so that INSERT OR REPLACE is refused by the ledger, too
    "PRAGMA busy_timeout=30000",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA mmap_size=268435456",
    "PRAGMA journal_size_limit=67108864",
)


class WriteLock:
    """One exclusive lock for all writers of a database file; re-entrant within its connection."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.is_held = False

    def take(self) -> None:
        """Wait for the lock."""
        if not self.is_held:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            self.is_held = True

    def free(self) -> None:
        """Give the lock back."""
        if self.is_held:
            self.is_held = False
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the lock back for good."""
        self.is_held = False
        os.close(self._fd)


class _Cursor(base.SQLiteCursorWrapper):
    """Takes the write lock around a lone writing statement outside a transaction."""

    write_lock: WriteLock | None = None
    is_in_transaction: Callable[[], bool]

    def execute(self, query: str, params: Any = None) -> Any:
        return self._guarded(query, lambda: super(_Cursor, self).execute(query, params))

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        return self._guarded(query, lambda: super(_Cursor, self).executemany(query, param_list))

    def _guarded(self, query: str, run: Callable[[], Any]) -> Any:
        lock = self.write_lock
        if lock is None or lock.is_held or not query.lstrip()[:7].upper().startswith(_WRITES):
            return run()
        lock.take()
        try:
            return run()
        finally:
            if not self.is_in_transaction():
                lock.free()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper with the lock, the pragmas and BEGIN IMMEDIATE."""

    write_lock: WriteLock | None = None
    _only_reads = False

    def get_new_connection(self, conn_params: Any) -> Any:
        """A connection with the pragmas, and the lock of its file."""
        connection = super().get_new_connection(conn_params)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        name = str(self.settings_dict["NAME"])
        if self.write_lock is None and not self.is_in_memory_db():
            self.write_lock = WriteLock(f"{name}.write-lock")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor that takes the lock when it writes outside a transaction."""
        cursor = self.connection.cursor(factory=_Cursor)
        cursor.write_lock = self.write_lock
        cursor.is_in_transaction = lambda: self.connection.in_transaction
        return cursor

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Transactions begun in here take no lock and see one moment; every write fails."""
        self.ensure_connection()
        self.connection.execute("PRAGMA query_only=ON")
        self._only_reads = True
        try:
            yield
        finally:
            self._only_reads = False
            if self.connection is not None:
                self.connection.execute("PRAGMA query_only=OFF")

    def _start_transaction_under_autocommit(self) -> None:
        if self._only_reads:
            self.cursor().execute("BEGIN")
            return
        if self.write_lock is not None:
            self.write_lock.take()
        try:
            self.cursor().execute("BEGIN IMMEDIATE")
        except BaseException:
            self._free()
            raise

    def _commit(self) -> Any:
        try:
            return super()._commit()  # type: ignore[misc]
        finally:
            self._free()

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._free()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            if self.write_lock is not None:
                self.write_lock.close()
                self.write_lock = None

    def _free(self) -> None:
        if self.write_lock is not None and (self.connection is None or not self.connection.in_transaction):
            self.write_lock.free()
