"""What can be asked of campaigns and costs. Frozen rows, known cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.conf import settings

from filon.core.access import Actor
from filon.kit import keyset, sql
from filon.kit.errors import Kind, Refused

MOST: Final = 200
_LARGEST_ID: Final = 2**63


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign. spent: what it cost so far, in the workspace's currency, without tax."""

    id: int
    name: str
    channel: str
    starts_on: date | None
    ends_on: date | None
    spent: Decimal


@dataclass(frozen=True, slots=True)
class CostRow:
    """A cost, on a day or evenly over days, both ends included."""

    id: int
    date_from: date
    date_to: date
    channel: str
    campaign_id: int | None
    campaign: str
    kind: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Campaigns, the newest first, and the cursor of the next page, empty on the last."""

    rows: Sequence[CampaignRow]
    after: str = ""


@dataclass(frozen=True, slots=True)
class CostPage:
    """Costs, the latest first, and the cursor of the next page, empty on the last."""

    rows: Sequence[CostRow]
    after: str = ""


def may_see(by: Actor) -> None:
    """Raise Refused (forbidden) unless the actor may see figures, or is here to record costs."""
    if not by.may("costs.change"):
        by.require("kpi.see")


def campaigns(*, by: Actor, after: str = "", limit: int = 50) -> CampaignPage:
    """A page of campaigns with what they cost. One statement. Raises Refused for a foreign cursor."""
    may_see(by)
    where, params = "TRUE", list[Any]()
    if after:
        (last,) = keyset.decode(after, 1)
        where, params = "campaign.id < %s", [_id(last)]
    limit = max(1, min(limit, MOST))
    rows = sql.fetch(
        "SELECT campaign.id, campaign.name, campaign.channel, campaign.starts_on, campaign.ends_on, "
        f"(SELECT COALESCE(SUM({_cents()}), 0) FROM capture_cost cost "
        "WHERE cost.campaign_id = campaign.id AND cost.currency = %s) "
        f"FROM leads_campaign campaign WHERE {where} ORDER BY campaign.id DESC LIMIT %s",
        [settings.FILON_CURRENCY, *params, limit + 1],
    )
    found = [
        CampaignRow(row_id, name, channel, _date(starts), _date(ends), _money(cents))
        for row_id, name, channel, starts, ends, cents in rows[:limit]
    ]
    return CampaignPage(found, keyset.encode(found[-1].id) if len(rows) > limit else "")


def costs(
    *, by: Actor, channel: str = "", campaign_id: int | None = None, after: str = "", limit: int = 50
) -> CostPage:
    """A page of costs. One statement. Raises Refused for a foreign cursor."""
    may_see(by)
    where, params = ["TRUE"], list[Any]()
    if channel:
        where.append("cost.channel = %s")
        params.append(channel)
    if campaign_id is not None:
        where.append("cost.campaign_id = %s")
        params.append(campaign_id)
    if after:
        day, last = keyset.decode(after, 2)
        where.append("(cost.date_from, cost.id) < (%s, %s)")
        params += [_day(day), _id(last)]
    limit = max(1, min(limit, MOST))
    rows = sql.fetch(
        "SELECT cost.id, cost.date_from, cost.date_to, cost.channel, cost.campaign_id, COALESCE(campaign.name, ''), "
        "cost.kind, cost.amount, cost.currency FROM capture_cost cost "
        f"LEFT JOIN leads_campaign campaign ON campaign.id = cost.campaign_id WHERE {' AND '.join(where)} "
        "ORDER BY cost.date_from DESC, cost.id DESC LIMIT %s",
        [*params, limit + 1],
    )
    found = [_cost(row) for row in rows[:limit]]
    cursor = keyset.encode(found[-1].date_from.isoformat(), found[-1].id) if len(rows) > limit else ""
    return CostPage(found, cursor)


def _cost(cells: Sequence[Any]) -> CostRow:
    row_id, first, last, channel, campaign_id, campaign, kind, amount, currency = cells
    begun, ended = _date(first), _date(last)
    assert begun is not None  # noqa: S101 — the columns are NOT NULL
    assert ended is not None  # noqa: S101
    return CostRow(row_id, begun, ended, channel, campaign_id, campaign, kind, _cent(amount), currency)


def _cents() -> str:
    """The amount of `cost` in exact whole cents, to be summed: SQLite adds decimals as floats."""
    return "cost.amount * 100" if sql.is_postgresql() else "CAST(ROUND(cost.amount * 100) AS INTEGER)"


def _money(cents: Any) -> Decimal:
    return _cent(Decimal(str(cents)) / 100)


def _cent(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _date(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _id(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _LARGEST_ID:
        raise keyset.wrong()
    return value


def _day(value: Any) -> Any:
    try:
        day = date.fromisoformat(str(value))
    except ValueError as error:
        raise keyset.wrong() from error
    return day if sql.is_postgresql() else day.isoformat()


def campaign_choices(*, by: Actor, limit: int = 500) -> list[tuple[int, str]]:
    """The newest campaigns as choices. One statement."""
    may_see(by)
    rows = sql.fetch("SELECT id, name FROM leads_campaign ORDER BY id DESC LIMIT %s", [limit])
    return [(row_id, name) for row_id, name in rows]


def invalid(field: str, message: str) -> Refused:
    """A refusal that names its field."""
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
