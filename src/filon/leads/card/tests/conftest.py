"""Leads that came in, and what happened to them, for the tests of the lead's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.leads.models import Lead

_numbers = count(1)


@pytest.fixture
def come(at: datetime) -> Callable[..., Lead]:
    """`come(email=…, company__name=…, is_live=True, door="form")`: a lead that came in."""

    def one(*, when: datetime | None = None, door: str = "file", is_live: bool = False, **values: Any) -> Lead:
        values = {name.replace("__", "."): value for name, value in values.items()}
        values.setdefault("email", f"person{next(_numbers)}@gmail.com")
        entry = Entry(kind="lead", door=door, at=when or at, values=values, is_live=is_live)
        batch = line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=when or at, is_live=is_live))
        item = batch.items[0]
        assert item.lead, item.refusal
        return Lead.objects.select_related("person", "company").get(pk=item.lead["id"])

    return one


@pytest.fixture
def happen(at: datetime) -> Callable[..., None]:
    """`happen(lead, "page_viewed", path="/tarifs")`: an act that another program reports."""

    def one(lead: Lead, kind: str, *, when: datetime | None = None, **values: Any) -> None:
        said = {"kind": kind, "email": lead.person.email, "at": when or at, **values}
        entry = Entry(kind="event", door="api", at=when or at, values=said)
        item = line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=when or at)).items[0]
        assert item.refusal is None, item.refusal

    return one
