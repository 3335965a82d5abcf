"""Mails made into acts of the timeline: only those with people who are known, each once. Also the BCC address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Lower

from filon.core import waiting
from filon.core.access import SCOPES, Actor
from filon.core.inbox import Arrival
from filon.core.line import Entry, Item
from filon.core.models import User
from filon.kit import sql
from filon.kit.mails import Mail
from filon.leads.events import AutoAnswered, Bounced, MessageSent, Replied, Unsubscribed
from filon.mailboxes import rules
from filon.mailboxes.models import Account, Thread, WrittenMail

ROUTE: Final = "IMAP own"
_MAIL: Final = Actor("mail", permissions=SCOPES["events:write"])
_KINDS: Final = {
    "reply": Replied.kind,
    "bounce": Bounced.kind,
    "objection": Unsubscribed.kind,
    "automatic": AutoAnswered.kind,
}
"""What each sort of mail that came in tells; a delay tells nothing."""

_answered: Callable[[Sequence[str]], int | None] = lambda _refers: None  # noqa: E731 — wired at start


def connect(answered: Callable[[Sequence[str]], int | None]) -> None:
    """Set who knows which lead had a message of the workspace with one of these Message-IDs; called once at start."""
    global _answered  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _answered = answered


def tell_received(mail: Mail, place: str, *, at: datetime) -> bool:
    """Keep a mail that a known person, or their server, wrote to a colleague; whether it is one.

    place: where it lies, should it have no Message-ID. Five statements at the most. In the caller's transaction.
    """
    kind = _KINDS.get(mail.kind)
    if kind is None or _colleagues([mail.sender]):
        return False
    whom = _answerer(mail)
    if whom is None:
        return False
    lead_id, address = whom
    _store(mail, kind, rules.once_key(mail.message_id, place), lead_id, address, by=_MAIL, at=at)
    if lead_id and kind == Replied.kind:
        _tie(mail, lead_id, is_from_them=True, at=at)
    return True


def tell_sent(mail: Mail, place: str, *, user_id: int, at: datetime) -> bool:
    """Keep a mail that a colleague wrote to known people with a mail program of theirs; whether it is one.

    What they wrote here is known already. In the caller's transaction.
    """
    if mail.kind not in {"reply", "objection"} or not mail.recipients:
        return False
    if WrittenMail.objects.filter(message_id=mail.message_id).exists():
        return False
    known = _known(set(mail.recipients) - _colleagues(mail.recipients))
    for address in known:
        lead_id = _lead_of(address)
        once = rules.once_key(mail.message_id, place, address)
        _store(mail, MessageSent.kind, once, None, address, by=Actor("user", user_id), at=at)
        if lead_id:
            _tie(mail, lead_id, is_from_them=False, at=at)
    return bool(known)


def tell_dropped(mail: Mail, place: str, *, at: datetime) -> bool:
    """Keep a mail that came to a colleague's BCC address; whether it did, known readers or not."""
    user_id = rules.dropped_by(mail.delivered_to, settings.SECRET_KEY)
    if user_id is None or not User.objects.filter(pk=user_id, is_active=True).exists():
        return False
    tell_sent(mail, place, user_id=user_id, at=at)
    return True


def tell_written(written: WrittenMail, *, at: datetime) -> None:
    """A mail that was written here is sent: that is an act of its author. In the caller's transaction."""
    body = {
        "kind": MessageSent.kind,
        "text": rules.timeline_text(written.subject, written.text),
        "at": at.isoformat(),
        "lead_id": written.lead_id,
    }
    by = Actor("user", written.author_id)
    once = rules.once_key(written.message_id, "", written.to_email.lower())
    waiting.store(door="mail", kind="event", route=ROUTE, body=body, by=by, at=at, once=once)
    Thread.objects.bulk_create(
        [
            Thread(
                message_id=written.message_id,
                lead_id=written.lead_id,
                subject=written.subject,
                is_from_them=False,
                at=at,
            )
        ],
        ignore_conflicts=True,
    )


def _store(mail: Mail, kind: str, once: str, lead_id: int | None, address: str, *, by: Actor, at: datetime) -> None:
    said_at = mail.at if mail.at is not None and mail.at <= at else at
    whom: dict[str, Any] = {"lead_id": lead_id} if lead_id else {"email": address}
    text = rules.timeline_text(mail.subject, mail.text)
    body = {"kind": kind, "text": text, "at": said_at.isoformat(), **whom}
    waiting.store(door="mail", kind="event", route=ROUTE, body=body, by=by, at=at, once=once)


def _tie(mail: Mail, lead_id: int, *, is_from_them: bool, at: datetime) -> None:
    if mail.message_id:
        tied = Thread(
            message_id=mail.message_id[:320], lead_id=lead_id, subject=mail.subject, is_from_them=is_from_them, at=at
        )
        Thread.objects.bulk_create([tied], ignore_conflicts=True)


# Who it is --------------------------------------------------------------------------------------------------------


def _answerer(mail: Mail) -> tuple[int | None, str] | None:
    """(lead, address) of whoever wrote: by the mail it answers, else by the sender's address; None for strangers."""
    refers = list(mail.refers[-20:])
    if refers:
        found = Thread.objects.filter(message_id__in=refers).order_by("-at").values_list("lead_id", flat=True).first()
        lead_id = found if found is not None else _answered(refers)
        if lead_id is not None:
            return lead_id, mail.sender
    if not _known([mail.sender]):
        return None
    return (_lead_of(mail.sender) if mail.kind == "reply" else None), mail.sender


def _known(addresses: Iterable[str]) -> list[str]:
    """Those of these addresses that belong to known people. One statement."""
    wanted = sorted({address for address in addresses if address})
    if not wanted:
        return []
    where, params = sql.any_of("value", wanted)
    found = {
        row[0] for row in sql.fetch(f"SELECT value FROM leads_identifier WHERE {where} AND kind = 'email'", params)
    }
    return [address for address in wanted if address in found]


def _lead_of(address: str) -> int | None:
    """The lead that a conversation with this address belongs to: the open one, else the latest. One statement."""
    found = sql.fetch(
        "SELECT lead.id FROM leads_identifier identifier JOIN leads_lead lead ON lead.person_id = identifier.person_id "
        "WHERE identifier.value = %s AND identifier.kind = 'email' ORDER BY lead.is_open DESC, lead.id DESC LIMIT 1",
        [address],
    )
    return int(found[0][0]) if found else None


def _colleagues(addresses: Iterable[str]) -> set[str]:
    """Those of these addresses that are our own: what colleagues write to each other is nobody's business. One
    statement."""
    wanted = list({address for address in addresses if address})
    if not wanted:
        return set()
    users = User.objects.annotate(own=Lower("email")).filter(own__in=wanted).values_list("own", flat=True)
    boxes = Account.objects.annotate(own=F("email")).filter(own__in=wanted).values_list("own", flat=True)
    return set(users.union(boxes))


# Down the line ----------------------------------------------------------------------------------------------------


def arrival(body: Any, by: Actor, at: datetime) -> Arrival:
    """What was kept of a mail, as an arrival of the line; also how it is replayed."""
    values: dict[str, Any] = {
        "kind": body["kind"],
        "at": datetime.fromisoformat(body["at"]),
        "text": body["text"],
        "channel": "email",
        "is_machine": body["kind"] == AutoAnswered.kind,
    }
    values |= {name: body[name] for name in ("lead_id", "email") if name in body}
    if body["kind"] == Unsubscribed.kind:
        values["consent.email"] = False
    entry = Entry(kind="event", door="mail", at=at, values=values)
    return Arrival(door="mail", kind="event", route=ROUTE, entries=[entry], payload=body, by=by, at=at, shape=_nothing)


def _nothing(items: Sequence[Item]) -> dict[str, Any]:
    del items
    return {}
