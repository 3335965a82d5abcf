"""Leads that come down the line, and versions of the scoring made of a few words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from filon.core import ledger, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.leads.models import Lead
from filon.scoring import rules
from filon.scoring.models import RuleSet
from filon.scoring.rules import Cap, EngagementRule, FitRule, Rules, Thresholds

THRESHOLDS = Thresholds(*map(Decimal, (70, 50, 25, 40, 20, 5, 50, 20)))


@dataclass(frozen=True, kw_only=True)
class Revoked(ledger.Event):
    """A correction told by another slice."""

    lead_id: int
    revokes_id: int


def fit_rule(condition: str, points: object, rule_id: str = "") -> FitRule:
    return FitRule(rule_id or condition, condition, condition, Decimal(str(points)))


def act_rule(
    kind: str, points: object, *, where: str = "", cap: tuple[int, int] | None = None, rule_id: str = ""
) -> EngagementRule:
    return EngagementRule(rule_id or kind, kind, kind, where, Decimal(str(points)), Cap(*cap) if cap else None)


def rules_of(*items: FitRule | EngagementRule, half_life_days: int = 30, thresholds: Thresholds = THRESHOLDS) -> Rules:
    return Rules(
        half_life_days,
        thresholds,
        tuple(item for item in items if isinstance(item, FitRule)),
        tuple(item for item in items if isinstance(item, EngagementRule)),
    )


@pytest.fixture
def in_force(db: None) -> Callable[..., RuleSet]:
    """`in_force(rules, at)`: these rules are the newest version, published at that moment."""

    def put(content: Rules, at: datetime) -> RuleSet:
        RuleSet.objects.filter(number=1).update(published_at=at - timedelta(days=1000))  # migrated only now
        number = (RuleSet.objects.order_by("-number").values_list("number", flat=True).first() or 0) + 1
        return RuleSet.objects.create(
            **rules.columns(content), state="published", number=number, created_at=at, changed_at=at, published_at=at
        )

    return put


def take_leads(*values: dict[str, Any], at: datetime, is_live: bool = True, door: str = "api") -> Batch:
    return _take("lead", values, at=at, is_live=is_live, door=door)


def take_acts(
    *values: dict[str, Any], at: datetime, is_live: bool = True, door: str = "api", import_id: int | None = None
) -> Batch:
    return _take("event", values, at=at, is_live=is_live, door=door, import_id=import_id)


def _take(
    kind: str,
    values: tuple[dict[str, Any], ...],
    *,
    at: datetime,
    is_live: bool,
    door: str,
    import_id: int | None = None,
) -> Batch:
    entries = [Entry(kind=kind, door=door, at=at, values=dict(given), is_live=is_live) for given in values]
    batch = Batch(entries, by=SYSTEM, at=at, import_id=import_id, is_live=is_live)
    line.run(batch)
    refused = [item.refusal for item in batch.items if item.refusal is not None]
    assert not refused, refused
    return batch


def the_lead(email: str) -> Lead:
    return Lead.objects.get(person__email=email)
