"""The statements of a worklist are answered by an index in order: the same with a thousand leads and a million."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from filon.core import access
from filon.core.models import User
from filon.kit import sql
from filon.qualify import commands, counters, queries
from filon.qualify.commands import Called
from filon.qualify.tests.test_worklist import come


def test_sqlite_sorts_and_scans_nothing(db: None, make_user: Callable[..., User], at: datetime) -> None:
    if sql.is_postgresql():
        pytest.skip("the other engine chooses by what it knows of the rows")
    by = access.of_user(make_user("sdr"))
    with CaptureQueriesContext(connection) as asked:
        queries.queue(by=by, now=at, evening=at + timedelta(hours=8))
        counters.today(by=by, since=at)
    assert len(asked.captured_queries) >= 5
    for statement in (one["sql"] for one in asked.captured_queries):
        if "leads_lead" in statement or "core_fact" in statement:
            plan = [row[3] for row in sql.fetch("EXPLAIN QUERY PLAN " + statement.replace("%", "%%"))]
            assert not [step for step in plan if "FOR ORDER BY" in step or step.startswith("SCAN")], (plan, statement)


def test_sqlite_reads_the_promises_of_a_called_lead_by_that_lead(
    db: None, make_user: Callable[..., User], at: datetime
) -> None:
    if sql.is_postgresql():
        pytest.skip("the other engine chooses by what it knows of the rows")
    lea = make_user("sdr")
    lead = come("claire@sogetrel.fr", lea, at)
    with CaptureQueriesContext(connection) as asked:
        commands.log_call(Called(lead_id=lead.pk, outcome="no_answer"), by=access.of_user(lea), at=at)
    read = [one["sql"] for one in asked.captured_queries if one["sql"].startswith("SELECT") and "FROM" in one["sql"]]
    assert any("routing_promise" in statement for statement in read)
    for statement in read:
        plan = [row[3] for row in sql.fetch("EXPLAIN QUERY PLAN " + statement.replace("%", "%%"))]
        tables = ("leads_lead", "leads_task", "core_fact", "routing_promise")
        assert not [step for step in plan if "by_state" in step or step.startswith(tuple(f"SCAN {t}" for t in tables))]
