"""Writing letters, and withdrawing those that are still to go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from filon.core.access import Actor
from filon.core.models import Letter


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name the workspace writes."""

    name: str
    email: str
    reply_to: str = ""


SHOWN: Final = 50
_STRANDED: Final = (Letter.State.FAILED, Letter.State.UNCERTAIN)
WAITS_S: Final = (30, 120, 600, 3_600, 4 * 3_600, 12 * 3_600)
"""How long a letter that the relay put off waits for its next try; after the last it has failed."""

_sender: Callable[[], Sender | None] | None = None


def connect(sender: Callable[[], Sender | None]) -> None:
    """Set who knows in whose name the workspace writes; called once at start by `config`."""
    global _sender  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _sender = sender


def sender() -> Sender | None:
    """In whose name the workspace writes; None while nobody has said so: letters wait then."""
    return _sender() if _sender is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A letter to be; see the model. due_at: not before."""

    key: str
    to_email: str
    subject: str
    text: str
    due_at: datetime
    to_name: str = ""
    reply_to: str = ""
    calendar: str = ""
    method: str = ""
    until: datetime | None = None


def write(letters: Sequence[New], *, at: datetime) -> None:
    """Have these letters sent, in the caller's transaction. One statement; one whose key is known changes nothing."""
    host = urlsplit(settings.FILON_BASE_URL).hostname or "localhost"
    Letter.objects.bulk_create(
        (
            Letter(
                key=one.key,
                to_name=_line(one.to_name)[:300],
                to_email=one.to_email,
                reply_to=one.reply_to,
                subject=_line(one.subject)[:300],
                text=one.text,
                calendar=one.calendar,
                method=one.method,
                message_id=f"<{uuid.uuid4().hex}@{host}>",
                due_at=one.due_at,
                until=one.until,
                created_at=at,
            )
            for one in letters
        ),
        ignore_conflicts=True,
    )


def withdraw(start: str) -> int:
    """Take back letters that wait and whose key begins so; how many."""
    return Letter.objects.filter(key__startswith=start, state=Letter.State.WAITING).delete()[0]


def stranded(*, by: Actor) -> list[Letter]:
    """Letters that did not arrive, or nobody knows whether they did, the latest first. Needs `health.see`."""
    by.require("health.see")
    return list(Letter.objects.filter(state__in=_STRANDED).order_by("-settled_at", "-id")[:SHOWN])


def send_again(ids: Sequence[int], *, by: Actor, at: datetime) -> int:
    """Have stranded letters sent, now; how many. An uncertain one may so arrive twice: that is a person's decision.

    Needs `jobs.change`.
    """
    by.require("jobs.change")
    found = Letter.objects.filter(pk__in=ids, state__in=_STRANDED).exclude(text="")
    return found.update(state=Letter.State.WAITING, due_at=at, until=None, attempts=0, run="", said="", settled_at=None)


def _line(text: str) -> str:
    """Text that a header can hold."""
    return " ".join(text.split())
