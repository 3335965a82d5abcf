"""Leads that come in, rules that are in force, and accounts, for the tests of routing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Team
from filon.leads.models import Company, Lead
from filon.routing import decisions
from filon.routing.decisions import Rule
from filon.routing.models import RoutingRuleSet

_numbers = count(1)


def entry(at: datetime, **values: Any) -> Entry:
    """A submission of a person nobody knows yet. `door`, `is_live`… go to the entry, the rest to its values."""
    own = {name: values.pop(name) for name in ("door", "is_live", "kind", "key", "system", "digest") if name in values}
    values = {name.replace("__", "."): value for name, value in values.items()}
    values.setdefault("email", f"person{next(_numbers)}@gmail.com")
    return Entry(**({"kind": "lead", "door": "api"} | own), at=at, values=values)


def act(at: datetime, email: str, kind: str = "demo_requested", **values: Any) -> Entry:
    """Something a known person did."""
    found = entry(at, email=email, **values)
    found.kind, found.values["kind"] = "event", kind
    return found


def take(entries: list[Entry], at: datetime, *, is_live: bool = True, by: Any = SYSTEM) -> list[Lead]:
    """Send entries down the line; their leads, in their order."""
    batch = line.run_with_retries(lambda: Batch(entries, by=by, at=at, is_live=is_live))
    found = Lead.objects.in_bulk([item.lead["id"] for item in batch.items if item.lead])
    return [found[item.lead["id"]] for item in batch.items if item.lead]


@pytest.fixture
def submit(at: datetime) -> Callable[..., Lead]:
    """`submit(company__name="Sogetrel")`: one live submission; its lead as it is then."""

    def one(when: datetime | None = None, **values: Any) -> Lead:
        when = when or at
        return take([entry(when, **values)], when, is_live=values.get("is_live", True))[0]

    return one


@pytest.fixture
def publish(at: datetime) -> Callable[..., RoutingRuleSet]:
    """`publish(Rule(…), …)`: rules in force from now on, written past the studio."""

    def publish(*rules: Rule, **more: Any) -> RoutingRuleSet:
        return RoutingRuleSet.objects.create(
            version=RoutingRuleSet.objects.count() + 1,
            rules=[decisions.values_of(rule) for rule in rules],
            changed_at=at,
            published_at=at,
            **more,
        )

    return publish


@pytest.fixture
def company(at: datetime) -> Callable[..., Company]:
    """`company("Sogetrel", is_customer=True, owner=ana)`: an account that entries find by its name."""

    def make(name: str, **more: Any) -> Company:
        found = Company.objects.create(name=name, name_folded=name.lower(), created_at=at, updated_at=at, **more)
        found.keys.create(kind="name", value=f"{name.lower()}|")
        return found

    return make


@pytest.fixture
def team(at: datetime) -> Callable[[str], Team]:
    """`team("Nord")`: a team."""
    return lambda name: Team.objects.create(name=name, name_folded=name.lower(), created_at=at)
