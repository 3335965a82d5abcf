"""What can be asked of the scoring. Frozen rows, known cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _

from filon.core.access import Actor, lead_scope
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import engagement, fields
from filon.leads.models import Campaign, Company, Lead, Person
from filon.scoring import history, past, proposal, starter, versions
from filon.scoring.explanation import Explanation, explained
from filon.scoring.rules import Thresholds, from_tenths, rounded

_TABLES: Final[tuple[tuple[str, type[models.Model]], ...]] = (
    ("lead", Lead),
    ("person", Person),
    ("company", Company),
    ("campaign", Campaign),
)


def explain(lead_id: int, *, at: datetime, by: Actor) -> Explanation:
    """Why a lead's scores are what they are at `at` (aware UTC), by the version in force and what was known then.

    Five statements at most. Raises Refused: forbidden, not found (a lead the actor may not see, too), or invalid
    when the lead was not known yet.
    """
    by.require("leads.see")
    rows = _rows_of(lead_id, by)
    lead = rows["lead"]
    assert lead is not None  # noqa: S101 — found or refused
    if at < lead["created_at"]:
        raise Refused(_("This lead was not known yet at that date."), Kind.INVALID, code="not_known_yet")
    compiled = versions.in_force(at)
    if compiled is None:
        raise Refused(_("There are no scoring rules yet."), Kind.CONFLICT, code="no_scoring")
    acts = history.acts_of([lead_id], compiled.kinds, known_at=at)
    return explained(compiled, past.known_at(rows, at), acts.get(lead_id, []), at)


def _rows_of(lead_id: int, by: Actor) -> dict[str, past.Row | None]:
    """A lead's own row and those of its person, company and campaign. One statement."""
    columns = [(alias, model, column) for alias, model in _TABLES for column in _columns(model)]
    names = ", ".join(f'{alias}."{column}"' for alias, _model, column in columns)
    scope, params = lead_scope(by)
    found = sql.fetch(
        f"SELECT {names} FROM {fields.source()} WHERE lead.id = %s{f' AND {scope}' if scope else ''}",
        [lead_id, *params],
    )
    if not found:
        raise not_found(_("Lead"))
    rows: dict[str, past.Row | None] = {}
    cells = list(found[0])
    for alias, model in _TABLES:
        names_here = _columns(model)
        own, cells = cells[: len(names_here)], cells[len(names_here) :]
        rows[alias] = _row(model, names_here, own) if own[0] is not None else None
    return rows


def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(str(item.column) for item in model._meta.concrete_fields)


def _row(model: type[models.Model], names: tuple[str, ...], cells: list[Any]) -> past.Row:
    row = dict(zip(names, cells, strict=True))
    for position, reader in sql.readers(model, names):
        if cells[position] is not None:
            row[names[position]] = reader(cells[position])
    return row


# Thresholds from history ----------------------------------------------------------------------------------------------

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
