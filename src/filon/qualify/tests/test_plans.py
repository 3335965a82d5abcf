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
from filon.qualify import counters, queries


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
