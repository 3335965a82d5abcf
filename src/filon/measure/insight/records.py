"""The records behind a number, as a list shows them. One statement a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from filon.kit import sql
from filon.leads import fields
from filon.ui import formats

_KINDS: Final = {
    "media": gettext_lazy("Media"),
    "event": pgettext_lazy("cost", "Event"),
    "agency": gettext_lazy("Agency"),
    "tool": gettext_lazy("Tools"),
    "salary": gettext_lazy("Salaries"),
}


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead in a list of rows."""

    id: int
    name: str
    company: str
    stage: str
    channel: str
    source: str
    owner: str
    captured_at: datetime | None


@dataclass(frozen=True, slots=True)
class DealRecord:
    """An opportunity in a list of rows; `closed_at` when it was won or lost."""

    id: int
    name: str
    company: str
    state: str
    amount: Decimal | None
    currency: str
    owner: str
    created_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class CostRecord:
    """A cost in a list of rows; both days are in it."""

    id: int
    first: date
    last: date
    channel: str
    campaign: str
    kind: str
    amount: Decimal
    currency: str

    @property
    def channel_label(self) -> str:
        """The channel in the reader's words."""
        return fields.CHANNELS[self.channel].in_language(formats.language())

    @property
    def kind_label(self) -> str:
        """What the money went to, in the reader's words."""
        return str(_KINDS[self.kind])


def leads(ids: Sequence[int]) -> list[LeadRecord]:
    """These leads, in the order of the ids; those that are gone are left out."""
    where, params = sql.any_of("lead.id", ids)
    rows = sql.fetch(
        "SELECT lead.id, person.full_name, person.email, company.name, lead.stage, lead.channel, lead.source, "
        "owner.name, lead.captured_at FROM leads_lead lead JOIN leads_person person ON person.id = lead.person_id "
        "LEFT JOIN leads_company company ON company.id = lead.company_id "
        f"LEFT JOIN core_user owner ON owner.id = lead.owner_id WHERE {where}",
        params,
    )
    found = {
        row[0]: LeadRecord(
            row[0],
            row[1] or row[2] or f"#{row[0]}",
            row[3] or "",
            row[4],
            row[5],
            row[6],
            row[7] or "",
            sql.as_utc(row[8]),
        )
        for row in rows
    }
    return [found[lead_id] for lead_id in ids if lead_id in found]


def deals(ids: Sequence[int]) -> list[DealRecord]:
    """These opportunities, in the order of the ids; those that are gone are left out."""
    where, params = sql.any_of("deal.id", ids)
    rows = sql.fetch(
        "SELECT deal.id, deal.name, company.name, deal.state, CAST(deal.amount AS TEXT), deal.currency, owner.name, "
        "CASE WHEN deal.is_created_at_known THEN deal.created_at END, COALESCE(deal.won_at, deal.lost_at) "
        "FROM deals_opportunity deal LEFT JOIN leads_company company ON company.id = deal.company_id "
        f"LEFT JOIN core_user owner ON owner.id = deal.owner_id WHERE {where}",
        params,
    )
    found = {
        row[0]: DealRecord(
            row[0],
            row[1],
            row[2] or "",
            row[3],
            None if row[4] is None else Decimal(row[4]),
            row[5],
            row[6] or "",
            sql.as_utc(row[7]),
            sql.as_utc(row[8]),
        )
        for row in rows
    }
    return [found[deal_id] for deal_id in ids if deal_id in found]


def costs(ids: Sequence[int]) -> list[CostRecord]:
    """These costs, in the order of the ids; those that are gone are left out."""
    where, params = sql.any_of("cost.id", ids)
    rows = sql.fetch(
        "SELECT cost.id, CAST(cost.date_from AS TEXT), CAST(cost.date_to AS TEXT), cost.channel, campaign.name, "
        "cost.kind, CAST(cost.amount AS TEXT), cost.currency FROM capture_cost cost "
        f"LEFT JOIN leads_campaign campaign ON campaign.id = cost.campaign_id WHERE {where}",
        params,
    )
    found = {
        row[0]: CostRecord(
            row[0],
            date.fromisoformat(row[1]),
            date.fromisoformat(row[2]),
            row[3],
            row[4] or "",
            row[5],
            Decimal(row[6]),
            row[7],
        )
        for row in rows
    }
    return [found[cost_id] for cost_id in ids if cost_id in found]
