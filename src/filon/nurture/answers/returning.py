"""The job that reads the mailbox of answers: replies, bounces and objections become acts of the people who wrote.

Only mails that answer a message of ours, or come from somebody who is known, are kept; of all others nothing is.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from filon.core import waiting
from filon.core.access import SCOPES, Actor
from filon.core.inbox import Arrival
from filon.core.jobs import JobContext
from filon.core.line import Entry, Item
from filon.kit import imap, mails, sql
from filon.kit.imap import Mailbox, MailboxError
from filon.kit.mails import Mail
from filon.leads.events import AutoAnswered, Bounced, Replied, Unsubscribed
from filon.nurture.models import Delivery, MailboxState

log = logging.getLogger("filon.mailbox")
ROUTE: Final = "IMAP"
_MAIL: Final = Actor("mail", permissions=SCOPES["events:write"])
_tell_dropped: Callable[..., bool] = lambda _mail, _place, *, at: False  # noqa: E731 — wired at start
_KINDS: Final = {
    "reply": Replied.kind,
    "bounce": Bounced.kind,
    "objection": Unsubscribed.kind,
    "automatic": AutoAnswered.kind,
}
"""What each sort of mail tells; a delay tells nothing."""


def connect(tell_dropped: Callable[..., bool]) -> None:
    """Set who takes mails that colleagues put us in BCC of, (mail, place, at); called once at start by `config`."""
    global _tell_dropped  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _tell_dropped = tell_dropped


def read_mailbox(job: JobContext) -> None:
    """Take in what came since the last time. What goes wrong is written down, and tried again by the next run."""
    url = settings.FILON_MAILBOX_URL
    if not url:
        return
    state = _state(url)
    try:
        box = Mailbox(imap.address_of(url))
        try:
            _read(box, state, job)
        finally:
            box.close()
        state.error = ""
    except MailboxError as error:
        log.warning("the mailbox of answers cannot be read: %s", error)
        state.error = str(error)
    state.checked_at = timezone.now()
    state.save(update_fields=["error", "checked_at"])


def _state(url: str) -> MailboxState:
    """Where reading stands; another mailbox begins anew."""
    mark = hashlib.sha256(url.encode()).hexdigest()
    state = MailboxState.objects.get_or_create(pk=1, defaults={"mark": mark})[0]
    if state.mark != mark:
        MailboxState.objects.filter(pk=1).update(mark=mark, validity=0, last_uid=0, error="", kept=0)
        state.refresh_from_db()
    return state


def _read(box: Mailbox, state: MailboxState, job: JobContext) -> None:
    if state.validity != box.validity:  # never read, or numbered anew: what is there already is not ours to tell
        state.validity, state.last_uid = box.validity, box.newest()
        state.save(update_fields=["validity", "last_uid"])
        return
    for uid, raw in box.since(state.last_uid):
        mail = mails.read(raw)
        with transaction.atomic():  # kept and counted as read in one commit: a killed run loses none and doubles none
            state.kept += _keep(mail, f"{state.mark[:12]}:{box.validity}:{uid}", at=timezone.now())
            state.last_uid = uid
            state.save(update_fields=["last_uid", "kept"])
        if job.is_cancelled() or job.is_leaving:
            return


def _keep(mail: Mail, place: str, *, at: datetime) -> bool:
    """Keep a mail that tells something of somebody known; whether it does. A handful of statements."""
    if _tell_dropped(mail, place, at=at):
        return True
    kind = _KINDS.get(mail.kind)
    whom = _whom(mail) if kind is not None else {}
    if not whom:
        return False
    said_at = mail.at if mail.at is not None and mail.at <= at else at
    body = {"kind": kind, "text": mail.text, "at": said_at.isoformat(), **whom}
    once = f"mail:{hashlib.sha256((mail.message_id or place).encode()).hexdigest()}"
    waiting.store(door="mail", kind="event", route=ROUTE, body=body, by=_MAIL, at=at, once=once)
    return True


def _whom(mail: Mail) -> dict[str, Any]:
    """Whose act it is: by the message of ours that it answers, else by its sender's address."""
    if (lead_id := lead_answered(mail.refers[-20:])) is not None:
        return {"lead_id": lead_id}
    known = sql.fetch("SELECT 1 FROM leads_identifier WHERE value = %s AND kind = 'email'", [mail.sender])
    return {"email": mail.sender} if known and mail.sender else {}


def lead_answered(message_ids: Sequence[str]) -> int | None:
    """The lead that had the latest message of ours with one of these Message-IDs. One statement."""
    found = Delivery.objects.filter(message_id__in=message_ids).order_by("-pk").values_list("lead_id", flat=True)
    return found.first()


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
