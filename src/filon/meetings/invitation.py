"""A meeting as calendars read it (iCalendar, RFC 5545; by mail as RFC 6047 says). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_WIDTH: Final = 75  # octets of a line, without its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What an invitation says. uid: the same for all versions of one meeting; sequence: which version."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    place: str
    host_name: str
    host_email: str
    guest_name: str
    guest_email: str
    made_at: datetime


def text(invitation: Invitation, *, is_cancelled: bool = False) -> str:
    """The calendar, lines ending in CRLF: a request, or the cancelling of one."""
    one = invitation
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Filon//Meetings//FR",
        f"METHOD:{'CANCEL' if is_cancelled else 'REQUEST'}",
        "BEGIN:VEVENT",
        f"UID:{one.uid}",
        f"SEQUENCE:{one.sequence}",
        f"DTSTAMP:{_utc(one.made_at)}",
        f"DTSTART:{_utc(one.starts_at)}",
        f"DTEND:{_utc(one.ends_at)}",
        f"SUMMARY:{_escaped(one.summary)}",
        f"DESCRIPTION:{_escaped(one.description)}",
        f"LOCATION:{_escaped(one.place)}",
        f"ORGANIZER;CN={_quoted(one.host_name)}:mailto:{one.host_email}",
        f"ATTENDEE;CN={_quoted(one.guest_name)};ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:{one.guest_email}",
        f"STATUS:{'CANCELLED' if is_cancelled else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(words: str) -> str:
    """TEXT (RFC 5545, 3.3.11)."""
    marked = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return marked.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _quoted(name: str) -> str:
    """A parameter's value: neither quotes nor ends of lines (RFC 5545, 3.2)."""
    return '"' + " ".join(name.replace('"', "'").split()) + '"'


def _folded(line: str) -> list[str]:
    """A line in parts of at most 75 octets; those after the first begin with a space, and no letter is cut."""
    parts, part, size = [], "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _WIDTH:
            parts.append(part)
            part, size = " ", 1
        part += letter
        size += width
    return [*parts, part]
