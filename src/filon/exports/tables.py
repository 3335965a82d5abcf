"""What an export of each kind holds: one statement, its columns named by the contract's fields.

Columns named `filon.…` are for people to read; an import leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Table:
    """Columns (field → expression), where they come from, and the JSON column whose names become attributes."""

    columns: dict[str, str]
    source: str
    order: str
    moments: frozenset[str] = frozenset()  # fields that are times
    attributes: str = ""  # alias.column
    attributes_of: str = ""  # its table


_KEY: Final = (
    "(SELECT r.key FROM leads_sourcerecord r WHERE r.kind = '{kind}' AND r.record_id = {alias}.id "
    "AND r.key NOT LIKE '#%%' AND r.key NOT LIKE 'email:%%' AND r.key NOT LIKE 'phone:%%' "
    "AND r.key NOT LIKE 'linkedin_url:%%' AND r.key NOT LIKE 'company.%%' ORDER BY r.id LIMIT 1)"
)

LEADS: Final = Table(
    {
        "external_id": _KEY.format(kind="lead", alias="lead"),
        "filon.id": "lead.id",
        "email": "person.email",
        "phone": "person.phone",
        "first_name": "person.first_name",
        "last_name": "person.last_name",
        "full_name": "person.full_name",
        "job_title": "person.job_title",
        "linkedin_url": "person.linkedin_url",
        "country": "person.country",
        "city": "person.city",
        "language": "person.language",
        "company.name": "company.name",
        "company.domain": "company.domain",
        "company.siren": "company.siren",
        "company.sector": "company.sector",
        "company.employees": "company.employees",
        "company.revenue": "company.revenue",
        "company.country": "company.country",
        "company.city": "company.city",
        "company.issues": "company.issues",
        "captured_at": "lead.captured_at",
        "channel": "lead.channel",
        "source": "lead.source",
        "campaign": "campaign.name",
        "medium": "lead.medium",
        "landing_page": "lead.landing_page",
        "stage": "lead.stage",
        "outcome": "CASE lead.stage WHEN 'customer' THEN 'won' WHEN 'lost' THEN 'lost' ELSE 'open' END",
        "outcome_at": "CASE WHEN lead.stage IN ('customer', 'lost') THEN lead.stage_since END",
        "reason": "lead.reason",
        "owner": "owner.name",
        "class": "lead.lead_class",
        "motion": "lead.motion",
        "filon.route": "lead.route",
        "filon.fit": "lead.fit",
        "filon.grade": "lead.grade",
    },
    "leads_lead lead JOIN leads_person person ON person.id = lead.person_id "
    "LEFT JOIN leads_company company ON company.id = lead.company_id "
    "LEFT JOIN leads_campaign campaign ON campaign.id = lead.campaign_id "
    "LEFT JOIN core_user owner ON owner.id = lead.owner_id",
    "lead.id",
    frozenset({"captured_at", "outcome_at"}),
    "lead.attributes",
    "leads_lead lead",
)
PEOPLE: Final = Table(
    {
        "filon.id": "person.id",
        **{name: expression for name, expression in LEADS.columns.items() if expression.startswith("person.")},
        "company.name": "company.name",
    },
    "leads_person person LEFT JOIN leads_company company ON company.id = person.company_id",
    "person.id",
)
COMPANIES: Final = Table(
    {
        "external_id": _KEY.format(kind="company", alias="company"),
        "filon.id": "company.id",
        **{name: expression for name, expression in LEADS.columns.items() if expression.startswith("company.")},
        "owner": "owner.name",
        "filon.is_customer": "company.is_customer",
    },
    "leads_company company LEFT JOIN core_user owner ON owner.id = company.owner_id",
    "company.id",
    frozenset(),
    "company.attributes",
    "leads_company company",
)
OPPORTUNITIES: Final = Table(
    {
        "external_id": _KEY.format(kind="opportunity", alias="deal"),
        "filon.id": "deal.id",
        "name": "deal.name",
        "company.name": "company.name",
        "owner": "owner.name",
        "product": "product.name",
        "pipeline": "pipeline.name",
        "stage": "stage.code",
        "amount": "deal.amount",
        "currency": "deal.currency",
        "probability": "deal.probability",
        "created_at": "CASE WHEN deal.is_created_at_known THEN deal.created_at END",
        "close_date": "deal.close_date",
        "won_at": "deal.won_at",
        "lost_at": "deal.lost_at",
        "reason": "deal.reason",
    },
    "deals_opportunity deal LEFT JOIN leads_company company ON company.id = deal.company_id "
    "LEFT JOIN core_user owner ON owner.id = deal.owner_id "
    "LEFT JOIN deals_product product ON product.id = deal.product_id "
    "JOIN deals_pipeline pipeline ON pipeline.id = deal.pipeline_id JOIN deals_stage stage ON stage.id = deal.stage_id",
    "deal.id",
    frozenset({"created_at", "won_at", "lost_at"}),
    "deal.attributes",
    "deals_opportunity deal",
)
EVENTS: Final = Table(
    {
        "external_id": "fact.id",
        "kind": "fact.kind",
        "at": "fact.at",
        "filon.learnt_at": "fact.learnt_at",
        "lead.external_id": _KEY.format(kind="lead", alias="lead"),
        "email": "person.email",
        "filon.lead_id": "fact.lead_id",
        "channel": "fact.channel",
        "source": "fact.source",
        "campaign": "campaign.name",
        "path": "fact.path",
        "value": "fact.value",
        "filon.actor_kind": "fact.actor_kind",
        "filon.actor_id": "fact.actor_id",
        "filon.payload": "fact.payload",
    },
    "core_fact fact LEFT JOIN leads_lead lead ON lead.id = fact.lead_id "
    "LEFT JOIN leads_person person ON person.id = fact.person_id "
    "LEFT JOIN leads_campaign campaign ON campaign.id = fact.campaign_id",
    "fact.id",
    frozenset({"at", "filon.learnt_at"}),
)
TABLES: Final[dict[str, Table]] = {
    "leads": LEADS,
    "people": PEOPLE,
    "companies": COMPANIES,
    "opportunities": OPPORTUNITIES,
    "events": EVENTS,
}
