"""The REST API of opportunities: take them in, read, list and change them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import orjson
from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Query, Router, Schema, Status
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from filon.core import inbox
from filon.core.access import Actor
from filon.core.inbox import Arrival
from filon.core.line import Entry, Item
from filon.deals import commands, queries
from filon.deals.listing import fields
from filon.deals.listing import queries as listing
from filon.deals.rows import OpportunityRow
from filon.kit import web
from filon.kit.errors import Kind, Refused

router = Router(tags=["opportunities"])
ROUTE: Final = "POST /api/v1/opportunities"
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

Text = Annotated[str, StringConstraints(max_length=500)]
Amount = Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 15, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
Id = Annotated[int, Field(ge=1, lt=2**63)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1))]


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
    created_at: datetime | None = Field(None, description="When it came to be, if not now. RFC 3339.")
    close_date: Day | None = Field(None, description="Expected, or actual where it is closed.")
    won_at: datetime | None = None
    lost_at: datetime | None = None
    reason: Text | None = Field(None, description="Why it was lost.", examples=["price"])
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

    @field_validator("created_at", "won_at", "lost_at")
    @classmethod
    def _sane(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        if not _EARLIEST < aware < _LATEST:
            raise ValueError("the date must lie between 1900 and 2200")
        return aware.astimezone(UTC)


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
        "attributes": row.attributes,
        "version": row.version,
    }


# Taking in ------------------------------------------------------------------------------------------------------------


@router.post(
    "/opportunities", response={201: OpportunityTaken, **PROBLEMS}, summary="Take in an opportunity", by_alias=True
)
def create_opportunity(
    request: HttpRequest,
    body: OpportunityIn,
    idempotency_key: str = Header("", alias="Idempotency-Key"),  # type: ignore[type-arg]
) -> Any:
    """Take one opportunity down the line: its account, owner, product and stage are found by name or kept by it.

    With an `external_id`, sending it again changes the same opportunity. One that names a lead moves it: won makes it
    a customer, and the account too.
    """
    arrival = _arrival(body, _json(request.body), by=_actor(request), at=timezone.now(), key=idempotency_key)
    inbox.take([arrival])
    if arrival.answer.refusal is not None:
        return web.problem(arrival.answer.refusal)
    return Status(201, arrival.answer.body)


def understand(data: Any, by: Actor, at: datetime) -> Arrival:
    """How a stored body becomes an arrival again (replay). Raises Refused naming the fields that are wrong."""
    try:
        said = OpportunityIn.model_validate(data)
    except ValidationError as error:
        raise _invalid(error) from error
    return _arrival(said, data, by=by, at=at)


def _arrival(said: OpportunityIn, data: Any, *, by: Actor, at: datetime, key: str = "") -> Arrival:
    by.require("deals.change")
    if len(key) > 120:
        raise Refused("An Idempotency-Key has at most 120 characters.", Kind.INVALID, code="idempotency_key_long")
    return Arrival(
        door="api",
        kind="opportunity",
        route=ROUTE,
        entries=[_entry(said, at)],
        payload=data,
        by=by,
        at=at,
        shape=lambda items: _taken(items, by),
        key=key,
    )


_FIELDS: Final = {
    "company_id": "company.id",
    "lead_id": "lead.id",
    "owner_id": "owner.id",
    "product_id": "product.id",
    "lead_external_id": "lead.external_id",
}


def _entry(said: OpportunityIn, at: datetime) -> Entry:
    values: dict[str, Any] = {}
    for field, value in said:
        if field not in {"system", "company", "attributes"} and value not in (None, ""):
            values[_FIELDS.get(field, field)] = _clean(value)
    for field, value in said.company or ():
        if value not in (None, ""):
            values[f"company.{field}"] = _clean(value)
    attributes = {name.replace("\0", ""): value.replace("\0", "") for name, value in said.attributes.items() if value}
    key = said.external_id or ""
    told = orjson.dumps([values, attributes], default=str, option=orjson.OPT_SORT_KEYS)
    return Entry(
        kind="opportunity",
        door="api",
        at=at,
        values=values,
        attributes=attributes,
        system=said.system,
        key=key,
        digest=hashlib.blake2b(told, digest_size=16).hexdigest() if key else "",
    )


def _clean(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


def _taken(items: Sequence[Item], by: Actor) -> dict[str, Any]:
    """What became of the one that was sent. One statement."""
    item = items[0]
    record_id = item.record["id"] if item.record else (item.source_record or {}).get("record_id", 0)
    rows = queries.opportunities_with([record_id], by=by)
    return {**(out(rows[0]) if rows else {}), "outcome": item.outcome}


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(f"The body is not JSON: {error}", Kind.MALFORMED, code="malformed") from error


def _invalid(error: ValidationError) -> Refused:
    problems: list[dict[str, object]] = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"], "code": item["type"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]
    message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems[:5])
    return Refused(message, Kind.INVALID, problems, "invalid")


# Reading and changing -------------------------------------------------------------------------------------------------


class ListQuery(Schema):
    """How a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=listing.MOST)] = 50
    after: Annotated[str, StringConstraints(max_length=2000)] = ""
    filter: Annotated[str, StringConstraints(max_length=10_000)] = Field(
        "", description="A condition, such as: state = open and amount >= 10000", examples=['company = "Sogetrel"']
    )
    sort: Annotated[str, StringConstraints(pattern="^-?(created|close|amount|name)$")] = listing.DEFAULT_SORT


@router.get("/opportunities", response={200: OpportunityPage, **PROBLEMS}, summary="List opportunities")
def list_opportunities(request: HttpRequest, ask: Query[ListQuery]) -> Any:
    """Opportunities, the newest first unless `sort` says otherwise; those without a value to sort by come last."""
    wanted = listing.Filter(condition=fields.read(ask.filter) if ask.filter.strip() else None)
    page = listing.opportunities(
        wanted, by=_actor(request), at=timezone.now(), sort=ask.sort, after=ask.after, limit=ask.limit
    )
    return {"items": [out(row) for row in page.rows], "next": page.after or None}


@router.get("/opportunities/{opportunity_id}", response={200: OpportunityOut, **PROBLEMS}, summary="One opportunity")
def read_opportunity(request: HttpRequest, opportunity_id: Id) -> Any:
    """One opportunity as it is now."""
    return out(queries.opportunity(opportunity_id, by=_actor(request)))


@router.patch("/opportunities/{opportunity_id}", response={200: OpportunityOut, **PROBLEMS}, summary="Change one")
def change_opportunity(request: HttpRequest, opportunity_id: Id, body: OpportunityChange) -> Any:
    """Change an opportunity. A stage that is won asks for the amount and `closed_on`, a lost one for its `reason`."""
    values = body.model_dump(exclude_unset=True)
    version = values.pop("version", None)
    actor = _actor(request)
    commands.change_opportunity(opportunity_id, values, by=actor, at=timezone.now(), version=version)
    return out(queries.opportunity(opportunity_id, by=actor))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
