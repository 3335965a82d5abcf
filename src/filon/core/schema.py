"""Whether the database's tables are those of this version."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from filon.kit import sql
from filon.kit.errors import Kind, Refused


def missing() -> list[str]:
    """The migrations that this version has and the database has not, as `app.name`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, is_backwards in plan if not is_backwards]


def unknown() -> list[str]:
    """The migrations that the database has and this version has not: it was used by a newer one."""
    executor = MigrationExecutor(connection)
    applied = MigrationRecorder(connection).applied_migrations()
    known = set(executor.loader.disk_migrations)
    apps = {app for app, _name in known}
    return sorted(f"{app}.{name}" for app, name in applied if app in apps and (app, name) not in known)


def bring_up_to_date() -> list[str]:
    """Apply what is missing; the names applied. Raises Refused for a database of a newer version."""
    refuse_newer()
    names = missing()
    if names:
        call_command("migrate", verbosity=0, interactive=False)
    return names


def prepare() -> None:
    """Make sure of the tables: an embedded database is brought up to date, another must be. Raises Refused."""
    if is_embedded():
        bring_up_to_date()
    else:
        require_current()


def require_current() -> None:
    """Raises Refused unless the tables are those of this version."""
    refuse_newer()
    if missing():
        message = _("The database is older than this version of Filon. Run: filon migrate")
        raise Refused(message, Kind.CONFLICT, code="schema_older")


def refuse_newer() -> None:
    """Raises Refused for a database that a newer version has changed."""
    if unknown():
        message = _("A newer version of Filon has changed this database. Install that version, or restore a backup.")
        raise Refused(message, Kind.CONFLICT, code="schema_newer")


def is_embedded() -> bool:
    """Whether the database is Filon's own file, which it may change by itself at the start."""
    return not sql.is_postgresql()
