"""The forecast of a period, the deals behind each of its numbers, targets, and what was foreseen before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from filon.core.access import Actor
from filon.core.models import User
from filon.deals import rules as deal_rules
from filon.deals.forecast import rules
from filon.deals.forecast.rules import Chance, Line, Period
from filon.deals.listing.queries import Filter, condition
from filon.deals.models import Snapshot, Target
from filon.deals.rows import OpportunityRow, as_amount, as_date, cents, money, select, source
from filon.kit import sql

SHOWN: Final = 200
SELLERS: Final = ("sales", "manager")
"""Roles of colleagues who have targets."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a period lands: all together, by owner (None: nobody's), and P10, P50, P90 of the whole."""

    period: Period
    whole: Line
    by_owner: Mapping[int | None, Line]
    spread: tuple[Decimal, Decimal, Decimal] | None


def forecast(period: Period, *, owner_id: int | None = None, by: Actor, at: datetime) -> Forecast:
    """The forecast of a period (for one owner), in the workspace's currency. Needs `deals.see`. Three statements.

    Open deals count in the period that their close date falls in; those whose date has passed only apart, in every
    period. What a manager may not see counts nowhere.
    """
    by.require("deals.see")
    return reckoned(period, owner_id=owner_id, by=by, at=at)


def reckoned(period: Period, *, owner_id: int | None = None, by: Actor, at: datetime) -> Forecast:
    """`forecast` for who may see figures, which name no deal: whoever calls this asks for that right. Three
    statements."""
    chances = _chances(period, owner_id, by=by, at=at)
    won = _won(period, owner_id, by=by, at=at)
    whole, by_owner = rules.lines(chances, won.items(), _targets(period, owner_id, by=by))
    return Forecast(period, whole, by_owner, rules.spread(chances, whole.won, period.name))


def _chances(period: Period, owner_id: int | None, *, by: Actor, at: datetime) -> list[Chance]:
    today = timezone.localdate(at)
    until = max(period.end, today) - timedelta(days=1)
    where, params = condition(Filter(state="open", owner_id=owner_id, close_to=until), by, at)
    found = sql.fetch(
        "SELECT opportunity.owner_id, opportunity.amount, COALESCE(opportunity.probability, stage.probability), "
        f"opportunity.category, opportunity.close_date FROM {source(('stage',))} WHERE {where} "
        "AND opportunity.currency = %s AND opportunity.amount IS NOT NULL",
        [*params, settings.FILON_CURRENCY],
    )
    chances = []
    for owner, amount, share, said, closes in found:
        close_date, probability = as_date(closes), Decimal(str(share))
        is_past = close_date is not None and close_date < today
        if is_past or (close_date is not None and period.start <= close_date < period.end):
            category = deal_rules.category_of(probability, said)
            chances.append(Chance(owner, as_amount(amount) or Decimal(0), probability, category, is_past))
    return chances


def _won(period: Period, owner_id: int | None, *, by: Actor, at: datetime) -> dict[int | None, Decimal]:
    where, params = _won_in(period, owner_id, by=by, at=at)
    found = sql.fetch(
        f"SELECT opportunity.owner_id, COALESCE(SUM({cents()}), 0) FROM {source(())} WHERE {where} "
        "AND opportunity.currency = %s GROUP BY opportunity.owner_id",
        [*params, settings.FILON_CURRENCY],
    )
    return {owner: money(total) for owner, total in found}


def _won_in(period: Period, owner_id: int | None, *, by: Actor, at: datetime) -> tuple[str, list[Any]]:
    where, params = condition(Filter(state="won", owner_id=owner_id), by, at)
    zone = timezone.get_default_timezone()
    bounds = [
        connection.ops.adapt_datetimefield_value(deal_rules.start_of(day, zone)) for day in (period.start, period.end)
    ]
    return f"{where} AND opportunity.won_at >= %s AND opportunity.won_at < %s", [*params, *bounds]


# Targets --------------------------------------------------------------------------------------------------------------


def _targets(period: Period, owner_id: int | None, *, by: Actor) -> list[tuple[int | None, Decimal]]:
    found = _seen_targets(by).filter(month__gte=period.start, month__lt=period.end)
    if owner_id is not None:
        found = found.filter(owner_id=owner_id)
    return list(found.values_list("owner_id", "amount"))


def _seen_targets(by: Actor) -> Any:
    """The targets that an actor may see: a manager those of their team, not the whole workspace's."""
    if by.role != "manager":
        return Target.objects.all()
    return Target.objects.filter(Q(owner__team_id=by.team_id, owner__team__isnull=False) | Q(owner_id=by.id))


def targets_of(year: int, *, by: Actor) -> dict[tuple[int | None, int], Decimal]:
    """(owner or None for the whole, month 1–12) → target, of a year. Needs `deals.see`. One statement."""
    by.require("deals.see")
    found = _seen_targets(by).filter(month__year=year).values_list("owner_id", "month", "amount")
    return {(owner_id, month.month): amount for owner_id, month, amount in found}


def sellers(*, by: Actor) -> list[tuple[int, str]]:
    """Colleagues who can have targets and whom the actor may see, by name. One statement."""
    found = User.objects.filter(is_active=True, role__in=SELLERS)
    if by.role == "manager":
        found = found.filter(Q(team_id=by.team_id, team__isnull=False) | Q(pk=by.id))
    return list(found.order_by("name_folded", "pk").values_list("pk", "name"))


# The deals behind a number --------------------------------------------------------------------------------------------


def deals_behind(
    period: Period, number: str, *, owner_id: int | None, by: Actor, at: datetime
) -> tuple[list[OpportunityRow], bool]:
    """The deals that a number of the forecast counts: `won`, a category, or `past`; whether there are more.

    Needs `deals.see`. One statement. The largest first.
    """
    by.require("deals.see")
    today = timezone.localdate(at)
    if number == "won":
        where, params = _won_in(period, owner_id, by=by, at=at)
    else:
        first, end = (None, today) if number == "past" else (max(period.start, today), period.end)
        until = end - timedelta(days=1)
        where, params = condition(Filter(state="open", owner_id=owner_id, close_from=first, close_to=until), by, at)
    where += " AND opportunity.amount IS NOT NULL AND opportunity.currency = %s"
    params = [*params, settings.FILON_CURRENCY]
    most = 10 * SHOWN
    rows = select(where, params, "opportunity.amount DESC, opportunity.id", most + 1)
    if number in {*rules.COUNTED, "left_out"}:
        rows = [row for row in rows if row.category == number]
    return rows[:SHOWN], len(rows) > SHOWN


def names(ids: Iterable[int | None]) -> dict[int, str]:
    """What colleagues are called. One statement."""
    wanted = [one for one in ids if one is not None]
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


# What was foreseen ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What was foreseen for a period some days before its end: on which day, and the landing then."""

    days_before: int
    on: date
    landing: Decimal


def foreseen(period: Period, *, by: Actor) -> list[Foreseen]:
    """What was foreseen of the whole 90 and 30 days before the end of a period, where it was kept. One statement.

    A manager, who does not see the whole, gets nothing. The snapshot of that day or the last one up to a week before.
    """
    by.require("deals.see")
    if by.role == "manager":
        return []
    kept: dict[date, dict[date, Decimal]] = {}
    for month, on, landing in Snapshot.objects.filter(
        month__gte=period.start, month__lt=period.end, on__lt=period.end
    ).values_list("month", "on", "landing"):
        kept.setdefault(on, {})[month] = landing
    found = []
    for days in (90, 30):
        last = period.end - timedelta(days=days)
        days_kept = [
            on
            for on, months in kept.items()
            if last - timedelta(days=7) < on <= last and len(months) == len(period.months())
        ]
        if days_kept:
            on = max(days_kept)
            found.append(Foreseen(days, on, sum(kept[on].values(), Decimal(0))))
    return found
