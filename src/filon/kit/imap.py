"""A mailbox read by IMAP: what came since the last time, each mail once, nothing changed in it."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

_PATIENCE_S: Final = 30.0
_MOST_BYTES: Final = 256 * 1024
"""Of each mail: enough for its words; attachments are not for us."""
_LISTED: Final = re.compile(rb'\((?P<flags>[^)]*)\) (?:"[^"]*"|NIL) (?P<name>.+)$')
_SENT: Final = re.compile(
    r"(^|[./])(sent|sent items|sent messages|sent mail|envoy&AOk-s|&AMk-l&AOk-ments envoy&AOk-s|messages envoy&AOk-s)$",
    re.IGNORECASE,
)


class MailboxError(Exception):
    """The mailbox cannot be read; the text says why, without its secrets."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a mailbox is: `imaps://user:password@host/FOLDER`, or `imap+starttls://…`; `imap://` on this machine.

    at: the IP address to go to, whatever the host's name says; its certificate is checked by its name.
    """

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str
    at: str = ""


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
    """One session, in one folder at a time; close it. Raises MailboxError for whatever the server or network does.

    validity: by which the numbers of the open folder's mails hold (RFC 3501).
    """

    def __init__(self, address: Address) -> None:
        self.validity = 0
        try:
            self._server = _opened(address)
            self._server.login(address.user, address.password)
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(_why(error)) from error
        self.open(address.folder)

    def open(self, folder: str) -> None:
        """Go to a folder, to read only."""
        try:
            status, _ = self._server.select(_quoted(folder), readonly=True)
            if status != "OK":
                raise MailboxError(f"there is no folder {folder}")
            _, validity = self._server.response("UIDVALIDITY")
            self.validity = int(validity[0] or 0) if validity and validity[0] else 0
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(_why(error)) from error

    def sent_folder(self) -> str:
        """The folder of what was sent: the one the server calls so (RFC 6154), else by its name; empty when none is."""
        try:
            status, lines = self._server.list()
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(_why(error)) from error
        named = ""
        for line in lines if status == "OK" else []:
            found = _LISTED.search(line) if isinstance(line, bytes) else None
            if found is None:
                continue
            name = found["name"].decode("ascii", "replace").strip().strip('"').replace('\\"', '"').replace("\\\\", "\\")
            if b"\\sent" in found["flags"].lower():
                return name
            if not named and _SENT.search(name):
                named = name
        return named

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

    def holds(self, message_id: str) -> bool:
        """Whether the open folder has a mail with this Message-ID."""
        return bool(self._uids(f"HEADER Message-ID {_quoted(message_id)}"))

    def keep(self, folder: str, content: bytes) -> None:
        """Put a mail of one's own into a folder, as read."""
        try:
            status, said = self._server.append(_quoted(folder), "\\Seen", None, content)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxError(_why(error)) from error
        if status != "OK":
            raise MailboxError(str(said)[:200])

    def _uids(self, criterion: str) -> list[int]:
        try:
            _, data = self._server.uid("SEARCH", criterion)
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise MailboxError(_why(error)) from error
        return [int(number) for line in data if line for number in line.split()]

    def close(self) -> None:
        """Say good-bye."""
        try:
            self._server.logout()
        except (OSError, imaplib.IMAP4.error):
            return


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Plain(imaplib.IMAP4):
    """A connection to a host, or to one address of it."""

    def __init__(self, address: Address) -> None:
        self._at = address.at or address.host
        super().__init__(address.host, address.port, timeout=_PATIENCE_S)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return socket.create_connection((self._at, self.port), timeout)


class _OverTls(_Plain):
    """The same, encrypted from the first byte."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return ssl.create_default_context().wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


def _opened(address: Address) -> imaplib.IMAP4:
    if address.scheme == "imaps":
        return _OverTls(address)
    server = _Plain(address)
    if address.scheme == "imap+starttls":
        server.starttls(ssl.create_default_context())
    return server


def _why(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    words = (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)) or type(error).__name__
    return re.sub(r"\s+", " ", words)[:200]
