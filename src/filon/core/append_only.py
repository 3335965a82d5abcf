"""The ledger and the audit log refuse update and delete in the database itself, whoever asks."""

from __future__ import annotations

from typing import Final

from filon.kit import sql

TABLES: Final = ("core_fact", "core_auditentry")

_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION filon_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def protecting(vendor: str) -> list[str]:
    """The statements that protect the tables, for a migration. Safe to run twice.

    On SQLite a migration that remakes one of the tables drops its triggers: run these again at its end.
    """
    if vendor == "postgresql":
        triggers = [
            f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION filon_append_only()"
            for table in TABLES
        ]
        return [_FUNCTION, *triggers]
    return [
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{act} BEFORE {act.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in TABLES
        for act in ("update", "delete")
    ]


def unprotecting(vendor: str) -> list[str]:
    """The statements that take the protection away, for the way back of a migration."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in TABLES]
    return [f"DROP TRIGGER IF EXISTS {table}_no_{act}" for table in TABLES for act in ("update", "delete")]


def unprotected() -> list[str]:
    """The tables whose protection is missing: none, unless someone took it away or a migration forgot it."""
    if sql.is_postgresql():
        found = {row[0] for row in sql.fetch("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")}
        return [table for table in TABLES if f"{table}_append_only" not in found]
    found = {row[0] for row in sql.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    return [table for table in TABLES if not {f"{table}_no_update", f"{table}_no_delete"} <= found]
