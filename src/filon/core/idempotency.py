"""Idempotency keys for what is no door: a call that runs a command is answered once, and a retry gets that answer.

The doors keep their answers with their entries (`core.inbox`); here the answer is kept in the same table and for as
long, in one commit with what the command did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from django.db import transaction
from django.http import HttpRequest
from ninja import Header

from filon.core.access import Actor
from filon.core.inbox import KEY_KEPT
from filon.core.models import InboxEntry
from filon.kit import sql
from filon.kit.errors import Kind, Refused

LONGEST: Final = 120
"""Characters of a key at the most."""

_NOT_KEPT: Final = frozenset({Kind.BUSY, Kind.TOO_MANY, Kind.FAILED})  # says "try again": so a retry does

Key = Annotated[str, Header(alias="Idempotency-Key")]
"""The key as an endpoint of the API takes it."""


def answer_request(request: HttpRequest, key: str, act: Callable[[], Any], *, by: Actor, at: datetime) -> Any:
    """`answer_once` for a request of the API: its route is its address, its payload its body."""
    body = orjson.loads(request.body) if key and request.body else None
    return answer_once(act, route=f"{request.method} {request.path}", key=key, payload=body, by=by, at=at)


def answer_once(act: Callable[[], Any], *, route: str, key: str, payload: Any, by: Actor, at: datetime) -> Any:
    """What `act` answers (something JSON can hold), or what it answered when this key was first used on this route.

    An answer that is a refusal is kept and raised again, too. Without a key, `act` just runs. Raises Refused: the key
    is too long, was used with another payload, or its first request is still in flight.
    """
    if not key:
        return act()
    if len(key) > LONGEST:
        raise Refused(
            f"An Idempotency-Key has at most {LONGEST} characters.", Kind.INVALID, code="idempotency_key_long"
        )
    scoped_key = f"{by.kind}:{by.id}:{route}:{key}"[:200]
    digest = hashlib.blake2b(orjson.dumps(payload, default=str), digest_size=16).hexdigest()
    with transaction.atomic():
        entry = _entry(scoped_key, at)
        if entry is None:
            entry = InboxEntry.objects.create(
                door="api",
                kind="command",
                received_at=at,
                actor_kind=by.kind,
                actor_id=by.id,
                status=InboxEntry.Status.DONE,
                payload={"route": route, "body": payload},
                idempotency_key=scoped_key,
                payload_hash=digest,
                answer=_first_answer(act),
                attempts=1,
                done_at=at,
            )
        elif entry.payload_hash != digest:
            message = "This Idempotency-Key was used with another body. Send a new key for a new request."
            raise Refused(message, Kind.INVALID, code="idempotency_key_reused")
    return _said(entry.answer)


def _entry(scoped_key: str, at: datetime) -> InboxEntry | None:
    """What the key was answered, if it is still kept. Raises Refused while its first request is in flight.

    Nobody else comes here with the key until this transaction ends: on SQLite because it writes alone.
    """
    if sql.is_postgresql():
        taken = sql.fetch("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [scoped_key])
        if not taken[0][0]:
            message = "A request with this Idempotency-Key is still in flight. Try again in a moment."
            raise Refused(message, Kind.CONFLICT, code="idempotency_in_flight")
    entry = InboxEntry.objects.filter(idempotency_key=scoped_key).first()
    if entry is None or (entry.received_at > at - KEY_KEPT and entry.answer is not None):
        return entry
    InboxEntry.objects.filter(pk=entry.pk).update(idempotency_key=None)
    return None


def _first_answer(act: Callable[[], Any]) -> dict[str, Any]:
    try:
        with transaction.atomic():  # a refusal leaves nothing of what the command had begun
            body = act()
    except Refused as refused:
        if refused.kind in _NOT_KEPT:
            raise
        return {
            "refusal": {
                "message": refused.message,
                "kind": refused.kind.value,
                "errors": refused.errors,
                "code": refused.code,
            }
        }
    return {"body": orjson.loads(orjson.dumps(body, default=str))}


def _said(answer: dict[str, Any]) -> Any:
    refused = answer.get("refusal")
    if refused:
        raise Refused(refused["message"], Kind(refused["kind"]), refused["errors"], refused["code"])
    return answer["body"]
