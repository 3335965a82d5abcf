"""Passing the thresholds of an MQL: told once on the way up, and once on the way clearly down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from filon.core.line import Batch
from filon.kit import sql
from filon.leads import engagement, stages
from filon.leads.rules import RANK
from filon.scoring import rules
from filon.scoring.events import ThresholdCrossed
from filon.scoring.judging.compiled import Compiled
from filon.scoring.judging.judge import LeadRow, Levels

COLD: Final = Decimal("0.8")
"""A lead has cooled down when its engagement is under this share of the threshold: a bit less is no news."""

_BEFORE_MQL: Final = frozenset({"captured", "qualifying", "nurturing"})
_BUYERS: Final = frozenset({"", "buyer", "customer"})
_MQL: Final = RANK["mql"]


def tell_crossings(
    batch: Batch,
    compiled: Compiled,
    levels: Levels,
    leads: Collection[LeadRow],
    fits_before: Mapping[int, Decimal | None],
) -> None:
    """Make MQLs of leads that pass both thresholds, and tell of those that lost the fit of one.

    A lead that was an MQL before becomes one again only after it was told to be down: a lead sent back to nurturing
    does not return at its next click. fits_before: by lead id, of those judged anew. One statement at the most.
    """
    up = [lead for lead in leads if _may_become_mql(lead) and levels.is_mql(lead["fit"], lead["engagement_log"])]
    mql_fit = compiled.rules.thresholds.mql_fit
    down = [
        lead
        for lead in leads
        if lead["is_open"] and lead["reached"] >= _MQL and lead["fit"] < mql_fit <= (fits_before.get(lead["id"]) or 0)
    ]
    asked = [lead["id"] for lead in (*up, *down) if lead["reached"] >= _MQL]
    directions = last_directions(asked)
    for lead in up:
        if directions.get(lead["id"]) != "up":
            batch.tell(crossing_of(lead, "up", compiled, batch.at))
            stages.move(batch, lead, "mql", at=batch.at)
    for lead in down:
        if directions.get(lead["id"]) == "up":
            batch.tell(crossing_of(lead, "down", compiled, batch.at))


def _may_become_mql(lead: LeadRow) -> bool:
    return lead["stage"] in _BEFORE_MQL and lead["lead_class"] in _BUYERS


def last_directions(lead_ids: Iterable[int]) -> dict[int, str]:
    """Which way each lead last crossed the thresholds; those that never did are absent. One statement, or none."""
    ids = sorted(set(lead_ids))
    if not ids:
        return {}
    where, params = sql.any_of("lead_id", ids)
    rows = sql.fetch(
        f"SELECT lead_id, payload FROM core_fact WHERE {where} AND kind = %s ORDER BY id",
        [*params, ThresholdCrossed.kind],
    )
    return {lead_id: sql.as_json(payload)["direction"] for lead_id, payload in rows}


def crossing_of(lead: LeadRow, direction: str, compiled: Compiled, at: datetime) -> ThresholdCrossed:
    """The fact that a lead crossed the thresholds, with its scores at that moment."""
    shown = engagement.points(lead["engagement_log"], at, compiled.rules.half_life_days)
    return ThresholdCrossed(
        at=at,
        lead_id=lead["id"],
        person_id=lead["person_id"],
        company_id=lead["company_id"],
        direction=direction,
        fit=lead["fit"],
        engagement=rules.from_tenths(rules.rounded(shown)),
        scoring=compiled.number,
    )
