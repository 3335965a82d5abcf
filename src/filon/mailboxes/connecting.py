"""Connecting, pausing and taking away one's own mailbox."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.kit import sealing
from filon.kit.errors import Kind, Refused
from filon.kit.imap import MailboxError
from filon.mailboxes import servers
from filon.mailboxes.events import MailboxConnected, MailboxDisconnected
from filon.mailboxes.models import Account, WrittenMail
from filon.mailboxes.rules import Servers

RIGHT: Final = "leads.act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a colleague says of their mailbox. password: None for the one that is known."""

    email: str
    from_name: str
    login: str
    password: str | None = field(repr=False)
    servers: Servers
    signature: str


def connect(draft: Draft, *, by: Actor, at: datetime) -> Account:
    """Connect one's own mailbox once both servers let us in; mails are told from now on. Needs `leads.act`.

    Raises Refused naming the server that does not. Emits MailboxConnected.
    """
    account = _drafted(draft, by)
    account.connected_at = at
    _try(account)
    with transaction.atomic():
        account.error, account.is_paused, account.checked_at = "", False, None
        account.save()
        ledger.append([MailboxConnected(at=at, account_id=account.pk)], by=by, learnt_at=at)
    return account


def _drafted(draft: Draft, by: Actor) -> Account:
    by.require(RIGHT)
    if by.kind != "user" or by.id is None:
        raise Refused(_("Only a colleague has a mailbox."), Kind.FORBIDDEN)
    account = Account.objects.filter(user_id=by.id).first() or Account(user_id=by.id)
    if draft.password is None and (not account.password or account.login != draft.login):
        raise _wrong("password", _("Give the password of this mailbox."))
    if not f"{draft.login}{draft.password or ''}".isascii():
        raise _wrong("password", _("Accents cannot be sent to mail servers here: use an app password without any."))
    if account.login != draft.login or (account.imap_host, account.email) != (draft.servers.imap_host, draft.email):
        account.inbox_validity = account.inbox_uid = account.sent_validity = account.sent_uid = 0
    where = draft.servers
    was = (account.imap_host, account.smtp_host)
    account.email, account.from_name, account.login = draft.email.lower(), draft.from_name, draft.login
    account.imap_way, account.imap_host, account.imap_port = where.imap_way, where.imap_host, where.imap_port
    account.smtp_way, account.smtp_host, account.smtp_port = where.smtp_way, where.smtp_host, where.smtp_port
    account.signature = draft.signature
    if draft.password is not None:
        account.password = sealing.seal(draft.password, key=settings.SECRET_KEY, context=account.seal_context)
    elif was != (where.imap_host, where.smtp_host):  # a known password goes to no other server unseen
        raise _wrong("password", _("Give the password again for the new server."))
    return account


def _try(account: Account) -> None:
    """Sign in at both servers, and learn where sent mails lie. Raises Refused."""
    try:
        box = servers.open_mailbox(account)
        try:
            account.sent_folder = box.sent_folder()
        finally:
            box.close()
    except MailboxError as error:
        raise _wrong("imap_host", _("The mailbox cannot be read: %(why)s") % {"why": error}) from error
    try:
        smtp = servers.open_smtp(account, name=urlsplit(settings.FILON_BASE_URL).hostname or "localhost")
        try:
            smtp.greet()
        finally:
            smtp.close()
    except (MailboxError, OSError, smtplib.SMTPException) as error:
        raise _wrong(
            "smtp_host", _("The sending server does not let us in: %(why)s") % {"why": _said(error)}
        ) from error


def _said(error: Exception) -> str:
    """What a server said, in short."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return f"{error.smtp_code} {text}"[:200]
    return (str(error) or type(error).__name__)[:200]


def _wrong(name: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": name, "message": message}], "mailbox")


def pause(is_paused: bool, *, by: Actor) -> None:
    """Read and send nothing of one's own mailbox for a while, or go on. Needs `leads.act`."""
    by.require(RIGHT)
    Account.objects.filter(user_id=by.id or 0).update(is_paused=is_paused, error="", checked_at=None)


def disconnect(*, by: Actor, at: datetime) -> None:
    """Forget one's own mailbox with its password; what it told stays. Needs `leads.act`. Emits MailboxDisconnected."""
    by.require(RIGHT)
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(user_id=by.id or 0).first()
        if account is None:
            return
        waiting = WrittenMail.objects.filter(account=account, state=WrittenMail.State.WAITING)
        waiting.update(state=WrittenMail.State.FAILED, said=_("The mailbox was disconnected."), settled_at=at)
        gone = MailboxDisconnected(at=at, account_id=account.pk)
        account.delete()
        ledger.append([gone], by=by, learnt_at=at)
