"""The relay that takes our messages over: SMTP, or a folder where nothing leaves the machine.

What matters is what is known afterwards. Up to the relay's “354, go on” it has nothing; from then until its answer
nobody can know; its answer says the rest (RFC 5321, RFC 1047).
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

_CONNECT_S: Final = 15.0
_ANSWER_S: Final = 60.0
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_LINE_START_DOT: Final = re.compile(rb"(?m)^\.")


class Verdict(StrEnum):
    """What is known of a message that was offered."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Said:
    """What the relay said. code: as SMTP numbers it, 0 when it said nothing. is_bad_address: see `is_bad_address`."""

    verdict: Verdict
    code: int = 0
    text: str = ""
    is_bad_address: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes out: the envelope, and the bytes, with lines that end in CRLF."""

    sender: str
    recipient: str
    content: bytes


def mailbox(name: str, email: str) -> Address:
    """A name and address as a header holds them. Raises ValueError for an address that none can hold."""
    local, _at, domain = email.rpartition("@")
    return Address(" ".join(name.split()), local, domain)


class Relay(Protocol):
    """Takes messages over, one at a time; not for several threads."""

    def hand_over(self, message: Outgoing) -> Said:
        """Offer a message; what is known afterwards. Never raises for what the network does."""

    def close(self) -> None:
        """Say good-bye."""


def open_relay(url: str, folder: Path, *, name: str) -> Relay:
    """The relay that `FILON_EMAIL_URL` names; with `console:` messages stay in `folder`. name: our own, as a host."""
    return Folder(folder) if url.startswith("console:") else Smtp(url, name=name)


class Folder:
    """Keeps each message as a file that mail programs open: for trying things out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hand_over(self, message: Outgoing) -> Said:
        """Write the message down."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = re.search(rb"(?mi)^Message-ID: <([^@>]+)", message.content)
        name = re.sub(r"[^A-Za-z0-9.-]", "_", found[1].decode("ascii", "replace") if found else "message")
        (self._folder / f"{name}.eml").write_bytes(message.content)
        return Said(Verdict.ACCEPTED, 250, "kept in a folder")

    def close(self) -> None:
        """Nothing is open."""


class Smtp:
    """An SMTP server; the connection is kept as long as it serves. name: what we call ourselves: looking it up anew
    for each connection would ask the name servers, and wait for them. at: the IP address to go to, whatever the host's
    name says; its certificate is checked by its name."""

    def __init__(self, url: str, *, name: str = "localhost", at: str = "") -> None:
        self._name, self._at = name, at
        parts = urlsplit(url)
        self._is_tls, self._starts_tls = parts.scheme == "smtps", parts.scheme == "smtp+starttls"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._is_tls else 587 if self._starts_tls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._server: smtplib.SMTP | None = None

    def greet(self) -> None:
        """Connect and sign in, to see whether that works. Raises OSError or SMTPException."""
        self._connected()

    def hand_over(self, message: Outgoing) -> Said:
        """Offer a message. Whatever breaks before the relay asked for the content only puts it off."""
        try:
            server = self._connected()
            said = self._envelope(server, message)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Said(Verdict.DEFERRED, _code(error), _text(error))
        if said is not None:
            self._rest(server, said)
            return said
        try:
            server.send(_LINE_START_DOT.sub(b"..", message.content) + b".\r\n")
            code, text = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Said(Verdict.UNCERTAIN, 0, _text(error))
        said = _judged(code, text)
        self._rest(server, said)
        return said

    def close(self) -> None:
        """Say good-bye."""
        if self._server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._server.quit()
            self._server = None

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            kind = _OverTls if self._is_tls else _Plain
            server = kind(self._host, self._port, self._name, at=self._at)
            if server.sock is not None:
                server.sock.settimeout(_ANSWER_S)
            if self._starts_tls:
                server.starttls(context=_trusted())  # raises where the server offers none: nothing goes in the clear
            if self._user:
                server.login(self._user, self._password)
            self._server = server
        return self._server

    def _envelope(self, server: smtplib.SMTP, message: Outgoing) -> Said | None:
        """Everything before the content; what the relay said where it does not want it."""
        server.ehlo_or_helo_if_needed()
        is_ascii = (message.sender + message.recipient).isascii()
        if not is_ascii and not server.has_extn("smtputf8"):
            return Said(Verdict.REFUSED, 553, "the relay takes no addresses with such letters")
        code, text = server.mail(message.sender, () if is_ascii else ("SMTPUTF8",))
        if code != 250:  # whatever it has against us, the person has nothing to do with it
            return Said(Verdict.DEFERRED, code, _words(text))
        code, text = server.rcpt(message.recipient)
        if code not in {250, 251}:
            return _judged(code, text, is_recipient=True)
        code, text = server.docmd("DATA")
        return None if code == 354 else _judged(code, text)

    def _rest(self, server: smtplib.SMTP, said: Said) -> None:
        """Make the connection ready for the next message, or give it up."""
        if said.code == 421:
            self._drop()
        elif said.verdict is not Verdict.ACCEPTED:
            try:
                server.rset()
            except (OSError, smtplib.SMTPException):
                self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class _Plain(smtplib.SMTP):
    """A connection to a host, or to one address of it."""

    def __init__(self, host: str, port: int, name: str, *, at: str) -> None:
        self._at = at
        super().__init__(host, port, name, timeout=_CONNECT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection((self._at or host, port), timeout)


class _OverTls(_Plain):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return _trusted().wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom the machine trusts; reading it takes 20 ms, and relays hang up often."""
    return ssl.create_default_context()


def _judged(code: int, text: bytes, *, is_recipient: bool = False) -> Said:
    words = _words(text)
    if 200 <= code < 300:
        return Said(Verdict.ACCEPTED, code, words)
    if 500 <= code < 600:
        return Said(Verdict.REFUSED, code, words, is_recipient and is_bad_address(code, words))
    return Said(Verdict.DEFERRED, code, words)


def _words(text: bytes) -> str:
    return text.decode("utf-8", "replace")[:300]


def _code(error: Exception) -> int:
    code = getattr(error, "smtp_code", 0)
    return code if isinstance(code, int) and code > 0 else 0


def _text(error: Exception) -> str:
    said = getattr(error, "smtp_error", b"")
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return (words or f"{type(error).__name__}: {error}")[:300]


def is_bad_address(code: int, text: str) -> bool:
    """Whether a refusal of a recipient says that the address does not exist (RFC 3463: 5.1.x, 5.2.1).

    Other refusals (5.7.x and the like) blame the sender: the person is not lost for them.
    """
    if code not in _NO_MAILBOX:
        return False
    found = _ENHANCED.search(text)
    if found is None:
        return code != 553
    klass, subject, detail = (int(part) for part in found.groups())
    return klass == 5 and (subject == 1 or (subject, detail) == (2, 1))
