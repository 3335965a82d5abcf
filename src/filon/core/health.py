"""How the house is doing: what waits, what failed, what it runs on, and the checks of `filon doctor`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from filon.core import append_only, audit, presence, schema
from filon.core.models import InboxEntry, Job, Worker
from filon.core.waiting import HELD
from filon.core.worker import BEAT_S
from filon.kit import sql

SILENT_AFTER: Final = timedelta(seconds=6 * BEAT_S)
LEAST_DISK_MB: Final = 500


# For the health page and the metrics ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits and what failed. `oldest_waiting`: since when the longest waiting due job waits."""

    jobs: dict[str, int]
    oldest_waiting: datetime | None
    inbox: dict[str, int]


def counts(at: datetime) -> Counts:
    """One statement on partial indexes, whatever the number of records."""
    due = connection.ops.adapt_datetimefield_value(at)
    found = sql.fetch(
        "SELECT 'job', state, count(*), min(CASE WHEN state = 'waiting' AND run_at <= %s THEN run_at END) "
        "FROM core_job GROUP BY state "
        "UNION ALL SELECT 'entry', 'waiting', count(*), NULL FROM core_inboxentry WHERE status = 'waiting' "
        "UNION ALL SELECT 'entry', 'quarantined', count(*), NULL FROM core_inboxentry WHERE status = 'quarantined' "
        "AND reason <> %s",
        [due, HELD],
    )
    jobs = {state: count for of, state, count, _oldest in found if of == "job"}
    inbox = {status: count for of, status, count, _oldest in found if of == "entry"}
    oldest = next((moment for _of, _state, _count, moment in found if moment is not None), None)
    return Counts({state: jobs.get(state, 0) for state in Job.State.values}, sql.as_utc(oldest), inbox)


def workers(at: datetime) -> list[dict[str, Any]]:
    """The workers seen lately, the longest running first."""
    return [
        {"name": one.name, "since": one.started_at, "seen_at": one.seen_at, "is_alive": at - one.seen_at < SILENT_AFTER}
        for one in Worker.objects.order_by("started_at")
    ]


def about() -> dict[str, str]:
    """What this workspace runs on."""
    return {
        "filon": _version("filon"),
        "python": ".".join(map(str, sys.version_info[:3])),
        "django": _version("django"),
        "database": engine(),
    }


def engine() -> str:
    """The database's name and version."""
    if sql.is_postgresql():
        return f"PostgreSQL {sql.fetch('SHOW server_version')[0][0].split(' ')[0]}"
    return f"SQLite {sql.fetch('SELECT sqlite_version()')[0][0]}"


def disk() -> dict[str, int]:
    """Bytes of the disk under the data folder, and of the database itself."""
    usage = shutil.disk_usage(settings.FILON_DATA_DIR)
    return {"free": usage.free, "total": usage.total, "database": _database_size()}


def table_rows(table: str) -> int:
    """About how many rows a table has, without counting them."""
    if sql.is_postgresql():
        return max(0, int(sql.fetch("SELECT reltuples::bigint FROM pg_class WHERE relname = %s", [table])[0][0]))
    found = sql.fetch("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
    return int(found[0][0]) if found else 0


def _database_size() -> int:
    if sql.is_postgresql():
        return int(sql.fetch("SELECT pg_database_size(current_database())")[0][0])
    name = str(connection.settings_dict["NAME"])
    return sum(Path(name + end).stat().st_size for end in ("", "-wal") if Path(name + end).exists())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


# The doctor ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what was found when it is sound, and what to do when it is not."""

    name: str
    ok: bool
    advice: str


def label(name: str) -> str:
    """What a check is called, in the active language."""
    return _(_LABELS[name]) if name in _LABELS else name


def checks(at: datetime) -> Iterator[Check]:
    """Look at everything that must be sound; a check that breaks is one that failed. Without database, one check."""
    for name, look in _CHECKS:
        try:
            ok, advice = look(at)
        except (OperationalError, InterfaceError) as error:
            yield Check(name, ok=False, advice=_("The database does not answer: %(why)s") % {"why": str(error).strip()})
            return
        except Exception as error:  # noqa: BLE001 — the doctor must finish the round
            ok, advice = False, f"{type(error).__name__}: {error}"
        yield Check(name, ok, advice)
        if look is _migrations and not ok:
            return  # what follows would ask tables that are not there


def _engine(_at: datetime) -> tuple[bool, str]:
    if sql.is_postgresql():
        number = int(sql.fetch("SHOW server_version_num")[0][0])
        return number >= 150_000, engine() if number >= 150_000 else _("Filon needs PostgreSQL 15 or newer.")
    return True, engine()  # an unsound SQLite stops every start: see kit.sqlite.library


def _integrity(_at: datetime) -> tuple[bool, str]:
    if sql.is_postgresql():
        return True, _("PostgreSQL checks its own pages; run pg_amcheck for a full check.")
    found = [row[0] for row in sql.fetch("PRAGMA integrity_check(5)")]
    broken = len(sql.fetch("PRAGMA foreign_key_check"))
    if found == ["ok"] and not broken:
        return True, _("The file is whole and no record points to a missing one.")
    return False, _("The database file is damaged: stop Filon and restore the last backup.") + f" {found[:3]} {broken}"


def _migrations(_at: datetime) -> tuple[bool, str]:
    if schema.unknown():
        return False, _("A newer version has changed this database. Install that version, or restore a backup.")
    missing = schema.missing()
    return not missing, _("Run: filon migrate") if missing else _("The tables are those of this version.")


def _protection(_at: datetime) -> tuple[bool, str]:
    lacking = append_only.unprotected()
    if lacking:
        return False, _("These tables accept changes of the past: %(tables)s.") % {"tables": ", ".join(lacking)}
    return True, _("The ledger and the audit log refuse update and delete.")


def _audit(_at: datetime) -> tuple[bool, str]:
    checked = audit.check()
    if checked.is_whole:
        return True, _("%(entries)s entries follow from each other.") % {"entries": checked.entries}
    return False, _("Entry %(id)s was changed, or one before it removed.") % {"id": checked.broken_id}


def _disk(_at: datetime) -> tuple[bool, str]:
    free = disk()["free"] // 1_000_000
    return free >= LEAST_DISK_MB, _("%(free)s MB free; below %(least)s MB make room.") % {
        "free": free,
        "least": LEAST_DISK_MB,
    }


def _secret(_at: datetime) -> tuple[bool, str]:
    path = Path(settings.FILON_DATA_DIR) / "secret_key"
    if not path.exists():
        return True, _("The secret key comes from FILON_SECRET_KEY.")
    is_private = not path.stat().st_mode & 0o077
    return is_private, _("Only its owner can read it.") if is_private else _("Run: chmod 600 %(path)s") % {"path": path}


def _workers(at: datetime) -> tuple[bool, str]:
    """A web without worker is a fault; a folder where nothing runs is none."""
    alive = [one for one in workers(at) if one["is_alive"]]
    if alive or presence.alive("workers"):
        return True, _("%(count)s at work.") % {"count": max(len(alive), 1)}
    if not presence.alive("servers"):
        return True, _("Filon is not running here, so no worker is missed.")
    return False, _("No worker runs, so nothing scheduled happens. Start: filon worker.")


def _jobs(at: datetime) -> tuple[bool, str]:
    found = counts(at)
    if dead := found.jobs["dead"]:
        return False, _("%(count)s jobs gave up. See the health page: try them again or cancel them.") % {"count": dead}
    if found.oldest_waiting and at - found.oldest_waiting > timedelta(minutes=15):
        return False, _("Due jobs have waited for more than 15 minutes: is a worker running?")
    return True, _("No job gave up.")


def _inbox(_at: datetime) -> tuple[bool, str]:
    count = InboxEntry.objects.filter(status=InboxEntry.Status.QUARANTINED).exclude(reason=HELD).count()
    if count:
        return False, _("%(count)s entries are quarantined. See why on the health page, and replay them.") % {
            "count": count
        }
    return True, _("Nothing is quarantined.")


def _write_lock(_at: datetime) -> tuple[bool, str]:
    """Whether a writer gets the lock of the embedded database: one that hangs would stop every other."""
    if sql.is_postgresql():
        return True, _("PostgreSQL keeps its own locks.")
    path = f"{connection.settings_dict['NAME']}.write-lock"
    if not os.access(path, os.W_OK):
        return False, _("%(path)s cannot be written: it must belong to who runs Filon.") % {"path": path}
    ours = getattr(connection, "write_lock", None)
    if (ours is not None and ours.is_held) or presence.is_lock_free(path, wait_s=5.0):
        return True, _("Writers get their turn.")
    return False, _("A process has held the write lock for more than five seconds: end it.")


_LABELS: Final = {
    "database": gettext_noop("Database"),
    "integrity": gettext_noop("Integrity"),
    "migrations": gettext_noop("Tables"),
    "append_only": gettext_noop("Protection of the past"),
    "audit_log": gettext_noop("Audit log"),
    "write_lock": gettext_noop("Write lock"),
    "disk": gettext_noop("Disk"),
    "secret_key": gettext_noop("Secret key"),
    "worker": gettext_noop("Worker"),
    "jobs": gettext_noop("Jobs"),
    "inbox": gettext_noop("Inbox"),
}
_CHECKS: Final[tuple[tuple[str, Callable[[datetime], tuple[bool, str]]], ...]] = (
    ("database", _engine),
    ("integrity", _integrity),
    ("migrations", _migrations),
    ("append_only", _protection),
    ("audit_log", _audit),
    ("write_lock", _write_lock),
    ("disk", _disk),
    ("secret_key", _secret),
    ("worker", _workers),
    ("jobs", _jobs),
    ("inbox", _inbox),
)
