"""Leads that came in, for the tests of lists and of search."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import User
from filon.leads.models import Lead

_numbers = count(1)


def take(entries: list[Entry], at: datetime) -> list[Lead]:
    """Send entries down the line; their leads, in their order."""
    batch = line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at, is_live=False))
    found = Lead.objects.in_bulk([item.lead["id"] for item in batch.items if item.lead])
    return [found[item.lead["id"]] for item in batch.items if item.lead]


@pytest.fixture
def submit(at: datetime) -> Callable[..., Lead]:
    """`submit(full_name="Claire Morel", company__name="Sogetrel", owner=léa)`: one lead that came in from history."""

    def one(when: datetime | None = None, owner: User | None = None, grade: str = "", **values: Any) -> Lead:
        values = {name.replace("__", "."): value for name, value in values.items()}
        values.setdefault("email", f"person{next(_numbers)}@gmail.com")
        entry = Entry(kind="lead", door="file", at=when or at, values=values, is_live=False)
        lead = take([entry], when or at)[0]
        Lead.objects.filter(pk=lead.pk).update(owner=owner, grade=grade)
        lead.refresh_from_db()
        return lead

    return one
