"""The job that hands written mails over to their author's own server: each is claimed, offered, settled."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.jobs import JobContext
from filon.kit.imap import MailboxError
from filon.kit.relay import Outgoing, Said, Smtp, Verdict, mailbox
from filon.leads import suppression
from filon.mailboxes import servers, telling
from filon.mailboxes.models import Account, WrittenMail

log = logging.getLogger("filon.mailbox")
_POLICY: Final = SMTP.clone(max_line_length=78)
WAITS_S: Final = (30, 120, 600, 3_600, 4 * 3_600)
"""How long a mail that the server put off waits for its next try; after the last it has failed."""
State = WrittenMail.State


def send_all(job: JobContext) -> None:
    """Hand over every mail that is due. What a run that died was handing over is called uncertain, and stays so."""
    run = f"{job.claim.id}:{job.claim.lease}"
    lost = WrittenMail.objects.filter(state=State.HANDING_OVER).exclude(run=run)
    lost.update(state=State.UNCERTAIN, settled_at=timezone.now())
    due = list(_due(timezone.now()).values_list("account_id", flat=True).distinct())
    for account in Account.objects.filter(pk__in=due, is_paused=False):
        _send_of(account, job, run)


def _due(at: datetime) -> QuerySet[WrittenMail]:
    return WrittenMail.objects.filter(state=State.WAITING, due_at__lte=at, account__isnull=False)


def _send_of(account: Account, job: JobContext, run: str) -> None:
    name = urlsplit(settings.FILON_BASE_URL).hostname or "localhost"
    try:
        smtp = servers.open_smtp(account, name=name)
    except MailboxError as error:
        for written in _due(timezone.now()).filter(account=account):
            _put_off(written, str(error)[:300], timezone.now(), state=State.WAITING)
        return
    try:
        for written in _due(timezone.now()).filter(account=account).order_by("due_at", "id"):
            if job.is_leaving or job.is_cancelled():
                return
            _hand_over(written, account, smtp, run)
    finally:
        smtp.close()


def _hand_over(written: WrittenMail, account: Account, smtp: Smtp, run: str) -> None:
    try:
        content = compose(written, account, at=timezone.now())
    except ValueError as error:  # an address that no header can hold
        _settle(written, State.WAITING, state=State.FAILED, said=type(error).__name__)
        return
    with transaction.atomic():  # an objection that came meanwhile counts
        if not written.answers and suppression.reasons_of([written.to_email]):
            _settle(written, State.WAITING, state=State.FAILED, said=_("This address must not be written to any more."))
            return
        claimed = WrittenMail.objects.filter(pk=written.pk, state=State.WAITING).update(
            state=State.HANDING_OVER, run=run, attempts=F("attempts") + 1
        )
    if claimed:
        written.attempts += 1
        written.run = run
        said = smtp.hand_over(Outgoing(account.email, written.to_email, content))
        _told(written, said)
        if said.verdict is Verdict.ACCEPTED:
            _keep_copy(account, written.message_id, content)


def _told(written: WrittenMail, said: Said) -> None:
    at, words = timezone.now(), f"{said.code} {said.text}".strip()[:300]
    match said.verdict:
        case Verdict.ACCEPTED:
            with transaction.atomic():
                if _settle(written, State.HANDING_OVER, state=State.SENT, said=words, text=""):
                    telling.tell_written(written, at=at)
        case Verdict.UNCERTAIN:
            _settle(written, State.HANDING_OVER, state=State.UNCERTAIN, said=words)
        case Verdict.REFUSED:
            _settle(written, State.HANDING_OVER, state=State.FAILED, said=words)
        case _:
            _put_off(written, words, at, state=State.HANDING_OVER)


def _put_off(written: WrittenMail, words: str, at: datetime, *, state: str) -> None:
    """Another try later; after the last it has failed."""
    tries = written.attempts if state == State.HANDING_OVER else written.attempts + 1
    if tries > len(WAITS_S):
        _settle(written, state, state=State.FAILED, said=words)
        return
    later = at + timedelta(seconds=WAITS_S[tries - 1])
    mine = WrittenMail.objects.filter(pk=written.pk, state=state)
    mine.update(state=State.WAITING, said=words, due_at=later, attempts=tries)


def _settle(written: WrittenMail, was: str, **values: str) -> bool:
    """Write down what became of a mail, if it still is where this run left it."""
    mine = WrittenMail.objects.filter(pk=written.pk, state=was)
    if was == State.HANDING_OVER:
        mine = mine.filter(run=written.run)
    return bool(mine.update(settled_at=timezone.now(), **values))


def _keep_copy(account: Account, message_id: str, content: bytes) -> None:
    """Put what was sent among the colleague's sent mails, where the server has not done so itself. A convenience: what
    goes wrong is written to the log, the mail is sent all the same."""
    if not account.sent_folder:
        return
    try:
        box = servers.open_mailbox(account)
        try:
            box.open(account.sent_folder)
            if not box.holds(message_id):
                box.keep(account.sent_folder, content)
        finally:
            box.close()
    except MailboxError as error:
        log.warning("no copy was kept for account %d: %s", account.pk, type(error).__name__)


def compose(written: WrittenMail, account: Account, *, at: datetime) -> bytes:
    """The mail as it goes out: plain words, as a person writes them. Raises ValueError for an address no header holds.

    It says nothing of programs and is not followed: no image, no counted link.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(account.from_name, account.email)
    message["To"] = mailbox(written.to_name, written.to_email)
    message["Subject"] = written.subject
    message["Date"] = at
    message["Message-ID"] = written.message_id
    if written.answers:
        message["In-Reply-To"] = written.answers
        message["References"] = written.answers
    message.set_content(written.text + "\n", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()
