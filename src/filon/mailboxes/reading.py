"""The job that reads colleagues' mailboxes: the inbox and what they sent, each mail once, nothing changed there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from filon.core.jobs import JobContext
from filon.kit import mails, sql
from filon.kit.imap import Mailbox, MailboxError
from filon.kit.mails import Mail
from filon.mailboxes import servers, telling
from filon.mailboxes.models import Account

log = logging.getLogger("filon.mailbox")
AGAIN: Final = timedelta(minutes=10)
"""After what went wrong a mailbox is left alone so long: one that hangs must not keep the others waiting."""
_AT_ONCE: Final = 500
"""Mails of one folder in one run."""


def read_all(job: JobContext) -> None:
    """Take in what came and went since the last time, mailbox by mailbox, those that waited longest first."""
    now = timezone.now()
    due = Account.objects.filter(is_paused=False, user__is_active=True)
    due = due.filter(Q(error="") | Q(checked_at=None) | Q(checked_at__lte=now - AGAIN))
    for account in due.select_related("user").order_by(F("checked_at").asc(nulls_first=True), "pk"):
        if job.is_cancelled() or job.is_leaving:
            return
        _read(account, job)


def _read(account: Account, job: JobContext) -> None:
    error = ""
    try:
        box = servers.open_mailbox(account)
        try:
            _read_folder(box, account, "inbox", job)
            if account.sent_folder:
                box.open(account.sent_folder)
                _read_folder(box, account, "sent", job)
        finally:
            box.close()
    except MailboxError as found:
        log.warning("the mailbox of account %d cannot be read: %s", account.pk, type(found).__name__)
        error = str(found)[:200]
    Account.objects.filter(pk=account.pk).update(error=error, checked_at=timezone.now())


def _read_folder(box: Mailbox, account: Account, folder: str, job: JobContext) -> None:
    """Read one folder on. What was there before the mailbox was connected is not ours to tell."""
    validity, last = f"{folder}_validity", f"{folder}_uid"
    mine = Account.objects.filter(pk=account.pk, login=account.login, imap_host=account.imap_host)
    if getattr(account, validity) != box.validity:
        mine.update(**{validity: box.validity, last: box.newest()})
        return
    for done, (uid, raw) in enumerate(box.since(getattr(account, last))):
        mail, place = mails.read(raw), f"{account.pk}:{folder}:{box.validity}:{uid}"
        here = mine.filter(**{validity: box.validity})
        try:
            with transaction.atomic():  # kept and counted as read in one commit: a kill loses none and doubles none
                kept = _TELL[folder](mail, place, account, timezone.now())
                is_ours = here.update(**{last: uid, "kept": F("kept") + int(kept)})
                if not is_ours:  # taken away, or connected elsewhere, meanwhile
                    transaction.set_rollback(True)
        except Exception as error:  # one odd mail must not stop those behind it
            if sql.is_unavailable(error):
                raise
            log.exception("mail %s could not be kept", place)
            is_ours = here.update(**{last: uid})
        if not is_ours:
            return
        if done + 1 >= _AT_ONCE or job.is_cancelled() or job.is_leaving:
            return


def _received(mail: Mail, place: str, account: Account, at: datetime) -> bool:
    del account
    return telling.tell_received(mail, place, at=at)


def _sent(mail: Mail, place: str, account: Account, at: datetime) -> bool:
    return telling.tell_sent(mail, place, user_id=account.user_id, at=at)


_TELL: Final[dict[str, Callable[[Mail, str, Account, datetime], bool]]] = {"inbox": _received, "sent": _sent}
