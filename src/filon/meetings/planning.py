"""Planning a meeting with a lead's person, in one's own diary or in a colleague's: agreed on the phone, or by mail."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.models import Company, Lead, Person
from filon.leads.sight import seen_by
from filon.meetings import letters, tying
from filon.meetings.events import MeetingBooked
from filon.meetings.free_times import free_times, taken
from filon.meetings.models import BookingPage, Meeting

State = Meeting.State
FURTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A meeting to be. host_id: in whose diary. mark: names the plan, so that it is made once however often it is sent.

    place: instead of the one of the host's page.
    """

    lead_id: int
    host_id: int
    kind: str
    starts_at: datetime
    about: str = ""
    place: str = ""
    mark: str = ""


def hosts(*, by: Actor) -> Sequence[BookingPage]:
    """Colleagues' diaries that meetings can be planned in, one's own first, whether people can book there or not. One
    statement. Needs `leads.act`."""
    by.require("leads.act")
    found = BookingPage.objects.select_related("user").filter(user__is_active=True).order_by("user__name_folded", "pk")
    return sorted(found, key=lambda page: page.user_id != by.id)


def plan(draft: Plan, *, by: Actor, at: datetime) -> Meeting:
    """Plan a meeting with a lead's person, and invite both. Needs `leads.act`. Emits MeetingBooked.

    A colleague's diary gives only moments that their page offers; one's own any to come in which one meets nobody.
    Raises Refused (conflict) when the moment is taken.
    """
    by.require("leads.act")
    if draft.lead_id not in seen_by(by, [draft.lead_id]):
        raise not_found(_("Lead"))
    try:
        with transaction.atomic():
            batch = Batch([], by=by, at=at)
            batch.rows(Lead).load_ids([draft.lead_id], lock=True)
            held = BookingPage.objects.select_for_update(of=("self",)).select_related("user")
            page = held.filter(user_id=draft.host_id, user__is_active=True).first()
            if page is None:
                raise _wrong("host", _("This colleague has no booking page."))
            known = Meeting.objects.filter(mark=draft.mark).first() if draft.mark else None
            if known is not None:
                return known
            meeting = _make(draft, page, by=by, at=at)
            letters.booked(meeting, page.user, at=at)
            tying.tell(batch, meeting, MeetingBooked)
            tying.plan(batch, meeting)
            batch.write()
            return meeting
    except IntegrityError:  # the database judges what no lock saw
        raise taken() from None


def _make(draft: Plan, page: BookingPage, *, by: Actor, at: datetime) -> Meeting:
    minutes = page.minutes.get(draft.kind)
    if not minutes:
        raise _wrong("kind", _("This colleague does not offer meetings of this kind."))
    ends_at = draft.starts_at + timedelta(minutes=minutes)
    _require_free(draft.starts_at, ends_at, draft.kind, page, is_own=page.user_id == by.id, at=at)
    lead = Lead.objects.select_related("person", "company").get(pk=draft.lead_id)
    person: Person = lead.person
    company: Company | None = lead.company
    if not person.email:
        raise Refused(_("There is no e-mail address of this person: an invitation needs one."), Kind.CONFLICT)
    first, _space, last = person.full_name.partition(" ")
    return Meeting.objects.create(
        host=page.user,
        kind=draft.kind,
        starts_at=draft.starts_at,
        ends_at=ends_at,
        token=secrets.token_urlsafe(24),
        mark=draft.mark or secrets.token_urlsafe(24),
        first_name=person.first_name or first,
        last_name=person.last_name or last,
        email=person.email,
        company=company.name[:200] if company is not None else "",
        phone=person.phone,
        about=draft.about,
        place=draft.place or page.place,
        language=page.language,
        lead=lead,
        person=person,
        created_at=at,
    )


def _require_free(start: datetime, end: datetime, kind: str, page: BookingPage, *, is_own: bool, at: datetime) -> None:
    """Raise Refused unless a meeting can be held then."""
    if not at < start < at + FURTHEST:
        raise _wrong("starts_at", _("Choose a moment to come, within a year."))
    if not is_own:
        day = timedelta(days=1)
        if start not in free_times(page, kind, start=start - day, end=start + day, at=at):
            raise taken()
        return
    meets = Meeting.objects.filter(host_id=page.user_id, state=State.BOOKED, starts_at__lt=end, ends_at__gt=start)
    if meets.exists():
        raise taken()


def _wrong(name: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": name, "message": message}], "invalid")
