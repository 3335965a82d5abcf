"""What a mail that comes back is: a bounce, an automatic answer, an objection, or a human reply. Pure.

By RFC 3464 (delivery reports), RFC 3834 (automatic answers), and what servers and people do besides.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from filon.kit import plain
from filon.kit.relay import is_bad_address

LONGEST: Final = 2_000
"""Letters of a reply that are kept."""
_ID: Final = re.compile(r"<[^<>\s]{1,300}@[^<>\s]{1,255}>")
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_DAEMONS: Final = ("mailer-daemon", "postmaster", "mail-daemon")
_ABSENT: Final = re.compile(
    r"^(re: ?)?((réponse|message) automatique|absence|absent|auto(matic)?[- ]?(reply|response)|"
    r"out of (the )?office|abwesen)",
    re.IGNORECASE,
)
_OBJECTION: Final = re.compile(
    r"^(stop|d[ée]s(inscri|abonn)\w*( moi)?|unsubscribe( me)?|remove me|retirez[- ]moi.{0,40}|"
    r"(merci de )?ne plus (me |nous )?(contacter|écrire|solliciter|envoyer.{0,40}|recevoir.{0,40}))"
    r"[\s.!]*(merci[\s.!]*)?$",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"^\s*(>|-{2,} ?(original message|message d.origine|forwarded|message transféré)|_{10,}|"
    r"(le|on) .{5,160}(a écrit|wrote) ?:\s*$|(de|from) ?: .{3,200}$|-- ?$|(envoyé depuis|sent from) )",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mail:
    """What is known of a mail. kind: `bounce`, `delay`, `automatic`, `objection`, `reply`, or `unreadable`.

    refers: the Message-IDs that it answers or reports on, the nearest last. sender: the address it is from, in lower
    case; of a report, the address that failed. at: when it says it was written, aware UTC. recipients: whom it names as
    readers, in lower case. delivered_to: every address that its way here names, those of its readers included.
    """

    kind: str
    message_id: str
    refers: tuple[str, ...]
    sender: str
    text: str
    at: datetime | None
    subject: str = ""
    recipients: tuple[str, ...] = ()
    delivered_to: tuple[str, ...] = ()


def read(raw: bytes) -> Mail:
    """A mail as it came, whatever it holds. Never raises for its content: one mail must not stop those behind it."""
    try:
        return _read(raw)
    except _ODD:  # parts within parts without end, and whatever else people send
        return Mail("unreadable", "", (), "", "", None)


_ODD: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, MessageError, RecursionError, TypeError,
               ValueError)  # fmt: skip
"""What reading a mail was seen to raise, or may."""


def _read(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.compat32)
    report = _report(message)
    sender = next(iter(_addresses(message, ("from",))), "")
    refers = tuple(_ID.findall(f"{_header(message, 'References')} {_header(message, 'In-Reply-To')}"))
    if report is not None or sender.partition("@")[0] in _DAEMONS:
        return _bounce(message, report)
    text = _own_words(message)
    kind = "automatic" if _is_automatic(message) else "objection" if _OBJECTION.match(text.strip()) else "reply"
    recipients = _addresses(message, _READERS)
    return Mail(
        kind,
        _id(message),
        refers,
        sender,
        text[:LONGEST],
        _date(message),
        subject=_header(message, "Subject")[:300],
        recipients=recipients,
        delivered_to=(*recipients, *_addresses(message, _WAY)),
    )


_READERS: Final = ("to", "cc", "bcc")
_WAY: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "received")
_FOR: Final = re.compile(r"\bfor <?([^\s<>;]+@[^\s<>;]+)>?")


def _addresses(message: Message, names: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses in these headers, in lower case; of `Received`, for whom it was taken."""
    found: list[str] = []
    for name, value in message.raw_items():
        if name.lower() not in names:
            continue
        text = str(value)  # as it came: a name that is decoded may hold commas
        if name.lower() == "received":
            found += _FOR.findall(text)
        else:
            found += [address for _, address in getaddresses([text]) if "@" in address]
    return tuple(dict.fromkeys(_clean(address.lower()) for address in found))[:_MOST_ADDRESSES]


_MOST_ADDRESSES: Final = 100


def _clean(text: str) -> str:
    """Text that a database takes: bytes that are no letters are shown as such."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


# Reports --------------------------------------------------------------------------------------------------------------


def _report(message: Message) -> Message | None:
    """The part of a delivery report that programs read."""
    return next((part for part in message.walk() if part.get_content_type() == "message/delivery-status"), None)


def _bounce(message: Message, report: Message | None) -> Mail:
    status = "\n".join(_blocks(report)) if report is not None else _text(message)
    failed = re.search(r"(?im)^Final-Recipient:\s*[^;\n]*;\s*<?([^\s<>]+@[^\s<>]+?)>?\s*$", status)
    sender = failed[1].lower() if failed else _header(message, "X-Failed-Recipients").strip().lower()
    is_delayed = bool(re.search(r"(?im)^Action:\s*delayed", status))
    found = _STATUS.search(status)
    said = f"{found[0] if found else ''} {status}"
    kind = "bounce" if not is_delayed and found is not None and is_bad_address(550, said) else "delay"
    return Mail(kind, _id(message), tuple(_original_ids(message)), sender, "", _date(message))


def _blocks(report: Message) -> Iterator[str]:
    """The lines of a report: the parser makes messages of its blocks."""
    parts = report.get_payload()
    for part in parts if isinstance(parts, list) else []:
        assert isinstance(part, Message)  # noqa: S101 — a list holds messages
        yield "\n".join(f"{name}: {value}" for name, value in part.items())


def _original_ids(message: Message) -> Iterator[str]:
    """The Message-IDs of the mail that was reported on: in the part that gives it back, else anywhere in the text."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                yield from _ID.findall(_header(inner[0], "Message-ID"))
        elif part.get_content_type() == "text/rfc822-headers":
            yield from re.findall(r"(?im)^Message-ID:\s*(<[^<>\s]+>)", _decoded(part))
    yield from _ID.findall(_header(message, "In-Reply-To"))


# Words ----------------------------------------------------------------------------------------------------------------


def _is_automatic(message: Message) -> bool:
    if _header(message, "Auto-Submitted").strip().lower() not in {"", "no"}:
        return True
    if any(_header(message, name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")):
        return True
    if _header(message, "Precedence").strip().lower() in {"bulk", "junk", "auto_reply", "list"}:
        return True
    return bool(_ABSENT.match(_header(message, "Subject").strip()))


def _own_words(message: Message) -> str:
    """What was written, without what it quotes and the signature."""
    lines: list[str] = []
    for line in _text(message).splitlines():
        if _QUOTED.match(line):
            break
        lines.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _text(message: Message) -> str:
    """The text part, or the words of the page."""
    parts = [part for part in message.walk() if not part.is_multipart() and not part.get_filename()]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind:
                text = _decoded(part)
                return text if kind == "text/plain" else plain.to_text(text)
    return ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        text = payload.decode(charset, "replace")
    except LookupError:
        text = payload.decode("utf-8", "replace")
    return _clean(text)


def _header(message: Message, name: str) -> str:
    """A header in words, as servers write it: encoded (RFC 2047) or not; what cannot be read is shown as it can."""
    found = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    return _words_of(found)


def _words_of(value: str) -> str:
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with contextlib.suppress(Exception):  # words that are badly encoded, or in no known charset
        text = str(make_header(decode_header(text)))
    return _clean(" ".join(text.split()))


def _id(message: Message) -> str:
    found = _ID.search(_header(message, "Message-ID"))
    return found[0] if found else ""


def _date(message: Message) -> datetime | None:
    try:
        said = parsedate_to_datetime(_header(message, "Date"))
        return said.astimezone(UTC) if said.tzinfo is not None else said.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
