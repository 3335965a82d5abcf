"""The REST API of opportunities: take them in, read, list and change them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import ValidationError

from filon.core import idempotency, inbox
from filon.core.access import Actor
from filon.core.idempotency import Key
from filon.core.inbox import Arrival
from filon.core.line import Entry, Item
from filon.deals import commands, queries
from filon.deals.listing import fields
from filon.deals.listing import queries as listing
from filon.deals.shapes import (
    PROBLEMS,
    ListQuery,
    OpportunityChange,
    OpportunityIn,
    OpportunityOut,
    OpportunityPage,
    OpportunityTaken,
    out,
)
from filon.kit import identifiers, json_in, web
from filon.kit.errors import Kind, Refused
from filon.kit.identifiers import ValueProblem
from filon.kit.shapes import Id

router = Router(tags=["opportunities"])
ROUTE: Final = "POST /api/v1/opportunities"


# Taking in ------------------------------------------------------------------------------------------------------------


@router.post(
    "/opportunities", response={201: OpportunityTaken, **PROBLEMS}, summary="Take in an opportunity", by_alias=True
)
def create_opportunity(request: HttpRequest, body: OpportunityIn, idempotency_key: Key = "") -> Any:
    """Take one opportunity down the line: its account, owner, product and stage are found by name or kept by it.

    With an `external_id`, sending it again changes the same opportunity. One that names a lead moves it: won makes it
    a customer, and the account too.
    """
    arrival = _arrival(body, json_in.read(request.body), by=_actor(request), at=timezone.now(), key=idempotency_key)
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
    idempotency.check_key(key)
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


_NORMALISERS: Final[dict[str, Callable[[str], Any]]] = {
    "email": identifiers.normalise_email,
    "company.country": identifiers.normalise_country,
    "company.domain": identifiers.normalise_domain,
    "company.siren": identifiers.normalise_siren,
}


def _entry(said: OpportunityIn, at: datetime) -> Entry:
    """The entry of an opportunity. Raises Refused naming the identifiers that are wrong."""
    given = {field: value for field, value in said if field not in {"system", "company", "attributes"}}
    given |= {f"company.{field}": value for field, value in said.company or ()}
    values = {_FIELDS.get(field, field): value for field, value in given.items() if not _is_blank(value)}
    _normalise(values)
    attributes = {name: value for name, value in said.attributes.items() if value}
    key = values.get("external_id", "")
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


def _normalise(values: dict[str, Any]) -> None:
    problems: list[dict[str, object]] = []
    for field, normalise in _NORMALISERS.items():
        if field in values:
            try:
                values[field] = normalise(values[field])
            except ValueProblem as problem:
                problems.append({"field": field, "message": str(problem), "code": problem.code})
    if problems:
        message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
        raise Refused(message, Kind.INVALID, problems, "invalid")


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _taken(items: Sequence[Item], by: Actor) -> dict[str, Any]:
    """What became of the one that was sent. One statement."""
    item = items[0]
    record_id = item.record["id"] if item.record else (item.source_record or {}).get("record_id", 0)
    rows = queries.opportunities_with([record_id], by=by)
    return {**(out(rows[0]) if rows else {}), "outcome": item.outcome}


def _invalid(error: ValidationError) -> Refused:
    problems: list[dict[str, object]] = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"], "code": item["type"]}
        for item in error.errors(include_url=False, include_input=False, include_context=False)[:50]
    ]
    message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems[:5])
    return Refused(message, Kind.INVALID, problems, "invalid")


# Reading and changing -------------------------------------------------------------------------------------------------


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
def change_opportunity(
    request: HttpRequest, opportunity_id: Id, body: OpportunityChange, idempotency_key: Key = ""
) -> Any:
    """Change an opportunity. A stage that is won asks for the amount and `closed_on`, a lost one for its `reason`."""
    values = body.model_dump(exclude_unset=True)
    version = values.pop("version", None)
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        commands.change_opportunity(opportunity_id, values, by=actor, at=at, version=version)
        return out(queries.opportunity(opportunity_id, by=actor))

    return idempotency.answer_request(request, idempotency_key, act, by=actor, at=at)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
