"""The REST API of one lead: read and change it, its timeline, its stage, what was done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints, field_validator

from filon.core import idempotency
from filon.core.access import Actor
from filon.core.idempotency import Key
from filon.kit.errors import not_found
from filon.kit.problems import Problem
from filon.kit.shapes import Id, Moment
from filon.leads import moving, rules
from filon.leads.card import commands, facts, queries
from filon.leads.card.commands import ActOn
from filon.leads.card.facts import About, FactRow, Names
from filon.leads.card.wording import kinds_of, sentence, wording_of
from filon.leads.editing import Edit, edit_together
from filon.leads.listing import queries as listing
from filon.leads.listing.api import LeadOut, out
from filon.leads.moving import Move

router = Router(tags=["leads"])

Text = Annotated[str, StringConstraints(max_length=500)]
LongText = Annotated[str, StringConstraints(max_length=20_000)]
Version = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Cursor = Annotated[str, StringConstraints(max_length=2000)]
PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 412, 422, 503), Problem)
READ_PROBLEMS: Final = dict.fromkeys((401, 403, 404, 422, 503), Problem)


class In(Schema):
    """What a program sends: a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


# Read and change ------------------------------------------------------------------------------------------------------


class IdentifierOut(Schema):
    """A name of the person. `system` is that of an external id, else empty."""

    kind: str = Field(examples=["email"], description="external, email, profile or phone.")
    system: str
    value: str = Field(examples=["claire.morel@sogetrel.fr"])


class LeadDetail(LeadOut):
    """A lead with everything known of it."""

    linkedin_url: str | None
    city: str | None
    country: str | None = Field(examples=["FR"])
    language: str | None
    motion: str | None = Field(examples=["new"])
    product_line: str | None
    campaign_id: int | None
    landing_page: str | None
    door: str = Field(examples=["form"])
    routed_at: datetime | None
    responded_at: datetime | None
    created_at: datetime
    updated_at: datetime
    identifiers: list[IdentifierOut]


class LeadChange(In):
    """What shall be otherwise; what is left out stays. `null` empties a field."""

    version: Version | None = Field(None, description="The version you saw: refused (412) when it has changed since.")
    first_name: Text | None = None
    last_name: Text | None = None
    full_name: Text | None = None
    email: Text | None = Field(None, description="Names the person from now on; another person's is refused (409).")
    phone: Text | None = Field(None, examples=["06 12 34 56 78"])
    job_title: Text | None = Field(None, examples=["Directrice des opérations"])
    linkedin_url: Text | None = None
    city: Text | None = None
    country: Text | None = None
    language: Annotated[str, StringConstraints(max_length=20)] | None = None
    company: Text | None = Field(None, description="The account they belong to: known by this name, or made.")
    channel: Text | None = Field(None, examples=["event"])
    source: Text | None = None
    medium: Text | None = None
    campaign_id: Id | None = None
    landing_page: Annotated[str, StringConstraints(max_length=2000)] | None = None
    lead_class: Text | None = Field(None, alias="class", examples=["buyer"])
    motion: Text | None = Field(None, examples=["new"])
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=120)], Text | None] = Field(
        default_factory=dict, description="Those named here; null takes one away."
    )


_OF_PERSON: Final = frozenset(
    {
        "first_name",
        "last_name",
        "full_name",
        "email",
        "phone",
        "job_title",
        "linkedin_url",
        "city",
        "country",
        "language",
        "company",
    }
)
_FIELD_OF: Final = {"company": "company.name", "campaign_id": "campaign", "lead_class": "class"}


@router.get("/leads/{lead_id}", response={200: LeadDetail, **READ_PROBLEMS}, summary="One lead", by_alias=True)
def read_lead(request: HttpRequest, lead_id: Id) -> Any:
    """One lead as it is now. Needs the scope `leads:read`."""
    return _detail(lead_id, _actor(request))


@router.patch("/leads/{lead_id}", response={200: LeadDetail, **PROBLEMS}, summary="Change a lead", by_alias=True)
def change_lead(request: HttpRequest, lead_id: Id, body: LeadChange, idempotency_key: Key = "") -> Any:
    """Change a lead and its person, all that is named or nothing. Needs the scope `leads:write`.

    What is changed here is left alone by imports that give again what they gave. The stage has its own address.
    """
    actor, at = _actor(request), timezone.now()
    said = body.model_dump(exclude_unset=True, exclude={"version", "attributes"})
    values = {_FIELD_OF.get(name, name): value for name, value in said.items() if name not in _OF_PERSON}
    values |= {f"attributes.{name}": value for name, value in body.attributes.items()}
    of_person = {_FIELD_OF.get(name, name): value for name, value in said.items() if name in _OF_PERSON}

    def act() -> Any:
        edits = [Edit(of="lead", id=lead_id, values=values, version=body.version)]
        if of_person:
            person_id = queries.card(lead_id, by=actor).person["id"]
            edits.append(Edit(of="person", id=person_id, values=of_person))
        edit_together(edits, by=actor, at=at, door="api")
        return _detail(lead_id, actor)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


def _detail(lead_id: int, actor: Actor) -> dict[str, Any]:
    """A lead as the API gives it whole. Four statements."""
    row = listing.visible_row(lead_id, by=actor)
    if row is None:
        raise not_found("Lead")
    card = queries.card(lead_id, by=actor)
    lead, person = card.lead, card.person
    found = out(row)
    found |= {name: person[name] or None for name in ("linkedin_url", "city", "country", "language")}
    found |= {name: lead[name] or None for name in ("motion", "product_line", "landing_page")}
    found |= {name: lead[name] for name in ("campaign_id", "door", "routed_at", "responded_at", "created_at")}
    found["updated_at"] = lead["updated_at"]
    found["identifiers"] = [
        {"kind": one.kind, "system": one.system, "value": one.value} for one in queries.identifiers_of(person["id"])
    ]
    return found


# Its timeline ---------------------------------------------------------------------------------------------------------


class FactOut(Schema):
    """One fact. `at`: when it happened; `learnt_at`: when we learnt it. RFC 3339 UTC."""

    id: int
    kind: str = Field(examples=["call_logged"])
    family: str = Field(examples=["exchanges"], description="exchanges, signals or changes.")
    at: datetime
    learnt_at: datetime
    text: str = Field(examples=["Léa Martin called: Voicemail"], description="In words, in the workspace's language.")
    body: str | None = Field(description="What was said or written.")
    actor_kind: str = Field(examples=["user"])
    actor_id: int | None
    actor: str | None
    lead_id: int | None
    person_id: int | None
    opportunity_id: int | None
    door: str | None
    channel: str | None
    source: str | None
    campaign_id: int | None
    campaign: str | None
    import_id: int | None
    path: str | None
    value: str | None
    is_machine: bool
    is_revoked: bool
    payload: dict[str, Any]
    details: dict[str, Any] = Field(description="Personal values; empty once they were erased.")


class Timeline(Schema):
    """A page of facts, newest first."""

    items: list[FactOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class TimelineQuery(Schema):
    """How a timeline is asked for."""

    limit: Annotated[int, Field(ge=1, le=facts.MOST)] = facts.PAGE
    after: Cursor = ""
    family: Annotated[str, StringConstraints(pattern="^(exchanges|signals|changes)?$")] = ""


@router.get("/leads/{lead_id}/timeline", response={200: Timeline, **READ_PROBLEMS}, summary="What happened")
def read_timeline(request: HttpRequest, lead_id: Id, ask: Query[TimelineQuery]) -> Any:
    """Every fact of a lead and of its person, newest first, revoked ones too. Needs the scope `leads:read`."""
    actor = _actor(request)
    card = queries.card(lead_id, by=actor)
    about = About(lead_ids=[lead_id], person_id=card.person["id"])
    page = facts.facts(about, by=actor, kinds=kinds_of(ask.family), after=ask.after, limit=ask.limit)
    return {"items": [fact_out(fact, page.names) for fact in page.facts], "next": page.after or None}


def fact_out(fact: FactRow, names: Names) -> dict[str, Any]:
    """A fact as the API gives it."""
    said = sentence(fact, names)
    actors = {"user": names.users, "key": names.keys}.get(fact.actor_kind, {})
    return {
        "id": fact.id,
        "kind": fact.kind,
        "family": wording_of(fact.kind).family.value,
        "at": fact.at,
        "learnt_at": fact.learnt_at,
        "text": str(said),
        "body": said.body or None,
        "actor_kind": fact.actor_kind,
        "actor_id": fact.actor_id,
        "actor": actors.get(fact.actor_id or 0),
        "lead_id": fact.lead_id,
        "person_id": fact.person_id,
        "opportunity_id": fact.opportunity_id,
        "door": fact.door or None,
        "channel": fact.channel or None,
        "source": fact.source or None,
        "campaign_id": fact.campaign_id,
        "campaign": names.campaigns.get(fact.campaign_id or 0),
        "import_id": fact.import_id,
        "path": fact.path or None,
        "value": None if fact.value is None else str(fact.value),
        "is_machine": fact.is_machine,
        "is_revoked": fact.is_revoked,
        "payload": fact.payload,
        "details": fact.details,
    }


# Moving and logging ---------------------------------------------------------------------------------------------------


class StageIn(In):
    """Where a lead shall go."""

    stage: Annotated[str, StringConstraints(max_length=20)] = Field(
        examples=["sql"], description=f"One of {', '.join(moving.MOVES_TO)}."
    )
    reason: Text = Field("", description="Why it leaves; needed for disqualified and lost.", examples=["off_target"])
    version: Version | None = Field(None, description="The version you saw: refused (412) when it has changed since.")


@router.post("/leads/{lead_id}/stage", response={200: LeadDetail, **PROBLEMS}, summary="Move a lead", by_alias=True)
def move_stage(request: HttpRequest, lead_id: Id, body: StageIn, idempotency_key: Key = "") -> Any:
    """Move a lead to another stage. Needs the scope `leads:write`.

    A lead becomes an opportunity when one is recorded for it, and a customer when it is won: not here (409).
    """
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        moving.move_lead(Move(lead_id, body.stage, body.reason, version=body.version), by=actor, at=at)
        return _detail(lead_id, actor)

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


class ActivityIn(In):
    """Something that happened with a lead."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=40)] = Field(
        examples=["call_logged"], description=f"One of {', '.join(sorted(commands.KINDS))}."
    )
    text: LongText = Field("", examples=["Asks for an offer for 120 technicians."])
    outcome: Annotated[str, StringConstraints(max_length=20)] = Field(
        "", description="Of a call, and needed for one.", examples=["reached"]
    )
    at: Moment | None = Field(None, description="When it happened, if not now. RFC 3339.")
    channel: Annotated[str, StringConstraints(max_length=16)] = Field("", examples=["phone"])
    path: Annotated[str, StringConstraints(max_length=2000)] = Field("", description="The page it happened on.")

    @field_validator("channel")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and value not in rules.CHANNELS:
            raise ValueError(f"must be one of {', '.join(rules.CHANNELS)}")
        return value


class ActivityOut(Schema):
    """What was logged, and where the lead stands after it."""

    lead_id: int
    kind: str
    at: datetime
    stage: str
    version: int


@router.post("/leads/{lead_id}/activities", response={201: ActivityOut, **PROBLEMS}, summary="Log an act")
def create_activity(request: HttpRequest, lead_id: Id, body: ActivityIn, idempotency_key: Key = "") -> Any:
    """Log a note, a call, a message, a meeting, or what the person did. Needs the scope `leads:write`.

    The score follows, and a call or a message stops the clock of the first contact.
    """
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        commands.log_act(ActOn(lead_id=lead_id, **body.model_dump()), by=actor, at=at, door="api")
        row = listing.visible_row(lead_id, by=actor)
        assert row is not None  # noqa: S101 — the act was logged on it
        happened = min(body.at or at, at)
        return {"lead_id": lead_id, "kind": body.kind, "at": happened, "stage": row.stage, "version": row.version}

    return Status(201, idempotency.answer_request(request, idempotency_key, act, by=actor, at=at))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
