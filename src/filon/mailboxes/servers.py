"""The way to a colleague's mail servers: sealed password, known ports, never a private address."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _

from filon.kit import fetching, imap, sealing
from filon.kit.fetching import Unreachable
from filon.kit.imap import Mailbox, MailboxError
from filon.kit.relay import Smtp
from filon.mailboxes import rules
from filon.mailboxes.models import Account

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def password_of(account: Account) -> str:
    """The password as the servers want it. Raises MailboxError when another key sealed it."""
    try:
        return sealing.unseal(account.password, key=settings.SECRET_KEY, context=account.seal_context)
    except sealing.CannotOpen as error:
        raise MailboxError(_("The password can no longer be read: give it again.")) from error


def open_mailbox(account: Account) -> Mailbox:
    """The mailbox, at its inbox. Raises MailboxError."""
    at = _way_to(account.imap_way, account.imap_host, account.imap_port)
    return Mailbox(
        imap.Address(
            account.imap_way,
            account.imap_host,
            account.imap_port,
            account.login,
            password_of(account),
            "INBOX",
            at,
        )
    )


def open_smtp(account: Account, *, name: str) -> Smtp:
    """The server that takes the colleague's mails over; name: what we call ourselves. Raises MailboxError."""
    at = _way_to(account.smtp_way, account.smtp_host, account.smtp_port)
    who = f"{quote(account.login, safe='')}:{quote(password_of(account), safe='')}"
    host = f"[{account.smtp_host}]" if ":" in account.smtp_host else account.smtp_host
    return Smtp(f"{account.smtp_way}://{who}@{host}:{account.smtp_port}", name=name, at=at)


def _way_to(way: str, host: str, port: int) -> str:
    """The IP address to go to; empty for a host that the operator named, which may be anywhere. Raises MailboxError."""
    if way in {"imap", "smtp"} and host not in _LOCAL:
        raise MailboxError(_("Without encryption the password would be readable on its way: choose TLS or STARTTLS."))
    if host.lower() in settings.FILON_PRIVATE_HOSTS:
        return ""
    if port not in rules.PORTS.get(way, ()):
        raise MailboxError(_("Mail servers do not listen at port %(port)s.") % {"port": port})
    try:
        return fetching.public_address(host, port)
    except Unreachable as error:
        if str(error) == "no such host":
            raise MailboxError(_("There is no server called %(host)s.") % {"host": host}) from error
        raise MailboxError(
            _("%(host)s is inside a private network: the operator allows it by FILON_PRIVATE_HOSTS.") % {"host": host}
        ) from error
