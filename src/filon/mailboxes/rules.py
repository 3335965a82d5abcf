"""What is known of mailboxes without asking anybody: providers' servers, who is meant, how a conversation goes on."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

PORTS: Final = {
    "imaps": frozenset({993}),
    "imap+starttls": frozenset({143}),
    "smtps": frozenset({465}),
    "smtp+starttls": frozenset({587, 25, 2525}),
}
"""Where mail servers listen; elsewhere only on hosts that the operator named."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where a provider's mailboxes are read, and where they send."""

    imap_way: str
    imap_host: str
    imap_port: int
    smtp_way: str
    smtp_host: str
    smtp_port: int


def _tls(imap: str, smtp: str, *, starttls: bool = False) -> Servers:
    way, port = ("smtp+starttls", 587) if starttls else ("smtps", 465)
    return Servers("imaps", imap, 993, way, smtp, port)


_GMAIL: Final = _tls("imap.gmail.com", "smtp.gmail.com")
_ORANGE: Final = _tls("imap.orange.fr", "smtp.orange.fr")
_PROVIDERS: Final[dict[str, Servers]] = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    "orange.fr": _ORANGE,
    "wanadoo.fr": _ORANGE,
    "free.fr": _tls("imap.free.fr", "smtp.free.fr"),
    "sfr.fr": _tls("imap.sfr.fr", "smtp.sfr.fr"),
    "laposte.net": _tls("imap.laposte.net", "smtp.laposte.net"),
    "yahoo.fr": _tls("imap.mail.yahoo.com", "smtp.mail.yahoo.com"),
    "yahoo.com": _tls("imap.mail.yahoo.com", "smtp.mail.yahoo.com"),
    "icloud.com": _tls("imap.mail.me.com", "smtp.mail.me.com", starttls=True),
    "gmx.fr": _tls("imap.gmx.com", "mail.gmx.com"),
    "fastmail.com": _tls("imap.fastmail.com", "smtp.fastmail.com"),
}
CHOICES: Final[dict[str, Servers]] = {
    "gmail": _GMAIL,
    "ovh": _tls("ssl0.ovh.net", "ssl0.ovh.net"),
    "gandi": _tls("mail.gandi.net", "mail.gandi.net"),
    "ionos": _tls("imap.ionos.fr", "smtp.ionos.fr"),
    "infomaniak": _tls("mail.infomaniak.com", "mail.infomaniak.com"),
    "zoho": _tls("imap.zoho.eu", "smtp.zoho.eu"),
}
"""Providers whose customers have addresses of their own, by code."""


def servers_of(email: str, provider: str) -> Servers | None:
    """The servers of a mailbox, by the provider that was named or the address; None where they must be asked for."""
    return CHOICES.get(provider) or _PROVIDERS.get(email.rpartition("@")[2].lower())


# The address to put in BCC ------------------------------------------------------------------------------------------


def drop_token(user_id: int, key: str) -> str:
    """What makes a colleague's BCC address theirs: nobody else can make it up."""
    digest = hmac.new(key.encode(), f"filon.mailboxes.drop:{user_id}".encode(), hashlib.sha256).hexdigest()
    return f"{user_id}-{digest[:16]}"


def drop_address(mailbox: str, token: str) -> str:
    """The BCC address: the workspace's mailbox with the token as its detail (RFC 5233)."""
    local, _at, domain = mailbox.partition("@")
    return f"{local}+{token}@{domain}"


_DROP: Final = re.compile(r"\+((\d{1,18})-[0-9a-f]{16})@")


def dropped_by(addresses: Iterable[str], key: str) -> int | None:
    """The colleague whose BCC address is among these; None when none is, or the token is made up."""
    for address in addresses:
        found = _DROP.search(address.lower())
        if found and hmac.compare_digest(found[1], drop_token(int(found[2]), key)):
            return int(found[2])
    return None


# Conversations --------------------------------------------------------------------------------------------------------

_PREFIX: Final = re.compile(r"^\s*((re|ré|rép|aw|tr|fwd?)\s*:\s*)+", re.IGNORECASE)


def answering(subject: str) -> str:
    """The subject of an answer: `Re:` once, however often it went to and fro."""
    return f"Re: {_PREFIX.sub('', subject)}".strip()[:300]


def timeline_text(subject: str, text: str) -> str:
    """What the timeline keeps of a mail: its subject, then its words."""
    return f"{subject}\n\n{text}".strip() if subject else text


def once_key(message_id: str, place: str, whom: str = "") -> str:
    """By which a mail is told once, in however many mailboxes it lies: the workspace's own reader uses the same."""
    digest = hashlib.sha256((message_id or place).encode()).hexdigest()
    return f"mail:{digest}:{hashlib.sha256(whom.encode()).hexdigest()[:12]}" if whom else f"mail:{digest}"
