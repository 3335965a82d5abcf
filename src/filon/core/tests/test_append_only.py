"""The past cannot be changed: the database itself refuses, and a change made around it is found."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import Error, connection, transaction

from filon.core import append_only, audit
from filon.core.access import SYSTEM
from filon.core.models import AuditEntry, Fact
from filon.kit import sql


@pytest.fixture
def told(db: None, at: datetime) -> None:
    Fact.objects.create(kind="submitted", at=at, learnt_at=at, actor_kind="system")
    for number in range(20):
        audit.append("signed_in", by=SYSTEM, at=at + timedelta(seconds=number), number=number)


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("table", append_only.TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET kind = 'other'",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table})",
    ],
)
def test_the_database_refuses_to_change_the_past(table: str, statement: str) -> None:
    before = sql.fetch(f"SELECT * FROM {table} ORDER BY id")
    assert before
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        sql.execute(statement.format(table=table))
    assert sql.fetch(f"SELECT * FROM {table} ORDER BY id") == before


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("table", append_only.TABLES)
def test_neither_truncate_nor_replace_gets_around_it(table: str) -> None:
    get_around = (
        f"TRUNCATE {table}"
        if connection.vendor == "postgresql"
        else f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
    )
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        sql.execute(get_around)


@pytest.mark.django_db
def test_no_migration_forgot_the_protection() -> None:
    assert append_only.unprotected() == []


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE core_auditentry SET kind = 'signed_out' WHERE id = {seventh}", 7),
        ("UPDATE core_auditentry SET actor_id = 4 WHERE id = {seventh}", 7),
        ("UPDATE core_auditentry SET at = {other_time} WHERE id = {seventh}", 7),
        ("DELETE FROM core_auditentry WHERE id = {seventh}", 8),
        ("DELETE FROM core_auditentry WHERE id = {first}", 2),
        ("UPDATE core_auditentry SET id = 1000000 WHERE id = {seventh}", 8),
    ],
)
def test_tampering_around_the_protection_is_found_where_it_was_done(tampering: str, found: int) -> None:
    ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    assert audit.check().is_whole
    other_time = "'2026-03-01 00:00:00+00'" if connection.vendor == "postgresql" else "'2026-03-01 00:00:00'"
    for statement in append_only.unprotecting(connection.vendor):
        sql.execute(statement)
    sql.execute(tampering.format(seventh=ids[6], first=ids[0], other_time=other_time))
    assert audit.check().broken_id == ids[found - 1]
