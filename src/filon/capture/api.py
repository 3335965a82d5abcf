"""The API's doors, as documented endpoints. Under load the same calls take the lean way (`capture.fast`)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from filon.capture import doors
from filon.capture.doors import Door
from filon.capture.entries import EventsIn, LeadIn
from filon.core import inbox
from filon.core.idempotency import Key
from filon.kit.problems import PROBLEMS

router = Router(tags=["capture"])


class ReasonOut(Schema):
    """One line of a score."""

    rule: str
    points: float


class ScoreOut(Schema):
    """How well the lead fits and how engaged it is, and why."""

    fit: float | None
    engagement: float | None
    grade: str | None = Field(examples=["A2"])
    probability: float | None
    reasons: list[ReasonOut]


class CapturedOut(Schema):
    """What became of a submission."""

    id: int
    person_id: int
    company_id: int | None
    stage: str = Field(examples=["qualifying"])
    route: str | None = Field(examples=["sdr"])
    owner: int | None
    score: ScoreOut | None = None
    matched: bool = Field(description="Whether the person was known already.")
    created: bool = Field(description="Whether a lead was opened; otherwise the submission joined the open one.")


class RejectedEvent(Schema):
    """An act that was not taken."""

    index: int
    code: str
    message: str


class EventsOut(Schema):
    """How many acts were taken."""

    accepted: int
    rejected: list[RejectedEvent]


@router.post("/leads", response={201: CapturedOut, **PROBLEMS}, summary="Take in a lead", by_alias=True)
def create_lead(request: HttpRequest, body: LeadIn, idempotency_key: Key = "") -> Any:
    """Take one submission down the whole line and answer with what became of it: known or new, score, route.

    The answer comes after the commit is on disk. A person has one open lead: a second submission joins it.
    """
    return _take(doors.LEADS, request, idempotency_key)


@router.post("/events", response={201: EventsOut, **PROBLEMS}, summary="Take in acts of people")
def create_events(request: HttpRequest, body: EventsIn, idempotency_key: Key = "") -> Any:
    """Take up to 1,000 acts (page views, clicks, replies, calls…). Those of nobody known by name are rejected one by
    one; the rest is kept."""
    return _take(doors.EVENTS, request, idempotency_key)


def _take(door: Door, request: HttpRequest, key: str) -> HttpResponse:
    data = doors.parse(door, request.body)
    actor = request.actor  # type: ignore[attr-defined]
    arrival = doors.arrival(door, data, by=actor, at=timezone.now(), key=key)
    inbox.take([arrival])
    status, body, content_type = doors.response(door, arrival.answer)
    return HttpResponse(body, status=status, content_type=content_type)
