"""The SQLite library: which one, and whether it may be trusted with data."""

from __future__ import annotations

import sys

FIRST_BROKEN = (3, 7, 0)
FIRST_SOUND = (3, 51, 3)


class UnsafeSQLite(Exception):
    """The SQLite in use can corrupt a database in WAL mode with several processes."""


def use_bundled() -> None:
    """Let every `import sqlite3` from here on mean the bundled library; the system's is often a broken one."""
    import pysqlite3  # noqa: PLC0415 — only where SQLite is wanted
    from pysqlite3 import dbapi2  # noqa: PLC0415

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2


def refuse_unsafe(version: tuple[int, ...]) -> None:
    """Raise UnsafeSQLite for a version with the WAL-reset bug (3.7.0 to 3.51.2)."""
    if FIRST_BROKEN <= version < FIRST_SOUND:
        found, wanted = ".".join(map(str, version)), ".".join(map(str, FIRST_SOUND))
        raise UnsafeSQLite(
            f"SQLite {found} can corrupt a database that several processes write (WAL-reset bug). "
            f"Filon needs {wanted} or newer: run `make setup` again, or use PostgreSQL (FILON_DATABASE_URL)."
        )
