"""The shapes of opportunities in the REST API: what is taken in, changed, asked for and given."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from filon.deals.listing import queries as listing
from filon.deals.rows import OpportunityRow
from filon.kit.shapes import Day, Id, Moment

Text = Annotated[str, StringConstraints(max_length=500)]
Amount = Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 15, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
Step = Annotated[str, StringConstraints(max_length=200)]
Category = Annotated[str, StringConstraints(pattern="^(engaged|probable|possible|left_out)$")]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CompanyIn(_In):
    """The account: found by SIREN, domain, or name and country; made when nobody knows it."""

    name: Text | None = Field(None, examples=["Sogetrel"])
    domain: Text | None = Field(None, examples=["sogetrel.fr"])
    siren: Annotated[str, StringConstraints(max_length=20)] | None = None
    country: Text | None = Field(None, examples=["FR"])


class OpportunityIn(_In):
    """A possible sale. At least one of `external_id`, `name`, `company`, `lead_id`, `lead_external_id`, `email`."""

    external_id: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        None, description="Its id in the system it comes from. Sent again, it changes the same opportunity."
    )
    system: Annotated[str, StringConstraints(max_length=40)] = Field("default", description="The name of that system.")
    name: Text | None = Field(None, examples=["Postes 2027"])
    company: CompanyIn | None = None
    company_id: Id | None = None
    lead_id: Id | None = Field(None, description="The lead it comes from.")
    lead_external_id: Text | None = Field(None, description="That lead's id in the system it comes from.")
    email: Text | None = Field(None, description="E-mail of the person whose lead it comes from.")
    owner: Annotated[str, StringConstraints(max_length=150)] | None = Field(None, description="Name or e-mail.")
    owner_id: Id | None = None
    product: Annotated[str, StringConstraints(max_length=200)] | None = Field(None, examples=["GTX Basic"])
    product_id: Id | None = None
    pipeline: Annotated[str, StringConstraints(max_length=120)] | None = None
    stage: Annotated[str, StringConstraints(max_length=120)] | None = Field(
        None, description="Its name here or in another system.", examples=["Proposal"]
    )
    amount: Amount | None = Field(None, examples=["48000.00"], description="Without tax.")
    currency: Currency | None = Field(None, examples=["EUR"])
    probability: Share | None = Field(None, description="Its own, in place of its stage's.", examples=["0.6"])
    created_at: Moment | None = Field(None, description="When it came to be, if not now. RFC 3339.")
    close_date: Day | None = Field(None, description="Expected, or actual where it is closed.")
    won_at: Moment | None = None
    lost_at: Moment | None = None
    reason: Text | None = Field(None, description="Why it was lost.", examples=["price"])
    next_step: Step | None = Field(None, description="What will be done next.", examples=["Envoyer la proposition"])
    next_on: Day | None = Field(None, description="The day of that.")
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=120)], Text] = Field(
        default_factory=dict
    )

    @model_validator(mode="before")
    @classmethod
    def _undot(cls, data: Any) -> Any:
        """`"company.name": …` means the same as `"company": {"name": …}`, as in imports."""
        if not isinstance(data, dict):
            return data
        plain = {key: value for key, value in data.items() if not str(key).startswith("company.")}
        dotted = {key.removeprefix("company."): value for key, value in data.items() if str(key).startswith("company.")}
        if dotted:
            given = plain.get("company")
            plain["company"] = {**given, **dotted} if isinstance(given, dict) else dotted
        if "lead.external_id" in plain:
            plain["lead_external_id"] = plain.pop("lead.external_id")
        return plain


class OpportunityChange(_In):
    """What shall be otherwise; what is left out stays. `null` empties a field that may be empty."""

    version: int | None = Field(None, description="The version you saw: refused (412) when it has changed since.")
    name: Text | None = None
    amount: Amount | None = None
    currency: Currency | None = None
    probability: Share | None = None
    close_date: Day | None = None
    owner_id: Id | None = None
    product_id: Id | None = None
    company_id: Id | None = None
    lead_id: Id | None = None
    stage_id: Id | None = None
    closed_on: Day | None = Field(None, description="The day it was won or lost; needed to win it.")
    reason: Text | None = Field(None, description="Why it was lost; needed to lose it.", examples=["price"])
    postponed_to: Day | None = Field(None, description="Until when the project is postponed.")
    next_step: Step | None = Field(None, description="What will be done next.", examples=["Envoyer la proposition"])
    next_on: Day | None = Field(None, description="The day of that.")
    category: Category | None = Field(
        None, description="What it is in the forecast; null: its probability says it.", examples=["probable"]
    )
    proof: Text | None = Field(None, description="What shows that it was won.", examples=["Bon de commande 2026-118"])


class StageOut(Schema):
    """A stage of a pipeline."""

    id: int
    code: str = Field(examples=["proposal"])
    name: str = Field(examples=["Proposition"])


class OpportunityOut(Schema):
    """A possible sale. Money is a decimal string; times are RFC 3339 UTC."""

    id: int
    name: str
    state: str = Field(examples=["open"], description="open, won or lost.")
    stage: StageOut
    pipeline_id: int
    pipeline: str
    amount: str | None = Field(examples=["48000.00"])
    currency: str = Field(examples=["EUR"])
    probability: float = Field(examples=[0.5])
    company_id: int | None
    company: str | None
    lead_id: int | None
    owner_id: int | None
    owner: str | None
    product_id: int | None
    product: str | None
    created_at: datetime
    close_date: date | None
    won_at: datetime | None
    lost_at: datetime | None
    reason: str | None
    postponed_to: date | None
    next_step: str | None
    next_on: date | None
    category: str = Field(examples=["probable"], description="engaged, probable, possible or left_out.")
    proof: str | None
    attributes: dict[str, str]
    version: int


class OpportunityTaken(OpportunityOut):
    """An opportunity that was sent, and what became of the sending."""

    outcome: str = Field(examples=["created"], description="created, updated or unchanged.")


class OpportunityPage(Schema):
    """A page of opportunities."""

    items: list[OpportunityOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]]


PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 412, 422, 503), Problem)


def out(row: OpportunityRow) -> dict[str, Any]:
    """An opportunity as the API gives it."""
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "stage": {"id": row.stage.id, "code": row.stage.code, "name": row.stage.label},
        "pipeline_id": row.pipeline_id,
        "pipeline": row.pipeline,
        "amount": None if row.amount is None else str(row.amount),
        "currency": row.currency,
        "probability": float(row.probability),
        "company_id": row.company_id,
        "company": row.company or None,
        "lead_id": row.lead_id,
        "owner_id": row.owner_id,
        "owner": row.owner or None,
        "product_id": row.product_id,
        "product": row.product or None,
        "created_at": row.created_at,
        "close_date": row.close_date,
        "won_at": row.won_at,
        "lost_at": row.lost_at,
        "reason": row.reason or None,
        "postponed_to": row.postponed_to,
        "next_step": row.next_step or None,
        "next_on": row.next_on,
        "category": row.category,
        "proof": row.proof or None,
        "attributes": row.attributes,
        "version": row.version,
    }


class ListQuery(Schema):
    """How a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=listing.MOST)] = 50
    after: Annotated[str, StringConstraints(max_length=2000)] = ""
    filter: Annotated[str, StringConstraints(max_length=10_000)] = Field(
        "", description="A condition, such as: state = open and amount >= 10000", examples=['company = "Sogetrel"']
    )
    sort: Annotated[str, StringConstraints(pattern="^-?(created|close|amount|name)$")] = listing.DEFAULT_SORT
