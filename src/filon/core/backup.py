"""Backups: the database and the data folder in one file, made while Filon runs, restored into an empty place only."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from filon.core import health
from filon.kit import sql
from filon.kit.errors import Kind, Refused

FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_SQLITE: Final = "database.sqlite3"
_DUMP: Final = "database.pgdump"
_LEFT_OUT: Final = ("run", "lake")  # who is alive, and what is computed again


def back_up(target: Path, *, at: datetime) -> dict[str, Any]:
    """Write everything to `target` (.tar.gz, readable by its owner only). Raises Refused.

    It holds the secret key and personal data: keep it as safe as the workspace itself.
    """
    if target.exists():
        raise Refused(_("%(path)s exists already.") % {"path": target}, Kind.CONFLICT, code="exists")
    manifest = {"format": FORMAT, "engine": connection.vendor, "at": at.isoformat(), **health.about()}
    unfinished = target.with_name(f".{target.name}.unfinished")
    with tempfile.TemporaryDirectory(dir=target.parent) as place:
        database = _dump_database(Path(place))
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
            _add_text(archive, _MANIFEST, json.dumps(manifest))
            archive.add(database, database.name)
            files = 0
            for path in _data_files():
                archive.add(path, f"data/{path.relative_to(settings.FILON_DATA_DIR)}", recursive=False)
                files += 1
            archive.close()
            file.flush()
            os.fsync(file.fileno())
    unfinished.rename(target)
    return {"file": str(target), "bytes": target.stat().st_size, "engine": connection.vendor, "files": files}


def restore(source: Path) -> dict[str, Any]:
    """Bring a backup into this place, which must be empty. Raises Refused; then nothing was changed."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        try:
            with tarfile.open(source) as archive:
                archive.extractall(here, filter="data")
            manifest = json.loads((here / _MANIFEST).read_text())
        except (OSError, tarfile.TarError, ValueError) as error:
            raise Refused(_("This file is no whole Filon backup: %(why)s") % {"why": error}) from error
        if manifest["format"] > FORMAT:
            raise Refused(_("This backup is of a newer version of Filon: install that version."))
        if manifest["engine"] != connection.vendor:
            raise Refused(
                _("This backup is of %(engine)s: set FILON_DATABASE_URL to an empty database of that kind.")
                % {"engine": manifest["engine"]}
            )
        _refuse_unless_empty()
        _load_database(here)
        shutil.copytree(here / "data", settings.FILON_DATA_DIR, dirs_exist_ok=True)
    return {"at": manifest["at"], "engine": manifest["engine"], "filon": manifest["filon"]}


def _data_files() -> Iterator[Path]:
    """The files of the data folder that are neither the database nor made again by themselves."""
    root = Path(settings.FILON_DATA_DIR)
    database = Path(str(connection.settings_dict["NAME"])).name if not sql.is_postgresql() else ""
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        is_database = bool(database) and len(inside.parts) == 1 and inside.name.startswith(database)
        if path.is_file() and inside.parts[0] not in _LEFT_OUT and not is_database:
            yield path


def _dump_database(place: Path) -> Path:
    if not sql.is_postgresql():
        target = place / _SQLITE
        sql.execute("VACUUM INTO %s", [str(target)])  # one read transaction: whole, and no writer waits
        return target
    target = place / _DUMP
    _run_tool("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
    return target


def _load_database(place: Path) -> None:
    if not sql.is_postgresql():
        name = Path(str(connection.settings_dict["NAME"]))
        connection.close()
        name.parent.mkdir(parents=True, exist_ok=True)
        for end in ("", "-wal", "-shm"):
            name.with_name(name.name + end).unlink(missing_ok=True)
        shutil.copyfile(place / _SQLITE, name)
        return
    connection.close()
    _run_tool("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", place / _DUMP)


def _refuse_unless_empty() -> None:
    if connection.introspection.table_names():
        message = _(
            "There is a workspace here already. Restore into an empty place: another FILON_DATA_DIR or database."
        )
        raise Refused(message, Kind.CONFLICT, code="not_empty")


def _run_tool(tool: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's tools on our database; the password travels in the environment."""
    program = shutil.which(tool)
    if program is None:
        raise Refused(_("%(tool)s is missing: install PostgreSQL's client tools.") % {"tool": tool})
    given = connection.get_connection_params()
    environment = os.environ | {
        "PGHOST": str(given.get("host") or ""),
        "PGPORT": str(given.get("port") or ""),
        "PGUSER": str(given.get("user") or ""),
        "PGPASSWORD": str(given.get("password") or ""),
    }
    name = str(connection.settings_dict["NAME"])
    done = subprocess.run(  # noqa: S603 — a known program with our own arguments
        [program, f"--dbname={name}", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(f"{tool}: {done.stderr.strip()[-500:]}", Kind.FAILED, code="tool_failed")


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
