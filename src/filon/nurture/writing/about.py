"""What templates may say of leads, read for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from filon.kit import sql
from filon.nurture.models import Sender


@dataclass(frozen=True, slots=True)
class About:
    """A lead as a template sees it. words: by root and name, see `liquid.WORDS`. origin: where the address is from."""

    lead_id: int
    person_id: int
    email: str
    origin: str
    words: Mapping[str, Mapping[str, Any]]


_COLUMNS: Final = (
    "lead.id, person.id, person.email, person.first_name, person.last_name, person.full_name, person.job_title, "
    "person.city, person.country, company.name, company.sector, company.employees, company.city, company.country, "
    "company.domain, lead.source, campaign.name, lead.product_line, lead.attributes, owner.name, owner.email"
)


def about(lead_ids: Iterable[int], sender: Sender | None) -> dict[int, About]:
    """Leads as templates see them, by id. One statement."""
    where, params = sql.any_of("lead.id", sorted(set(lead_ids)))
    rows = sql.fetch(
        f"SELECT {_COLUMNS} FROM leads_lead lead JOIN leads_person person ON person.id = lead.person_id "
        "LEFT JOIN leads_company company ON company.id = lead.company_id "
        "LEFT JOIN leads_campaign campaign ON campaign.id = lead.campaign_id "
        f"LEFT JOIN core_user owner ON owner.id = lead.owner_id WHERE {where}",
        params,
    )
    return {row[0]: _about(row, sender) for row in rows}


def _about(row: tuple[Any, ...], sender: Sender | None) -> About:
    lead_id, person_id, email, *rest = row
    person, company, lead, owner = rest[:6], rest[6:12], rest[12:16], rest[16:]
    words: dict[str, dict[str, Any]] = {
        "person": _named(("first_name", "last_name", "full_name", "job_title", "city", "country"), person),
        "company": _named(("name", "sector", "employees", "city", "country", "domain"), company),
        "lead": {
            **_named(("source", "campaign", "product_line"), lead[:3]),
            "attributes": sql.as_json(lead[3]),
        },
        "owner": _named(("name", "email"), owner),
        "sender": {"name": "", "email": "", "company": ""},
    }
    words["person"]["email"] = email
    if sender is not None:
        words["sender"] = {"name": sender.from_name, "email": sender.from_email, "company": sender.company}
    return About(lead_id, person_id, email, lead[1] or lead[0] or "", words)


def _named(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in zip(names, values, strict=True)}
