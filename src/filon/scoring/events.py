"""The facts told of scores."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class ThresholdCrossed(Event):
    """A lead's fit and engagement came to pass both thresholds of an MQL (`up`), or fell clearly under one (`down`).

    `up` is told once until a `down`: a lead that hovers about the threshold is not an MQL anew at each visit.
    `scoring` is the number of the version that judged.
    """

    lead_id: int
    person_id: int
    company_id: int | None = None
    direction: str
    fit: Decimal
    engagement: Decimal
    scoring: int


@dataclass(frozen=True, kw_only=True)
class ScoringPublished(Event):
    """A version of the scoring came into force; `restores` is the older version it says again."""

    number: int
    restores: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScoringDrafted(Event):
    """Somebody changed the draft of the next version: `change` is added, edited, removed, settings or discarded."""

    change: str
    rule: str = ""
