"""The open deals with what is odd about each, and what has been decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from filon.core.access import Actor
from filon.core.conditions import LIVE_FACT_SQL
from filon.deals.listing.queries import Filter, condition
from filon.deals.models import Decision
from filon.deals.norms import stage_norms
from filon.deals.review import rules
from filon.deals.review.rules import Look
from filon.deals.rows import OpportunityRow, cents, money, select, source
from filon.deals.rules import Norm, start_of
from filon.kit import sql
from filon.leads.asking import ANSWERING
from filon.leads.events import Replied

MOST: Final = 2_000
"""So many open deals are looked at, the largest first."""
SHOWN: Final = 100
_EXCHANGES: Final = tuple(sorted(ANSWERING | {Replied.kind}))
_TAKEN_OUT: Final = (Decision.Kind.LOST, Decision.Kind.NURTURE)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An open deal, what is odd about it (the worst first), and what the page says of each oddity."""

    row: OpportunityRow
    findings: tuple[str, ...]
    look: Look
    norm: Norm | None


@dataclass(frozen=True, slots=True)
class Review:
    """What there is to clean up: the first rows, how many in all, how many of each kind, and what they are worth.

    looked_at: how many open deals there were to look at; is_cut: whether there were more.
    """

    rows: list[Reviewed]
    count: int
    by_finding: Mapping[str, int]
    amount: Decimal
    looked_at: int
    is_cut: bool


def review(*, owner_id: int | None, finding: str = "", by: Actor, at: datetime) -> Review:
    """The open deals (of an owner) that are odd (in one way), the worst first. Needs `deals.see`. Four statements."""
    by.require("deals.see")
    where, params = condition(Filter(state="open", owner_id=owner_id), by, at)
    found = select(where, params, "COALESCE(opportunity.amount, -1) DESC, opportunity.id", MOST + 1)
    is_cut, found = len(found) > MOST, found[:MOST]
    odd = [one for one in _look(found, where, params, at) if one.findings]
    counts = Counter(code for one in odd for code in one.findings)
    shown = [one for one in odd if not finding or finding in one.findings]
    shown.sort(key=_rank)
    amount = sum((one.row.amount or Decimal(0) for one in shown if _is_ours(one.row)), Decimal(0))
    return Review(shown[:SHOWN], len(shown), counts, amount, len(found), is_cut)


def _is_ours(row: OpportunityRow) -> bool:
    return row.currency == settings.FILON_CURRENCY


def _rank(one: Reviewed) -> tuple[int, Decimal, int]:
    """The worst kind of oddity first, within it the largest amount."""
    return rules.FINDINGS.index(one.findings[0]), -(one.row.amount or Decimal(0)), one.row.id


def _look(rows: Sequence[OpportunityRow], where: str, params: Sequence[Any], at: datetime) -> list[Reviewed]:
    norms = stage_norms(at)
    exchanges = _last_exchanges(where, params, at)
    told = _tellings(where, params)
    today = timezone.localdate(at)
    looked = []
    for row in rows:
        last_exchange = exchanges.get(row.id)
        last_told, pushes = told.get(row.id, (None, 0))
        norm = norms.get(row.stage.id)
        look = Look(
            close_date=row.close_date,
            has_amount=row.amount is not None,
            has_next=(row.next_on is not None and row.next_on >= today)
            or (row.lead_next_at is not None and row.lead_next_at >= at),
            stage_days=_days(row.stage_since, today),
            exchange_days=_days(last_exchange or row.created_at, today),
            quiet_days=_days(max(filter(None, (last_exchange, last_told, row.created_at))), today),
            pushes=pushes,
            slow_after=norm.p90 if norm else None,
        )
        looked.append(Reviewed(row, rules.findings(look, today), look, norm))
    return looked


def _days(since: datetime, today: date) -> int:
    return max((today - timezone.localdate(since)).days, 0)


def _last_exchanges(where: str, params: Sequence[Any], at: datetime) -> dict[int, datetime]:
    """Deal → its last call, meeting or message either way, with its lead or anyone of its account. One statement."""
    kinds, values = sql.any_of("fact.kind", _EXCHANGES)
    wanted = f"SELECT opportunity.id, opportunity.lead_id, opportunity.company_id FROM {source(())} WHERE {where}"
    found = sql.fetch(
        f"WITH deal AS ({wanted}), spoken AS ("
        "SELECT deal.id, deal.lead_id FROM deal WHERE deal.lead_id IS NOT NULL "
        "UNION SELECT deal.id, lead.id FROM deal JOIN leads_lead lead ON lead.company_id = deal.company_id) "
        "SELECT spoken.id, MAX(fact.at) FROM spoken JOIN core_fact fact ON fact.lead_id = spoken.lead_id "
        f"WHERE {kinds} AND fact.at <= %s AND {LIVE_FACT_SQL} GROUP BY spoken.id",
        [*params, *values, connection.ops.adapt_datetimefield_value(at)],
    )
    return {deal_id: moment for deal_id, last in found if (moment := sql.as_utc(last)) is not None}


def _tellings(where: str, params: Sequence[Any]) -> dict[int, tuple[datetime | None, int]]:
    """Deal → (when something was last told of it, how often its close date was put off). One statement."""
    found = sql.fetch(
        'SELECT fact.opportunity_id, fact.kind, fact.at, detail."values" FROM core_fact fact '
        "LEFT JOIN core_factdetail detail ON detail.fact_id = fact.id AND fact.kind = 'opportunity_changed' "
        f"WHERE fact.opportunity_id IN (SELECT opportunity.id FROM {source(())} WHERE {where}) AND {LIVE_FACT_SQL}",
        params,
    )
    told: dict[int, tuple[datetime | None, int]] = {}
    for deal_id, kind, at, detail in found:
        last, pushes = told.get(deal_id, (None, 0))
        moment = sql.as_utc(at)
        last = max(filter(None, (last, moment)), default=None)
        told[deal_id] = last, pushes + (kind == "opportunity_changed" and _is_push(sql.as_json(detail) or {}))
    return told


def _is_push(detail: Mapping[str, Any]) -> bool:
    """Whether a change put the close date off. ISO days sort as they follow one another."""
    old, new = (detail.get(side, {}).get("close_date") for side in ("old", "new"))
    return bool(old and new and str(new) > str(old))


# What has been decided ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a week's clean-up came to: deals decided on, and those taken out with what they were worth."""

    decided: int
    taken_out: int
    amount: Decimal


def cleaned(*, owner_id: int | None, by: Actor, at: datetime) -> Cleaned:
    """What has been decided since Monday, as far as the actor may see the deals. One statement."""
    by.require("deals.see")
    today = timezone.localdate(at)
    monday = start_of(today - timedelta(days=today.weekday()), timezone.get_default_timezone())
    where, params = condition(Filter(owner_id=owner_id), by, at)
    found = sql.fetch(
        f"SELECT decision.kind, COUNT(*), COALESCE(SUM({cents('decision.amount')}), 0) FROM deals_decision decision "
        f"JOIN {source(())} ON opportunity.id = decision.opportunity_id "
        f"WHERE decision.at >= %s AND decision.undone_at IS NULL AND {where} GROUP BY decision.kind",
        [connection.ops.adapt_datetimefield_value(monday), *params],
    )
    out = [(count, money(total)) for kind, count, total in found if kind in _TAKEN_OUT]
    return Cleaned(
        sum(count for _kind, count, _total in found),
        sum(count for count, _amount in out),
        sum((amount for _count, amount in out), Decimal(0)),
    )
