"""Mailboxes and written mails as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.kit import imap
from filon.kit.errors import not_found
from filon.kit.imap import MailboxError
from filon.leads.models import Person
from filon.leads.sight import seen_by
from filon.mailboxes import rules
from filon.mailboxes.models import Account, Thread, WrittenMail

_LIVELY: Final = timedelta(days=60)
"""How long a mail of theirs is offered to be answered."""
_UNSETTLED: Final = ("waiting", "handing_over", "uncertain", "failed")


def own(*, by: Actor) -> Account | None:
    """One's own mailbox. One statement."""
    return Account.objects.filter(user_id=by.id or 0).first()


def drop_address(*, by: Actor) -> str:
    """One's BCC address; empty where the workspace has no mailbox of its own, or its address is not known."""
    try:
        mailbox = imap.address_of(settings.FILON_MAILBOX_URL).user if settings.FILON_MAILBOX_URL else ""
    except MailboxError:
        return ""
    if "@" not in mailbox or by.id is None:
        return ""
    return rules.drop_address(mailbox, rules.drop_token(by.id, settings.SECRET_KEY))


@dataclass(frozen=True, slots=True)
class Whom:
    """The person of a lead, as somebody writes to them. conversations: mails of theirs that can be answered."""

    lead_id: int
    name: str
    email: str
    conversations: Sequence[Thread]


def whom(lead_id: int, *, by: Actor, at: datetime) -> Whom:
    """Who a mail from this lead goes to. Three statements. Needs `leads.act`. Raises Refused (not found)."""
    by.require("leads.act")
    person_id = seen_by(by, [lead_id]).get(lead_id)
    if person_id is None:
        raise not_found(_("Lead"))
    person = Person.objects.only("full_name", "email").get(pk=person_id)
    found = Thread.objects.filter(lead_id=lead_id, is_from_them=True, at__gt=at - _LIVELY).order_by("-at")[:5]
    return Whom(lead_id, person.full_name or person.email, person.email, list(found))


def unsettled(lead_id: int, *, by: Actor) -> list[WrittenMail]:
    """One's own mails to this lead that are on their way or did not arrive, the latest first. One statement."""
    mine = WrittenMail.objects.filter(lead_id=lead_id, author_id=by.id or 0, state__in=_UNSETTLED)
    return list(mine.order_by("-pk")[:5])
