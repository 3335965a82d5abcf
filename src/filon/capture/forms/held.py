"""Answers to forms that look like a machine's: looked at by those who make forms, let in or thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from filon.core import waiting
from filon.core.access import Actor
from filon.core.models import InboxEntry

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One answer: who says to be whom, and what they wrote."""

    id: int
    received_at: datetime
    name: str
    email: str
    phone: str
    message: str


def held(form_id: int, *, by: Actor) -> list[HeldRow]:
    """The newest answers to a form that are held back. One statement. Needs `forms.change`."""
    by.require("forms.change")
    return [_row(entry) for entry in _of(form_id)[:SHOWN]]


def _row(entry: InboxEntry) -> HeldRow:
    lead: dict[str, Any] = entry.payload.get("body", {}).get("lead", {})
    said = {name: str(lead.get(name) or "") for name in ("first_name", "last_name", "email", "phone", "message")}
    name = f"{said['first_name']} {said['last_name']}".strip()
    return HeldRow(entry.pk, entry.received_at, name, said["email"], said["phone"], said["message"][:300])


def let_in(form_id: int, ids: Sequence[int], *, by: Actor) -> int:
    """These were people: a worker takes what they sent down the line; how many. Needs `forms.change`."""
    by.require("forms.change")
    return waiting.release(_of(form_id).filter(pk__in=ids))


def throw_away(form_id: int, ids: Sequence[int], *, by: Actor) -> int:
    """These were machines: nothing of them is kept; how many. Needs `forms.change`."""
    by.require("forms.change")
    return waiting.discard(_of(form_id).filter(pk__in=ids))


def _of(form_id: int) -> QuerySet[InboxEntry]:
    return waiting.held("form").filter(actor_id=form_id)
