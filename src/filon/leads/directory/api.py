"""The REST API of people and companies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from filon.core import idempotency
from filon.core.access import Actor
from filon.core.idempotency import Key
from filon.kit.shapes import Id
from filon.leads.card import queries
from filon.leads.card.api import PROBLEMS, READ_PROBLEMS, Cursor, IdentifierOut, In, LongText, Text
from filon.leads.directory import companies, paging, people
from filon.leads.directory.companies import CompanyRow
from filon.leads.directory.paging import Walk
from filon.leads.directory.people import PersonRow
from filon.leads.editing import edit_company, edit_person

router = Router(tags=["people and companies"])


class DirectoryQuery(Schema):
    """How people or companies are asked for."""

    limit: Annotated[int, Field(ge=1, le=people.MOST)] = 50
    after: Cursor = Field("", description="`next` of the page before.")
    sort: Annotated[str, StringConstraints(pattern="^(-created|name)$")] = Field(
        paging.NEWEST, description="-created or name; those without a name come last."
    )
    q: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Words: the beginning of a name, an identifier. Found ones come by name, on one page."
    )


class PeopleQuery(DirectoryQuery):
    """How people are asked for."""

    company_id: Id | None = None


# People ---------------------------------------------------------------------------------------------------------------


class PersonOut(Schema):
    """A person as lists give it, with the lead of theirs that matters most."""

    id: int
    name: str | None = Field(examples=["Claire Morel"])
    job_title: str | None
    email: str | None
    phone: str | None = Field(examples=["+33612345678"])
    company_id: int | None
    company: str | None
    lead_id: int | None
    stage: str | None = Field(examples=["mql"])
    grade: str | None = Field(examples=["A1"])
    owner: str | None
    last_act_at: datetime | None


class PersonLead(Schema):
    """One of a person's leads."""

    id: int
    stage: str
    grade: str | None
    is_open: bool
    owner: str | None
    source: str | None
    channel: str
    captured_at: datetime


class PersonDetail(Schema):
    """A person with their leads and what names them."""

    id: int
    first_name: str | None
    last_name: str | None
    full_name: str | None
    email: str | None
    phone: str | None
    job_title: str | None
    linkedin_url: str | None
    city: str | None
    country: str | None
    language: str | None
    company_id: int | None
    company: str | None
    created_at: datetime
    updated_at: datetime
    leads: list[PersonLead]
    identifiers: list[IdentifierOut]


class PeoplePage(Schema):
    """A page of people."""

    items: list[PersonOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class PersonChange(In):
    """What shall be otherwise; what is left out stays. `null` empties a field."""

    first_name: Text | None = None
    last_name: Text | None = None
    full_name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    job_title: Text | None = None
    linkedin_url: Text | None = None
    city: Text | None = None
    country: Text | None = None
    language: Annotated[str, StringConstraints(max_length=20)] | None = None
    company: Text | None = Field(None, description="The account they belong to: known by this name, or made.")


@router.get("/people", response={200: PeoplePage, **READ_PROBLEMS}, summary="List people")
def list_people(request: HttpRequest, ask: Query[PeopleQuery]) -> Any:
    """Everyone known, the newest first unless `sort` says otherwise. Needs the scope `leads:read`."""
    asked = Walk(sort=ask.sort, after=ask.after, limit=ask.limit)
    page = people.people(asked, by=_actor(request), words=ask.q, company_id=ask.company_id)
    return {"items": [_person_out(row) for row in page.rows], "next": page.next or None}


@router.get("/people/{person_id}", response={200: PersonDetail, **READ_PROBLEMS}, summary="One person")
def read_person(request: HttpRequest, person_id: Id) -> Any:
    """One person with their leads. Needs the scope `leads:read`."""
    return _person_detail(person_id, _actor(request))


@router.patch("/people/{person_id}", response={200: PersonDetail, **PROBLEMS}, summary="Change a person")
def change_person(request: HttpRequest, person_id: Id, body: PersonChange, idempotency_key: Key = "") -> Any:
    """Change a person. Needs the scope `leads:write`."""
    actor, at = _actor(request), timezone.now()
    values = body.model_dump(exclude_unset=True)
    if "company" in values:
        values["company.name"] = values.pop("company")

    def act() -> Any:
        edit_person(person_id, values, by=actor, at=at)
        return _person_detail(person_id, actor)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


def _person_out(row: PersonRow) -> dict[str, Any]:
    texts = ("name", "job_title", "email", "phone", "company", "stage", "grade", "owner")
    found: dict[str, Any] = {name: getattr(row, name) or None for name in texts}
    return found | {name: getattr(row, name) for name in ("id", "company_id", "lead_id", "last_act_at")}


def _person_detail(person_id: int, actor: Actor) -> dict[str, Any]:
    card = people.person(person_id, by=actor)
    person = card.person
    texts = ("first_name", "last_name", "full_name", "email", "phone", "job_title", "linkedin_url")
    found: dict[str, Any] = {name: person[name] or None for name in (*texts, "city", "country", "language", "company")}
    found |= {name: person[name] for name in ("id", "company_id", "created_at", "updated_at")}
    found["leads"] = [
        {
            "id": lead.id,
            "stage": lead.stage,
            "grade": lead.grade or None,
            "is_open": lead.is_open,
            "owner": lead.owner or None,
            "source": lead.source or None,
            "channel": lead.channel,
            "captured_at": lead.captured_at,
        }
        for lead in card.leads
    ]
    found["identifiers"] = [
        {"kind": one.kind, "system": one.system, "value": one.value} for one in queries.identifiers_of(person_id)
    ]
    return found


# Companies ------------------------------------------------------------------------------------------------------------


class CompanyOut(Schema):
    """A company as lists give it."""

    id: int
    name: str = Field(examples=["Sogetrel"])
    domain: str | None = Field(examples=["sogetrel.fr"])
    sector: str | None
    city: str | None
    country: str | None
    employees: int | None
    is_customer: bool
    owner: str | None
    people: int = Field(description="How many are known there.")
    open_leads: int


class StageCount(Schema):
    """How many leads stand at a stage."""

    stage: str
    leads: int


class CompanyDetail(Schema):
    """A company with what is known of it, and how many of its leads stand where."""

    id: int
    name: str
    domain: str | None
    siren: str | None = Field(examples=["732829320"])
    sector: str | None
    employees: int | None
    revenue: str | None = Field(examples=["12500000.00"])
    city: str | None
    country: str | None
    issues: str | None
    is_customer: bool
    owner_id: int | None
    owner: str | None
    attributes: dict[str, str]
    created_at: datetime
    updated_at: datetime
    leads: list[StageCount]


class CompanyPage(Schema):
    """A page of companies."""

    items: list[CompanyOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class CompanyChange(In):
    """What shall be otherwise; what is left out stays. `null` empties a field."""

    name: Text | None = None
    domain: Annotated[str, StringConstraints(max_length=255)] | None = None
    siren: Annotated[str, StringConstraints(max_length=20)] | None = None
    sector: Text | None = None
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    revenue: Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 15, allow_inf_nan=False)] | None = None
    city: Text | None = None
    country: Text | None = None
    issues: LongText | None = None
    owner_id: Id | None = None
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=120)], Text | None] = Field(
        default_factory=dict, description="Those named here; null takes one away."
    )


@router.get("/companies", response={200: CompanyPage, **READ_PROBLEMS}, summary="List companies")
def list_companies(request: HttpRequest, ask: Query[DirectoryQuery]) -> Any:
    """Every account known, the newest first unless `sort` says otherwise. Needs the scope `leads:read`."""
    asked = Walk(sort=ask.sort, after=ask.after, limit=ask.limit)
    page = companies.companies(asked, by=_actor(request), words=ask.q)
    return {"items": [_company_out(row) for row in page.rows], "next": page.next or None}


@router.get("/companies/{company_id}", response={200: CompanyDetail, **READ_PROBLEMS}, summary="One company")
def read_company(request: HttpRequest, company_id: Id) -> Any:
    """One account. Needs the scope `leads:read`."""
    return _company_detail(company_id, _actor(request))


@router.patch("/companies/{company_id}", response={200: CompanyDetail, **PROBLEMS}, summary="Change a company")
def change_company(request: HttpRequest, company_id: Id, body: CompanyChange, idempotency_key: Key = "") -> Any:
    """Change an account. Needs the scope `leads:write`. A domain or SIREN of another one is refused (409)."""
    actor, at = _actor(request), timezone.now()
    said = body.model_dump(exclude_unset=True, exclude={"attributes"})
    values = {"owner" if name == "owner_id" else f"company.{name}": value for name, value in said.items()}
    values |= {f"attributes.{name}": value for name, value in body.attributes.items()}

    def act() -> Any:
        edit_company(company_id, values, by=actor, at=at)
        return _company_detail(company_id, actor)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


def _company_out(row: CompanyRow) -> dict[str, Any]:
    texts = ("domain", "sector", "city", "country", "owner")
    plain = ("id", "name", "employees", "is_customer", "people", "open_leads")
    return {name: getattr(row, name) or None for name in texts} | {name: getattr(row, name) for name in plain}


def _company_detail(company_id: int, actor: Actor) -> dict[str, Any]:
    card = companies.company(company_id, by=actor)
    row = card.company
    texts = ("domain", "siren", "sector", "city", "country", "issues")
    plain = ("id", "name", "employees", "is_customer", "owner_id", "attributes", "created_at", "updated_at")
    found: dict[str, Any] = {name: row[name] or None for name in texts} | {name: row[name] for name in plain}
    found["revenue"] = None if row["revenue"] is None else str(row["revenue"])
    found["owner"] = row["owner_name"] or None
    found["leads"] = [{"stage": stage, "leads": count} for stage, count in card.leads]
    return found


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
