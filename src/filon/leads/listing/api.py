"""The REST API of lists of leads and of saved filters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from filon.core import idempotency
from filon.core.access import Actor
from filon.core.conditions import ConditionError
from filon.core.idempotency import Key
from filon.leads.listing import orders, queries, segments
from filon.leads.listing.queries import Ask
from filon.leads.listing.rows import LeadRow
from filon.leads.listing.segments import Draft, SegmentRow

router = Router(tags=["leads"])

Condition = Annotated[str, StringConstraints(max_length=segments.LONGEST_CONDITION)]
Cursor = Annotated[str, StringConstraints(max_length=4000)]


class ListQuery(Schema):
    """How a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=queries.MOST)] = queries.PAGE
    after: Cursor = Field("", description="`next` of the page before.")
    filter: Condition = Field(
        "", description="A condition.", examples=["stage in (mql, sql) and company.employees >= 50"]
    )
    sort: Annotated[str, StringConstraints(max_length=40)] = Field(
        orders.DEFAULT,
        description=f"One of {', '.join(orders.SORTS)}. Leads without a value in it come last.",
    )
    q: Annotated[str, StringConstraints(max_length=200)] = Field(
        "",
        description="Words, each the beginning of one of the name, company, job, e-mail or phone.",
        examples=["claire"],
    )


class LeadOut(Schema):
    """A lead as lists give it. Times are RFC 3339 UTC."""

    id: int
    person_id: int
    company_id: int | None
    external_id: str | None = Field(description="Its id in the system it came from first.")
    full_name: str | None = Field(examples=["Claire Morel"])
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None = Field(examples=["+33612345678"])
    job_title: str | None
    company: str | None = Field(examples=["Sogetrel"])
    stage: str = Field(examples=["mql"])
    stage_since: datetime
    is_open: bool
    reason: str | None = Field(description="Why it left the journey.", examples=["off_target"])
    class_: str | None = Field(alias="class", examples=["buyer"])
    grade: str | None = Field(examples=["A1"])
    fit: float | None
    probability: float | None
    route: str | None = Field(examples=["sdr"])
    channel: str = Field(examples=["web"])
    source: str | None
    medium: str | None
    campaign: str | None
    owner_id: int | None
    owner: str | None
    captured_at: datetime
    last_act_at: datetime | None
    last_act: str | None
    due_at: datetime | None = Field(description="When the first contact is due, as long as it is owed.")
    is_history: bool
    attributes: dict[str, Any]
    version: int


class LeadPage(Schema):
    """A page of leads."""

    items: list[LeadOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class SegmentOut(Schema):
    """A saved filter."""

    id: int
    name: str = Field(examples=["Inbound chaud"])
    condition: str = Field(examples=["channel in (web, organic_search) and grade starts_with a"])
    is_shared: bool
    owner: str | None


class SegmentList(Schema):
    """Saved filters, by name."""

    items: list[SegmentOut]


class SegmentIn(Schema):
    """A filter to save. What a program saves is shared with everybody."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=segments.LONGEST_NAME)] = Field(
        examples=["Inbound chaud"]
    )
    condition: Condition = Field(examples=["channel in (web, organic_search) and grade starts_with a"])


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]]


PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 422, 503), Problem)


@router.get("/leads", response={200: LeadPage, **PROBLEMS}, summary="List leads", by_alias=True, tags=["leads"])
def list_leads(request: HttpRequest, ask: Query[ListQuery]) -> Any:
    """Leads, the newest first unless `sort` says otherwise. Needs the scope `leads:read`."""
    wanted = Ask(condition=ask.filter, words=ask.q, sort=ask.sort, after=ask.after, limit=ask.limit)
    try:
        page = queries.lead_page(wanted, by=_actor(request), at=timezone.now())
    except ConditionError as error:
        raise segments.condition_refused(error, "filter") from error
    return {"items": [out(row) for row in page.rows], "next": page.next or None}


@router.get("/segments", response={200: SegmentList, **PROBLEMS}, summary="List saved filters")
def list_segments(request: HttpRequest) -> Any:
    """The saved filters shared with everybody. Needs the scope `leads:read`."""
    return {"items": [segment_out(row) for row in segments.segments(by=_actor(request))]}


@router.post("/segments", response={201: SegmentOut, **PROBLEMS}, summary="Save a filter")
def create_segment(request: HttpRequest, body: SegmentIn, idempotency_key: Key = "") -> Any:
    """Save a condition under a name, shared with everybody. Needs the scope `admin`.

    Saving the same condition under the same name again answers with the filter there is; another condition under a
    name that is taken is refused (409).
    """
    actor, at = _actor(request), timezone.now()
    draft = Draft(name=body.name, condition=body.condition, is_shared=True)

    def act() -> Any:
        return segment_out(segments.save_once(draft, by=actor, at=at))

    return Status(201, idempotency.answer_request(request, idempotency_key, act, by=actor, at=at))


def out(row: LeadRow) -> dict[str, Any]:
    """A lead as the API gives it: what is not known is null."""
    return {
        "id": row.id,
        "person_id": row.person_id,
        "company_id": row.company_id,
        "external_id": row.external_id or None,
        "full_name": row.name or None,
        "first_name": row.first_name or None,
        "last_name": row.last_name or None,
        "email": row.email or None,
        "phone": row.phone or None,
        "job_title": row.job_title or None,
        "company": row.company or None,
        "stage": row.stage,
        "stage_since": row.stage_since,
        "is_open": row.is_open,
        "reason": row.reason or None,
        "class": row.lead_class or None,
        "grade": row.grade or None,
        "fit": None if row.fit is None else float(row.fit),
        "probability": row.probability,
        "route": row.route or None,
        "channel": row.channel,
        "source": row.source or None,
        "medium": row.medium or None,
        "campaign": row.campaign or None,
        "owner_id": row.owner_id,
        "owner": row.owner or None,
        "captured_at": row.captured_at,
        "last_act_at": row.last_act_at,
        "last_act": row.last_act or None,
        "due_at": row.promised_by,
        "is_history": row.is_history,
        "attributes": row.attributes,
        "version": row.version,
    }


def segment_out(row: SegmentRow) -> dict[str, Any]:
    """A saved filter as the API gives it."""
    return {
        "id": row.id,
        "name": row.name,
        "condition": row.condition,
        "is_shared": row.is_shared,
        "owner": row.owner or None,
    }


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
