"""What is written to both sides of a meeting: the invitation, the reminder, that it was moved or cancelled."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from filon.core.models import User
from filon.core.post import letters
from filon.core.post.letters import New
from filon.meetings import invitation
from filon.meetings.invitation import Invitation
from filon.meetings.models import KIND_LABELS, Meeting
from filon.ui import formats

REMINDED: Final = timedelta(hours=24)
"""How long before a meeting it is recalled."""
_LEAST: Final = timedelta(hours=3)  # who books for today needs no reminder


def booked(meeting: Meeting, host: User, *, at: datetime) -> None:
    """Invite both sides, and recall it the day before."""
    _write(meeting, host, "booked", _booked, at=at)


def moved(meeting: Meeting, host: User, *, at: datetime) -> None:
    """Say when it is now; the reminder goes with it."""
    letters.withdraw(_key(meeting, ""))
    _write(meeting, host, f"moved-{meeting.sequence}", _moved, at=at)


def cancelled(meeting: Meeting, host: User, *, at: datetime) -> None:
    """Say that it will not take place."""
    letters.withdraw(_key(meeting, ""))
    _write(meeting, host, "cancelled", _cancelled, at=at, is_cancelled=True)


def forget(meeting: Meeting) -> None:
    """Take back what is still to be written."""
    letters.withdraw(_key(meeting, ""))


def calendar(meeting: Meeting, host: User, *, at: datetime) -> str:
    """The invitation as a file."""
    with translation.override(meeting.language):
        return invitation.text(_invitation(meeting, host, at), is_cancelled=meeting.state == Meeting.State.CANCELLED)


def change_url(meeting: Meeting) -> str:
    """Where the other one moves or cancels the meeting."""
    return f"{settings.FILON_BASE_URL}{reverse('booking:meeting', args=[meeting.token])}"


def _key(meeting: Meeting, what: str) -> str:
    return f"meeting:{meeting.pk}:{what}"


Words = Callable[[User], tuple[str, str]]
"""(subject, first sentence)."""


def _booked(host: User) -> tuple[str, str]:
    return _("Your meeting with %(host)s") % {"host": host}, _("your meeting is booked.")


def _moved(host: User) -> tuple[str, str]:
    return _("Moved: your meeting with %(host)s") % {"host": host}, _("your meeting is at another moment now.")


def _cancelled(host: User) -> tuple[str, str]:
    return _("Cancelled: your meeting with %(host)s") % {"host": host}, _("your meeting is cancelled.")


def _recalled(host: User) -> tuple[str, str]:
    return _("Tomorrow: your meeting with %(host)s") % {"host": host}, _("this is to recall your meeting.")


def _write(meeting: Meeting, host: User, what: str, words: Words, *, at: datetime, is_cancelled: bool = False) -> None:
    with translation.override(meeting.language):
        subject, first = words(host)
        guest = New(
            key=_key(meeting, what),
            to_name=meeting.name,
            to_email=meeting.email,
            reply_to=host.email or "",
            subject=subject,
            text=_text(meeting, host, first, can_change=not is_cancelled),
            calendar=invitation.text(_invitation(meeting, host, at), is_cancelled=is_cancelled),
            method="CANCEL" if is_cancelled else "REQUEST",
            due_at=at,
            until=at + timedelta(days=2),
        )
        wanted = [guest]
        if host.email:
            wanted.append(_to_host(guest, meeting, host))
        if not is_cancelled and meeting.starts_at - at > REMINDED + _LEAST:
            wanted.append(_reminder(guest, meeting, host))
    letters.write(wanted, at=at)


def _to_host(guest: New, meeting: Meeting, host: User) -> New:
    """The same for the colleague, with what they need to know."""
    note = _("Moved") if meeting.sequence else _("Booked")
    if guest.method == "CANCEL":
        note = _("Cancelled")
    inside = _("%(what)s with %(name)s") % {"what": KIND_LABELS[meeting.kind], "name": meeting.name}
    known = [meeting.email, meeting.phone, meeting.company]
    said = [_facts(meeting, host), " · ".join(part for part in known if part)]
    return replace(
        guest,
        key=f"{guest.key}:host",
        to_name=str(host),
        to_email=host.email or "",
        reply_to=meeting.email,
        subject=f"{note} · {inside}",
        text="\n\n".join(said) + "\n",
    )


def _reminder(guest: New, meeting: Meeting, host: User) -> New:
    subject, first = _recalled(host)
    return replace(
        guest,
        key=_key(meeting, f"reminder-{meeting.sequence}"),
        subject=subject,
        text=_text(meeting, host, first, can_change=True),
        calendar="",
        method="",
        due_at=meeting.starts_at - REMINDED,
        until=meeting.starts_at,
    )


def _text(meeting: Meeting, host: User, first: str, *, can_change: bool) -> str:
    parts = [_("Hello %(name)s,") % {"name": meeting.first_name or meeting.name}, first, _facts(meeting, host)]
    if can_change:
        parts.append(_("To move or cancel it: %(url)s") % {"url": change_url(meeting)})
    return "\n\n".join([*parts, str(host)]) + "\n"


def _facts(meeting: Meeting, host: User) -> str:
    minutes = round((meeting.ends_at - meeting.starts_at).total_seconds() / 60)
    lines = [
        f"{KIND_LABELS[meeting.kind]} · {minutes} min",
        formats.exact(meeting.starts_at),
        _("With: %(name)s") % {"name": host},
        *([_("Where: %(place)s") % {"place": meeting.place}] if meeting.place else []),
        *([_("About: %(about)s") % {"about": meeting.about}] if meeting.about else []),
    ]
    return "\n".join(lines)


def uid_of(meeting: Meeting) -> str:
    """How calendars know a meeting, whatever becomes of it."""
    return f"meeting-{meeting.pk}-{meeting.created_at:%Y%m%d}@{_site()}"


def is_ours(uid: str) -> bool:
    """Whether calendars know a meeting of ours by this."""
    return re.fullmatch(rf"meeting-\d+-\d{{8}}@{re.escape(_site())}", uid) is not None


def _site() -> str:
    return urlsplit(settings.FILON_BASE_URL).hostname or "localhost"


def _invitation(meeting: Meeting, host: User, at: datetime) -> Invitation:
    sender = letters.sender()
    return Invitation(
        uid=uid_of(meeting),
        sequence=meeting.sequence,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        summary=_("%(what)s: %(guest)s and %(host)s")
        % {"what": KIND_LABELS[meeting.kind], "guest": meeting.name, "host": host},
        description=_facts(meeting, host) + "\n" + change_url(meeting),
        place=meeting.place,
        host_name=str(host),
        host_email=host.email or (sender.email if sender else f"nobody@{_site()}"),
        guest_name=meeting.name,
        guest_email=meeting.email,
        made_at=at,
    )
