"""The lean way in: `POST /leads` and `/events` past Django's middleware, one await from the socket to the gate.

It keeps what those endpoints promise (bearer key, limits, idempotency, problem+json) and uses no database itself,
except to look a key up that was not seen for some seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import translation

from filon.capture import doors
from filon.capture.doors import DOORS, Door
from filon.core import keys
from filon.core.access import Actor
from filon.core.gate import GATE
from filon.kit import web
from filon.kit.errors import Kind, Refused

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def door_of(scope: Scope) -> Door | None:
    """The door a request is for, when it may take the lean way: a program's call with a bearer key."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    return DOORS.get(f"POST {scope['path']}")


async def serve(door: Door, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one call."""
    try:
        headers = dict(scope["headers"])
        translation.activate(web.api_language(headers.get(b"accept-language", b"").decode("latin-1")))
        by = await _actor(headers.get(b"authorization", b"").decode("latin-1"))
        body = await _body(receive, door.longest)
        key = headers.get(b"idempotency-key", b"").decode("latin-1").strip()
        arrival = doors.arrival(door, doors.parse(door, body), by=by, at=datetime.now(UTC), key=key)
        status, answer, content_type = doors.response(door, (await GATE.submit(arrival)).answer)
    except Refused as refused:
        status, answer, content_type = doors.refusal(refused)
    except DatabaseError:
        busy = Refused("The database does not answer at the moment. Try again.", Kind.BUSY, code="database_unavailable")
        status, answer, content_type = doors.refusal(busy)
    await _answer(send, status, answer, content_type)


async def _actor(header: str) -> Actor:
    known, actor = keys.remembered(header)
    if not known:
        actor = await sync_to_async(_authenticate)(header)
    if actor is None:
        raise Refused("Send a valid API key: Authorization: Bearer filon_…", Kind.NOT_SIGNED_IN, code="no_valid_key")
    return actor


def _authenticate(header: str) -> Actor | None:
    close_old_connections()  # this thread's connection may be older than the database's last restart
    return keys.authenticate(header)


async def _body(receive: Receive, longest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("The caller left before its request was whole.", Kind.MALFORMED, code="malformed")
        part = message.get("body", b"")
        size += len(part)
        if size > longest:
            raise Refused(f"The body is longer than {longest} bytes.", Kind.TOO_LARGE, code="too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes, content_type: str) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
