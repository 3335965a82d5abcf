"""Idempotency keys: what a key is, how its answer is kept, and the calls that run a command under one.

A call that runs a command is answered once, in one commit with what the command did; a retry gets that answer. The
doors keep their answers with their entries (`core.inbox`), in the same table, in the same form and for as long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from django.db import transaction
from django.http import HttpRequest
from ninja import Header

from filon.core.access import Actor
from filon.core.models import InboxEntry
from filon.kit import json_in, sql
from filon.kit.errors import Kind, Refused

LONGEST: Final = 120
"""Characters of a key at the most."""

KEPT: Final = timedelta(hours=72)
"""How long the answer to a key is kept."""

_COLUMN: Final = 200
_NOT_KEPT: Final = frozenset({Kind.BUSY, Kind.TOO_MANY, Kind.FAILED})  # says "try again": so a retry does

Key = Annotated[str, Header(alias="Idempotency-Key")]
"""The key as an endpoint of the API takes it."""


# Keys and what is kept of them ----------------------------------------------------------------------------------------


def check_key(key: str) -> None:
    """Raise Refused when the key is longer than keys may be."""
    if len(key) > LONGEST:
        raise Refused(
            f"An Idempotency-Key has at most {LONGEST} characters.", Kind.INVALID, code="idempotency_key_long"
        )


def scoped_key(key: str, *, route: str, by: Actor) -> str:
    """The key as the database knows it: per credential and route."""
    whole = f"{by.kind}:{by.id}:{route}:{key}"
    if len(whole) <= _COLUMN:
        return whole
    tail = hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()  # cut off, two keys would be one
    return f"{whole[: _COLUMN - len(tail)]}{tail}"


def digest(payload: Any) -> str:
    """Hash of what was sent, to tell a retry from another request under the same key."""
    return hashlib.blake2b(orjson.dumps(payload, default=str), digest_size=16).hexdigest()


def kept_answer(body: Any, refusal: Refused | None = None) -> dict[str, Any]:
    """An answer as the table keeps it."""
    if refusal is None:
        return {"body": body}
    said = {"message": refusal.message, "kind": refusal.kind.value, "errors": refusal.errors, "code": refusal.code}
    return {"refusal": said}


def first_answer(kept: dict[str, Any]) -> Any:
    """The body that was answered first. Raises the Refused that was."""
    refused = kept.get("refusal")
    if refused:
        raise Refused(refused["message"], Kind(refused["kind"]), refused["errors"], refused["code"])
    return kept["body"]


def reused() -> Refused:
    """The no to another body under a known key."""
    message = "This Idempotency-Key was used with another body. Send a new key for a new request."
    return Refused(message, Kind.INVALID, code="idempotency_key_reused")


def in_flight() -> Refused:
    """The no to a request whose key's first request has no answer yet."""
    message = "A request with this Idempotency-Key is still in flight. Try again in a moment."
    return Refused(message, Kind.CONFLICT, code="idempotency_in_flight")


# Commands under a key -------------------------------------------------------------------------------------------------


def answer_request(request: HttpRequest, key: str, act: Callable[[], Any], *, by: Actor, at: datetime) -> Any:
    """`answer_once` for a request of the API: its route is its address, its payload its body."""
    body = json_in.read(request.body) if key and request.body else None
    return answer_once(act, route=f"{request.method} {request.path}", key=key, payload=body, by=by, at=at)


def answer_once(act: Callable[[], Any], *, route: str, key: str, payload: Any, by: Actor, at: datetime) -> Any:
    """What `act` answers (something JSON can hold), or what it answered when this key was first used on this route.

    An answer that is a refusal is kept and raised again, too. Without a key, `act` just runs. Raises Refused: the key
    is too long, was used with another payload, or its first request is still in flight.
    """
    if not key:
        return act()
    check_key(key)
    scoped, sent = scoped_key(key, route=route, by=by), digest(payload)
    with transaction.atomic():
        entry = _entry(scoped, at)
        if entry is None:
            entry = InboxEntry.objects.create(
                door="api",
                kind="command",
                received_at=at,
                actor_kind=by.kind,
                actor_id=by.id,
                status=InboxEntry.Status.DONE,
                payload={"route": route, "body": payload},
                idempotency_key=scoped,
                payload_hash=sent,
                answer=_act_once(act),
                attempts=1,
                done_at=at,
            )
        elif entry.payload_hash != sent:
            raise reused()
    return first_answer(entry.answer)


def _entry(scoped: str, at: datetime) -> InboxEntry | None:
    """What the key was answered, if it is still kept. Raises Refused while its first request is in flight.

    Nobody else comes here with the key until this transaction ends: on SQLite because it writes alone.
    """
    if sql.is_postgresql():
        taken = sql.fetch("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [scoped])
        if not taken[0][0]:
            raise in_flight()
    entry = InboxEntry.objects.filter(idempotency_key=scoped).first()
    if entry is None or (entry.received_at > at - KEPT and entry.answer is not None):
        return entry
    InboxEntry.objects.filter(pk=entry.pk).update(idempotency_key=None)
    return None


def _act_once(act: Callable[[], Any]) -> dict[str, Any]:
    try:
        with transaction.atomic():  # a refusal leaves nothing of what the command had begun
            body = act()
    except Refused as refused:
        if refused.kind in _NOT_KEPT:
            raise
        return kept_answer(None, refused)
    return kept_answer(orjson.loads(orjson.dumps(body, default=str)))
