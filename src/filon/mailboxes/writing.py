"""Writing a mail from a lead in one's own name: it waits some seconds, during which it can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import suppression
from filon.leads.models import Person
from filon.leads.sight import seen_by
from filon.mailboxes.events import MailWithdrawn, MailWritten
from filon.mailboxes.models import Account, Thread, WrittenMail

REGRET: Final = timedelta(seconds=10)
"""How long a mail waits before it goes."""
LONGEST: Final = 20_000
State = WrittenMail.State


_templates: Callable[[Actor], Sequence[tuple[int, str]]] = lambda _by: ()  # noqa: E731 — wired at start
_filled: Callable[[int, int, Actor], tuple[str, str]] = lambda _t, _l, _by: ("", "")  # noqa: E731


def connect(
    templates: Callable[[Actor], Sequence[tuple[int, str]]], filled: Callable[[int, int, Actor], tuple[str, str]]
) -> None:
    """Set who knows the templates, (id, name), and fills one (id, for a lead) as (subject, text); called once."""
    global _templates, _filled
    _templates, _filled = templates, filled


def templates(*, by: Actor) -> Sequence[tuple[int, str]]:
    """The templates a mail can begin with, (id, name). One statement."""
    return _templates(by)


def filled(template_id: int, lead_id: int, *, by: Actor) -> tuple[str, str]:
    """(subject, text) of a template for a lead's person. Raises Refused."""
    return _filled(template_id, lead_id, by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail to be. answers: the Message-ID it answers, of a mail on the lead's timeline; empty for a new matter.

    key: names the draft, so that sending it twice is sending it once.
    """

    lead_id: int
    subject: str
    text: str
    answers: str = ""
    key: str = ""


def write(draft: Draft, *, by: Actor, at: datetime) -> WrittenMail:
    """Have a mail sent from the actor's own mailbox, some seconds from now. Needs `leads.act`. Emits MailWritten.

    Raises Refused: no mailbox, no address, or a person who must not be written to (an answer to them always may).
    """
    by.require("leads.act")
    author_id = by.id or 0
    person_id = seen_by(by, [draft.lead_id]).get(draft.lead_id)
    if person_id is None:
        raise not_found(_("Lead"))
    account = Account.objects.filter(user_id=author_id).first()
    if account is None or account.is_paused:
        raise Refused(_("Connect your mailbox first."), Kind.CONFLICT, code="no_mailbox")
    person = Person.objects.get(pk=person_id)
    _check(person, draft)
    message_id = f"<{draft.key or uuid.uuid4().hex}@{account.email.rpartition('@')[2]}>"
    with transaction.atomic():
        written, is_new = WrittenMail.objects.get_or_create(
            message_id=message_id,
            defaults={
                "account": account,
                "author_id": author_id,
                "lead_id": draft.lead_id,
                "to_name": person.full_name,
                "to_email": person.email,
                "subject": " ".join(draft.subject.split())[:300],
                "text": draft.text.replace("\r\n", "\n").strip(),
                "answers": draft.answers,
                "due_at": at + REGRET,
                "written_at": at,
            },
        )
        if written.author_id != author_id:
            raise Refused(_("This mail was written by somebody else."), Kind.CONFLICT)
        if is_new:
            fact = MailWritten(at=at, lead_id=written.lead_id, person_id=person_id, written_id=written.pk)
            ledger.append([fact], by=by, learnt_at=at)
    return written


def _check(person: Person, draft: Draft) -> None:
    if not person.email:
        raise Refused(_("There is no e-mail address of this person."), Kind.CONFLICT, code="no_address")
    if not draft.subject.strip() or not draft.text.strip():
        raise Refused(_("A mail needs a subject and some words."), Kind.INVALID)
    if len(draft.text) > LONGEST:
        raise Refused(_("This is too long for a mail of words: attach it elsewhere, or shorten it."), Kind.INVALID)
    is_answer = bool(draft.answers) and answerable(draft.lead_id, draft.answers) is not None
    if draft.answers and not is_answer:
        raise Refused(_("The mail that this answers is not on the timeline."), Kind.INVALID)
    reason = suppression.reasons_of([person.email]).get(person.email, "")
    if reason == suppression.OBJECTION and not is_answer:
        raise Refused(
            _("This person has objected to our messages: only an answer to a mail of theirs may be sent."),
            Kind.CONFLICT,
            code="objected",
        )
    if reason and reason != suppression.OBJECTION:
        raise Refused(
            _("This address does not exist: a message to it came back. Correct it first."),
            Kind.CONFLICT,
            code="bounced",
        )


def answerable(lead_id: int, message_id: str) -> Thread | None:
    """The mail of the lead's person with this Message-ID. One statement."""
    return Thread.objects.filter(lead_id=lead_id, message_id=message_id, is_from_them=True).first()


def withdraw(written_id: int, *, by: Actor, at: datetime) -> bool:
    """Take one's mail back; whether it had not gone yet. Needs `leads.act`. Emits MailWithdrawn."""
    by.require("leads.act")
    with transaction.atomic():
        mine = WrittenMail.objects.select_for_update().select_related("lead")
        written = mine.filter(pk=written_id, author_id=by.id or 0, state=State.WAITING).first()
        if written is None:
            return False
        fact = MailWithdrawn(at=at, lead_id=written.lead_id, person_id=written.lead.person_id, written_id=written.pk)
        written.delete()
        ledger.append([fact], by=by, learnt_at=at)
    return True


def send_again(written_id: int, *, by: Actor, at: datetime) -> bool:
    """Have one's mail that failed, or whose fate nobody knows, sent after all, under the same Message-ID.

    An uncertain one may so arrive twice: that is a person's decision. Needs `leads.act`.
    """
    by.require("leads.act")
    account = Account.objects.filter(user_id=by.id or 0, is_paused=False).first()
    if account is None:
        raise Refused(_("Connect your mailbox first."), Kind.CONFLICT, code="no_mailbox")
    mine = WrittenMail.objects.filter(pk=written_id, author_id=by.id, state__in=(State.FAILED, State.UNCERTAIN))
    return bool(
        mine.update(state=State.WAITING, account=account, due_at=at, attempts=0, run="", said="", settled_at=None)
    )


def discard(written_id: int, *, by: Actor) -> bool:
    """Put away one's mail that failed, or whose fate nobody knows. Needs `leads.act`."""
    by.require("leads.act")
    mine = WrittenMail.objects.filter(pk=written_id, author_id=by.id or 0)
    return bool(mine.filter(state__in=(State.FAILED, State.UNCERTAIN)).delete()[0])
