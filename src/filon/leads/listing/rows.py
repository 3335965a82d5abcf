"""A lead as lists, boards and searches show it: one row read with its person, company, owner and campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from filon.kit import sql
from filon.leads import fields


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadRow:
    """A lead as lists show it. Times are aware UTC. `probability` is in 0–1; texts are empty when unknown."""

    id: int
    version: int
    person_id: int
    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    external_id: str
    job_title: str
    city: str
    country: str
    company_id: int | None
    company: str
    domain: str
    sector: str
    employees: int | None
    stage: str
    stage_since: datetime
    is_open: bool
    reason: str
    lead_class: str
    grade: str
    fit: Decimal | None
    probability: float | None
    route: str
    channel: str
    source: str
    medium: str
    campaign: str
    door: str
    owner_id: int | None
    owner: str
    captured_at: datetime
    last_act_at: datetime | None
    last_act: str
    due_at: datetime | None
    responded_at: datetime | None
    is_history: bool
    attributes_json: Any

    @property
    def title(self) -> str:
        """What to call the lead: its person's name, else an identifier that people can read, else its number."""
        readable = self.external_id if len(self.external_id) <= _READABLE else ""
        return self.name or self.email or self.phone or readable or f"#{self.id}"

    @property
    def attributes(self) -> dict[str, Any]:
        """The lead's own fields of the workspace, by name."""
        return dict(sql.as_json(self.attributes_json) or {})

    @property
    def promised_by(self) -> datetime | None:
        """When the first contact is due, as long as it is owed."""
        return self.due_at if self.is_open and self.responded_at is None else None


_COLUMNS: Final[dict[str, str]] = {
    "id": "lead.id",
    "version": "lead.version",
    "person_id": "person.id",
    "name": "person.full_name",
    "first_name": "person.first_name",
    "last_name": "person.last_name",
    "email": "person.email",
    "phone": "person.phone",
    "external_id": (
        "COALESCE((SELECT own.value FROM leads_identifier AS own WHERE own.person_id = person.id "
        "AND own.kind = 'external' ORDER BY own.id LIMIT 1), '')"
    ),
    "job_title": "person.job_title",
    "city": "person.city",
    "country": "person.country",
    "company_id": "company.id",
    "company": "COALESCE(company.name, '')",
    "domain": "COALESCE(company.domain, '')",
    "sector": "COALESCE(company.sector, '')",
    "employees": "company.employees",
    "stage": "lead.stage",
    "stage_since": "lead.stage_since",
    "is_open": "lead.is_open",
    "reason": "lead.reason",
    "lead_class": "lead.lead_class",
    "grade": "lead.grade",
    "fit": "lead.fit",
    "probability": "lead.probability",
    "route": "lead.route",
    "channel": "lead.channel",
    "source": "lead.source",
    "medium": "lead.medium",
    "campaign": "COALESCE(campaign.name, '')",
    "door": "lead.door",
    "owner_id": "lead.owner_id",
    "owner": "COALESCE(owner.name, '')",
    "captured_at": "lead.captured_at",
    "last_act_at": "lead.last_act_at",
    "last_act": "lead.last_act",
    "due_at": "lead.due_at",
    "responded_at": "lead.responded_at",
    "is_history": "lead.is_history",
    "attributes_json": "lead.attributes",
}
_NAMES: Final = tuple(_COLUMNS)
_SELECT: Final = ", ".join(f"{expression} AS {name}" for name, expression in _COLUMNS.items())
_MOMENTS: Final = ("stage_since", "captured_at", "last_act_at", "due_at", "responded_at")
_TRUTHS: Final = ("is_open", "is_history")
_READABLE: Final = 20  # letters of an external id that may still be a number people know; not those of a UUID
_TENTH: Final = Decimal("0.1")


def rows_of(ids: Sequence[int]) -> list[LeadRow]:
    """These leads in this order. One statement; no permission is checked: the caller has."""
    if not ids:
        return []
    rows = {row.id: row for row in rows_where(*sql.any_of("lead.id", ids))}
    return [rows[lead_id] for lead_id in ids if lead_id in rows]


def rows_where(where: str, params: Sequence[Any], order: str = "lead.id") -> list[LeadRow]:
    """The leads for which a condition of ours over `fields.source()` holds, in an order. One statement; no permission
    is checked: the caller has."""
    found = sql.fetch(f"SELECT {_SELECT} FROM {fields.source()} WHERE {where} ORDER BY {order}", params)
    return [_row(cells) for cells in found]


def _row(cells: Sequence[Any]) -> LeadRow:
    values = dict(zip(_NAMES, cells, strict=True))
    for name in _MOMENTS:
        values[name] = sql.as_utc(values[name])
    for name in _TRUTHS:
        values[name] = bool(values[name])
    if values["fit"] is not None:
        values["fit"] = Decimal(str(values["fit"])).quantize(_TENTH)
    return LeadRow(**values)
