"""Thresholds proposed from the workspace's own history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from filon.core.access import Actor
from filon.kit import sql
from filon.leads import engagement
from filon.scoring import starter, versions
from filon.scoring.rules import Thresholds, from_tenths, rounded
from filon.scoring.studio import proposal

MOST_CLOSED: Final = 50_000
"""How many closed leads, the latest first, are looked at."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Thresholds proposed, and where each side of them comes from.

    is_fit_learnt, is_engagement_learnt: from the workspace's own history; else the usual 50 and 20.
    """

    thresholds: Thresholds
    closed: int
    customers: int
    is_fit_learnt: bool
    is_engagement_learnt: bool

    @property
    def is_enough(self) -> bool:
        """Whether enough leads are closed to learn from."""
        return self.closed >= proposal.LEAST_CLOSED and self.customers >= proposal.LEAST_CUSTOMERS


def propose_thresholds(*, by: Actor) -> Proposal:
    """Thresholds that the outcomes of the workspace's own leads suggest, the usual ones where they suggest none.

    A lead counts with its present fit, and its engagement when its outcome was known. Two statements. Raises Refused.
    """
    by.require("scoring.change")
    half_life = versions.half_life_days()
    stages, params = sql.any_of("stage", ["customer", "lost", "disqualified"])
    rows = sql.fetch(
        f"SELECT stage, fit, engagement_log, stage_since FROM leads_lead WHERE {stages} AND fit IS NOT NULL "
        f"ORDER BY id DESC LIMIT {MOST_CLOSED}",
        params,
    )
    fits = [(float(fit), stage == "customer") for stage, fit, _log, _since in rows]
    engagements = [(_points_then(log, since, half_life), stage == "customer") for stage, _fit, log, since in rows]
    found = Proposal(starter.THRESHOLDS, len(rows), sum(won for _, won in fits), False, False)
    if not found.is_enough:
        return found
    return _with_engagement(_with_fit(found, fits), engagements)


def _points_then(log: float | None, since: Any, half_life: float) -> float:
    moment = sql.as_utc(since)
    assert moment is not None  # noqa: S101 — every lead has been in its stage since some time
    return engagement.points(log, moment, half_life)


def _with_fit(found: Proposal, fits: list[proposal.Outcome]) -> Proposal:
    cut = proposal.best_cut(fits)
    if cut is None:
        return found
    mql = _tenths(min(max(cut, 1.0), 98.0))
    good = proposal.twice_as_good(fits, above=float(mql))
    best = _tenths(good) if good is not None else (mql + 100) / 2
    thresholds = replace(
        found.thresholds,
        fit_a=best.quantize(Decimal("0.1")),
        fit_b=mql,
        fit_c=(mql / 2).quantize(Decimal("0.1")),
        mql_fit=mql,
    )
    return replace(found, thresholds=thresholds, is_fit_learnt=True)


def _with_engagement(found: Proposal, engagements: list[proposal.Outcome]) -> Proposal:
    active = sum(won for points, won in engagements if points > 0)
    cut = proposal.best_cut(engagements) if active >= proposal.LEAST_CUSTOMERS else None
    if cut is None:
        return found
    mql = _tenths(min(max(cut, 1.0), 400.0))
    thresholds = replace(
        found.thresholds,
        engagement_1=mql * 2,
        engagement_2=mql,
        engagement_3=(mql / 4).quantize(Decimal("0.1")),
        mql_engagement=mql,
    )
    return replace(found, thresholds=thresholds, is_engagement_learnt=True)


def _tenths(points: float) -> Decimal:
    return from_tenths(rounded(points))
