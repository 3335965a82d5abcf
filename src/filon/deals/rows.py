"""Opportunities as rows: the columns that lists and pages show, and how they are read on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from filon.deals import rules
from filon.deals.models import CATEGORY_LABELS, REASON_LABELS
from filon.deals.pipelines import StageRow
from filon.kit import sql

BASE: Final = '"deals_opportunity" AS opportunity'
TABLES: Final[Mapping[str, str]] = {
    "stage": 'JOIN "deals_stage" AS stage ON stage.id = opportunity.stage_id',
    "pipeline": 'JOIN "deals_pipeline" AS pipeline ON pipeline.id = opportunity.pipeline_id',
    "company": 'LEFT JOIN "leads_company" AS company ON company.id = opportunity.company_id',
    "owner": 'LEFT JOIN "core_user" AS owner ON owner.id = opportunity.owner_id',
    "product": 'LEFT JOIN "deals_product" AS product ON product.id = opportunity.product_id',
    "lead": 'LEFT JOIN "leads_lead" AS lead ON lead.id = opportunity.lead_id',
    "person": 'LEFT JOIN "leads_person" AS person ON person.id = lead.person_id',
}


def source(aliases: Iterable[str] = tuple(TABLES)) -> str:
    """The FROM of a statement over opportunities with these aliases joined (all by default)."""
    wanted = set(aliases)
    if "person" in wanted:
        wanted.add("lead")
    return " ".join([BASE, *(join for alias, join in TABLES.items() if alias in wanted)])


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityRow:
    """One opportunity as lists and pages show it. `probability` is its own or else its stage's, in [0, 1]."""

    id: int
    name: str
    company_id: int | None
    company: str
    lead_id: int | None
    person: str
    owner_id: int | None
    owner: str
    product_id: int | None
    product: str
    pipeline_id: int
    pipeline: str
    stage: StageRow
    stage_name: str
    stage_since: datetime
    state: str
    amount: Decimal | None
    currency: str
    probability: Decimal
    has_own_probability: bool
    created_at: datetime
    is_created_at_known: bool
    close_date: date | None
    won_at: datetime | None
    lost_at: datetime | None
    reason: str
    postponed_to: date | None
    next_step: str
    next_on: date | None
    lead_next_at: datetime | None
    own_category: str
    proof: str
    has_decision_maker: bool
    attributes: dict[str, str]
    version: int

    @property
    def weighted(self) -> Decimal:
        """Amount by probability."""
        return rules.weighted(self.amount, self.probability)

    @property
    def category(self) -> str:
        """What it is in the forecast, said by its seller or by its probability."""
        return rules.category_of(self.probability, self.own_category)

    @property
    def category_label(self) -> str:
        """The category of the forecast in words."""
        return str(CATEGORY_LABELS[self.category])

    @property
    def closed_at(self) -> datetime | None:
        """When it was won or lost."""
        return self.won_at or self.lost_at

    @property
    def short_name(self) -> str:
        """The name beside that of the account: without the account's own, where it begins with it."""
        return self.name.removeprefix(self.company).lstrip(" ·-–") if self.company else self.name

    @property
    def reason_label(self) -> str:
        """Why it was lost, in words."""
        return str(REASON_LABELS.get(self.reason, self.reason))


def as_date(value: Any) -> date | None:
    """A calendar day read by a raw statement."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_amount(value: Any) -> Decimal | None:
    """An amount read by a raw statement, with its two decimals."""
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)


_PLAIN: Final = {
    "id": "opportunity.id",
    "name": "opportunity.name",
    "company_id": "opportunity.company_id",
    "company": "COALESCE(company.name, '')",
    "lead_id": "opportunity.lead_id",
    "person": "COALESCE(NULLIF(person.full_name, ''), person.email, '')",
    "owner_id": "opportunity.owner_id",
    "owner": "COALESCE(owner.name, '')",
    "product_id": "opportunity.product_id",
    "product": "COALESCE(product.name, '')",
    "pipeline_id": "opportunity.pipeline_id",
    "pipeline": "pipeline.name",
    "stage_name": "opportunity.stage_name",
    "state": "opportunity.state",
    "currency": "opportunity.currency",
    "reason": "opportunity.reason",
    "next_step": "opportunity.next_step",
    "own_category": "opportunity.category",
    "proof": "opportunity.proof",
    "version": "opportunity.version",
}
_READ: Final = {
    "stage_since": ("opportunity.stage_since", sql.as_utc),
    "created_at": ("opportunity.created_at", sql.as_utc),
    "won_at": ("opportunity.won_at", sql.as_utc),
    "lost_at": ("opportunity.lost_at", sql.as_utc),
    "is_created_at_known": ("opportunity.is_created_at_known", bool),
    "close_date": ("opportunity.close_date", as_date),
    "postponed_to": ("opportunity.postponed_to", as_date),
    "next_on": ("opportunity.next_on", as_date),
    "lead_next_at": ("lead.next_at", sql.as_utc),
    "amount": ("opportunity.amount", as_amount),
    "has_decision_maker": (
        "EXISTS (SELECT 1 FROM deals_dealperson deal_person WHERE deal_person.opportunity_id = opportunity.id "
        "AND deal_person.role = 'decision_maker')",
        bool,
    ),
    "attributes": ("opportunity.attributes", sql.as_json),
}
_STAGE: Final = (
    "stage.id",
    "stage.code",
    "stage.name",
    "stage.position",
    "stage.probability",
    "opportunity.probability",
)
_CELLS: Final = ", ".join([*_PLAIN.values(), *(cell for cell, _ in _READ.values()), *_STAGE])


Part = tuple[str, Sequence[Any], str]
"""Some rows over `source()`: their condition and order, which are ours, and the values of the condition."""


def select(where: str, params: Sequence[Any], order: str, limit: int) -> list[OpportunityRow]:
    """Rows over `source()` in an order. One statement; `where` and `order` are ours, values are parameters."""
    return select_parts([(where, params, order)], limit)


def select_parts(parts: Sequence[Part], limit: int) -> list[OpportunityRow]:
    """The first rows of each part, as many as the limit of each. One statement."""
    texts: list[str] = []
    values: list[Any] = []
    for number, (where, params, order) in enumerate(parts):
        first = f"SELECT {_CELLS} FROM {source()} WHERE {where} ORDER BY {order} LIMIT %s"
        texts.append(first if len(parts) == 1 else f"SELECT * FROM ({first}) AS part_{number}")
        values += [*params, limit]
    return [_row(cells) for cells in sql.fetch(" UNION ALL ".join(texts), values)]


def _row(cells: Sequence[Any]) -> OpportunityRow:
    plain, middle = len(_PLAIN), len(_PLAIN) + len(_READ)
    known: dict[str, Any] = dict(zip(_PLAIN, cells[:plain], strict=True))
    for (name, (_cell, read)), value in zip(_READ.items(), cells[plain:middle], strict=True):
        known[name] = read(value)  # type: ignore[operator]
    stage_id, code, label, position, share, own = cells[middle:]
    stage = StageRow(stage_id, known["pipeline_id"], code, label, position, Decimal(str(share)), known["state"])
    is_own = own is not None and known["state"] == "open"
    probability = Decimal(str(own)) if is_own else stage.probability
    return OpportunityRow(**known, stage=stage, probability=probability, has_own_probability=is_own)


def cents(column: str = "opportunity.amount") -> str:
    """A column's amount as exact whole cents, to be summed: SQLite adds decimals as floats."""
    if sql.is_postgresql():
        return f"{column} * 100"
    return f"CAST(ROUND({column} * 100) AS INTEGER)"


def money(total_cents: Any) -> Decimal:
    """A sum of `cents()` as an amount."""
    return (Decimal(str(total_cents)) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
