"""A mailbox read by IMAP: what came since the last time, each mail once, nothing changed in it."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

_PATIENCE_S: Final = 30.0
_MOST_BYTES: Final = 256 * 1024
"""Of each mail: enough for its words; attachments are not for us."""


class MailboxError(Exception):
    """The mailbox cannot be read; the text says why, without its secrets."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mailbox is: `imaps://user:password@host/FOLDER`, or `imap+starttls://…`; `imap://` on this machine."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str


def address_of(url: str) -> Address:
    """The parts of `FILON_MAILBOX_URL`. Raises MailboxError."""
    parts = urlsplit(url)
    ports = {"imaps": 993, "imap+starttls": 143, "imap": 143}
    if parts.scheme not in ports or not parts.hostname:
        raise MailboxError("FILON_MAILBOX_URL begins with imaps:// or imap+starttls://, then user:password@host")
    if parts.scheme == "imap" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise MailboxError("imap:// sends the password in the clear: use imaps:// or imap+starttls://")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    port = parts.port or ports[parts.scheme]
    return Address(parts.scheme, parts.hostname, port, user, password, unquote(parts.path[1:]) or "INBOX")


class Mailbox:
    """One session; close it. Raises MailboxError for whatever the server or the network does."""

    def __init__(self, address: Address) -> None:
        try:
            self._server = _opened(address)
            self._server.login(address.user, address.password)
            folder = '"' + address.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
            status, _ = self._server.select(folder, readonly=True)
            if status != "OK":
                raise MailboxError(f"there is no folder {address.folder}")
            _, validity = self._server.response("UIDVALIDITY")
            self.validity = int(validity[0] or 0) if validity and validity[0] else 0
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(_why(error)) from error

    def newest(self) -> int:
        """The highest number of a mail there is; 0 when there is none."""
        return max(self._uids("ALL"), default=0)

    def since(self, uid: int) -> Iterator[tuple[int, bytes]]:
        """(number, content) of the mails after a number, in order."""
        for number in sorted(found for found in self._uids(f"UID {uid + 1}:*") if found > uid):
            try:
                _, data = self._server.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{_MOST_BYTES}>)")
            except (OSError, imaplib.IMAP4.error) as error:
                raise MailboxError(_why(error)) from error
            content = next((part[1] for part in data if isinstance(part, tuple)), b"")
            yield number, bytes(content)

    def _uids(self, criterion: str) -> list[int]:
        try:
            _, data = self._server.uid("SEARCH", criterion)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(_why(error)) from error
        return [int(number) for line in data if line for number in line.split()]

    def close(self) -> None:
        """Say good-bye."""
        try:
            self._server.logout()
        except (OSError, imaplib.IMAP4.error):
            return


def _opened(address: Address) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if address.scheme == "imaps":
        return imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=_PATIENCE_S)
    server = imaplib.IMAP4(address.host, address.port, timeout=_PATIENCE_S)
    if address.scheme == "imap+starttls":
        server.starttls(context)
    return server


def _why(error: Exception) -> str:
    words = str(error) or type(error).__name__
    return re.sub(r"\s+", " ", words)[:200]
