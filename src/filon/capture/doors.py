"""The synchronous doors of the API: from a request's parts to an arrival, and from its answer to a response.

Used twice: by the lean ASGI path that carries the load, and by the documented endpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError

from filon.capture import entries
from filon.core import idempotency
from filon.core.access import Actor
from filon.core.inbox import Answer, Arrival
from filon.core.line import Entry, Item
from filon.kit import json_in, web
from filon.kit.errors import Kind, Refused


@dataclass(frozen=True, slots=True)
class Door:
    """One address that takes entries: what it accepts, what that asks of its caller, and how it answers."""

    route: str
    kind: str
    permission: str
    longest: int  # bytes of body
    shape: type[BaseModel]
    entries: Callable[[Any, datetime], Sequence[Entry]]
    answer: Callable[[Sequence[Item]], Any]
    status: int


def _lead(said: Any, at: datetime) -> Sequence[Entry]:
    return [entries.lead_entry(said, at=at)]


def _events(said: Any, at: datetime) -> Sequence[Entry]:
    return [entries.event_entry(event, at=at) for event in said.events]


LEADS: Final = Door(
    "POST /api/v1/leads", "lead", "leads.create", 1_000_000, entries.LeadIn, _lead, entries.lead_answer, 201
)
EVENTS: Final = Door(
    "POST /api/v1/events", "event", "events.create", 8_000_000, entries.EventsIn, _events, entries.events_answer, 201
)
DOORS: Final = {door.route: door for door in (LEADS, EVENTS)}


def parse(door: Door, body: bytes) -> Any:
    """The JSON of a request's body. Raises Refused."""
    if len(body) > door.longest:
        raise Refused(f"The body is longer than {door.longest} bytes.", Kind.TOO_LARGE, code="too_large")
    data = json_in.read(body)
    if door is EVENTS and isinstance(data, list):
        data = {"events": data}
    if door is EVENTS and isinstance(data, dict) and "kind" in data:
        data = {"events": [data]}
    return data


def arrival(door: Door, data: Any, *, by: Actor, at: datetime, key: str = "") -> Arrival:
    """What was sent, as an arrival of the inbox. Raises Refused: without the right, or naming the wrong fields."""
    by.require(door.permission)
    idempotency.check_key(key)
    try:
        said = door.shape.model_validate(data)
    except ValidationError as error:
        raise _invalid(error) from error
    return Arrival(
        door="api",
        kind=door.kind,
        route=door.route,
        entries=door.entries(said, at),
        payload=data,
        by=by,
        at=at,
        shape=door.answer,
        key=key,
    )


def _invalid(error: ValidationError) -> Refused:
    problems: list[dict[str, object]] = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"], "code": item["type"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]
    message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems[:5])
    return Refused(message, Kind.INVALID, problems, "invalid")


def response(door: Door, answer: Answer) -> tuple[int, bytes, str]:
    """(status, body, content type) of an answer."""
    if answer.refusal is not None:
        return refusal(answer.refusal)
    return door.status, orjson.dumps(answer.body, default=str), "application/json"


def refusal(refused: Refused) -> tuple[int, bytes, str]:
    """(status, body, content type) of a no."""
    body = web.problem_body(refused)
    return body["status"], orjson.dumps(body, default=str), web.PROBLEM_TYPE


def understand(route: str) -> Callable[[Any, Actor, datetime], Arrival]:
    """How a stored body of this route becomes an arrival again (replay)."""
    door = DOORS[route]
    return lambda data, by, at: arrival(door, data, by=by, at=at)
