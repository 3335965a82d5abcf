"""Booking pages, and what is done with meetings: booked, moved, cancelled, held, missed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from filon.core import waiting
from filon.core.access import Actor
from filon.core.line import Batch
from filon.core.models import User
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.card.commands import ActOn, log_act
from filon.leads.events import MeetingHeld
from filon.leads.models import Lead
from filon.meetings import letters, tying
from filon.meetings.events import BookingPageSaved, MeetingCancelled, MeetingMissed, MeetingMoved
from filon.meetings.free_times import free_times, taken
from filon.meetings.models import KINDS, BookingPage, Meeting

HOSTS: Final = ("sdr", "sales", "manager", "head", "marketing", "admin")
"""Roles whose people can have a booking page."""
MOST_OF_ONE: Final = 3
"""So many meetings to come one guest has with one colleague."""
SOURCES: Final = {"fr": "Rendez-vous en ligne", "en": "Online booking"}
"""Where a lead comes from whose address says nothing else, by the language of the page."""
State = Meeting.State


# Pages ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a booking page shall be; see the model."""

    slug: str
    is_open: bool
    minutes: Mapping[str, int]
    days: frozenset[int]
    first: time
    last: time
    introduction: str = ""
    place: str = ""
    buffer: int = 0
    notice: int = 4
    horizon: int = 30
    language: str = "fr"
    calendar_url: str = ""


@transaction.atomic
def save_page(draft: Draft, *, by: Actor, at: datetime) -> BookingPage:
    """Make or change one's own page. Needs a role that meets people. Emits BookingPageSaved. Raises Refused."""
    if by.kind != "user" or by.role not in HOSTS:
        raise Refused(_("Your role has no booking page."), Kind.FORBIDDEN, code="forbidden")
    slug = slugify(draft.slug)[:60]
    problems = _problems(draft, slug)
    known = BookingPage.objects.filter(user_id=by.id or 0).first()
    if known is not None and known.slug != slug and Meeting.objects.filter(host_id=by.id or 0).exists():
        problems["slug"] = _("People have booked at “%(slug)s” and may come back: the address stays.") % {
            "slug": known.slug
        }
    if BookingPage.objects.filter(slug=slug).exclude(user_id=by.id or 0).exists():
        problems["slug"] = _("This address is taken.")
    if problems:
        errors: list[dict[str, object]] = [{"field": name, "message": said} for name, said in problems.items()]
        raise Refused(next(iter(problems.values())), Kind.INVALID, errors, "invalid")
    page, _made = BookingPage.objects.update_or_create(
        user_id=by.id or 0,
        defaults={
            "slug": slug,
            "is_open": draft.is_open,
            "introduction": draft.introduction.strip(),
            "place": draft.place.strip(),
            "minutes": {kind: draft.minutes[kind] for kind in KINDS if draft.minutes.get(kind)},
            "days": sorted(draft.days),
            "first": draft.first,
            "last": draft.last,
            "buffer": draft.buffer,
            "notice": draft.notice,
            "horizon": draft.horizon,
            "language": draft.language,
            "updated_at": at,
        },
    )
    if page.calendar_url != draft.calendar_url:
        page.calendar_url, page.busy, page.busy_read_at, page.busy_problem = draft.calendar_url, [], None, ""
        page.save(update_fields=["calendar_url", "busy", "busy_read_at", "busy_problem"])
    batch = Batch([], by=by, at=at)
    batch.tell(BookingPageSaved(at=at, user_id=by.id or 0, is_open=draft.is_open))
    batch.write()
    return page


def _problems(draft: Draft, slug: str) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not slug:
        problems["slug"] = _("Give the page an address: letters, digits and hyphens.")
    if not any(draft.minutes.get(kind) for kind in KINDS):
        problems["minutes_demo"] = _("Say how long at least one kind of meeting lasts.")
    if not draft.days:
        problems["days"] = _("Choose at least one day.")
    if draft.calendar_url and urlsplit(draft.calendar_url).scheme not in {"http", "https"}:
        problems["calendar_url"] = _("Give an address that begins with https.")
    if draft.first >= draft.last:
        problems["last"] = _("The last hour comes after the first.")
    return problems


# Booking --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """What somebody says of themselves when they book. source: where they come from, as the address says it."""

    first_name: str
    last_name: str
    email: str
    company: str = ""
    phone: str = ""
    about: str = ""
    source: str = ""


def book(
    page: BookingPage, kind: str, starts_at: datetime, guest: Guest, *, mark: str, at: datetime, is_held: bool = False
) -> Meeting | None:
    """Book a free moment: the meeting is made and the letters wait in one transaction, and the guest goes down the line
    by a worker. Under a `mark` that is known it is the meeting booked then. None for `is_held`, a machine's: that is
    kept apart and books nothing.

    Raises Refused (conflict) when the moment is not free any more, and naming what cannot be.
    """
    tying.arrival(_body(page, guest, 0), tying.SITE, at)  # what the line would refuse is told now
    if is_held:
        _keep(page, guest, 0, mark=mark, at=at, is_held=True)
        return None
    try:
        with transaction.atomic():
            held = BookingPage.objects.select_for_update(of=("self",)).select_related("user").get(pk=page.pk)
            known = Meeting.objects.filter(mark=mark).first()
            if known is not None:
                return known
            _check_guest(held, guest, at)
            return _make(held, kind, starts_at, guest, mark=mark, at=at)
    except IntegrityError:  # the database judges what no lock saw
        raise taken() from None


def _check_guest(page: BookingPage, guest: Guest, at: datetime) -> None:
    """One guest does not take a whole week."""
    coming = Meeting.objects.filter(host=page.user, state=State.BOOKED, starts_at__gt=at, email__iexact=guest.email)
    if coming.count() >= MOST_OF_ONE:
        message = _("You have several meetings to come here: move or cancel one of them first.")
        raise Refused(message, Kind.INVALID, [{"field": "email", "message": message}], "too_many")


def _make(page: BookingPage, kind: str, starts_at: datetime, guest: Guest, *, mark: str, at: datetime) -> Meeting:
    ends_at = _end(page, kind, starts_at, at=at)
    meeting = Meeting.objects.create(
        host=page.user,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        token=secrets.token_urlsafe(24),
        mark=mark,
        first_name=guest.first_name,
        last_name=guest.last_name,
        email=guest.email,
        company=guest.company,
        phone=guest.phone,
        about=guest.about,
        place=page.place,
        language=page.language,
        created_at=at,
    )
    _keep(page, guest, meeting.pk, mark=mark, at=at)
    letters.booked(meeting, page.user, at=at)
    return meeting


def _end(page: BookingPage, kind: str, starts_at: datetime, *, at: datetime, except_id: int | None = None) -> datetime:
    """When a meeting that begins at a free moment ends. Raises Refused when the moment is not free."""
    day = timedelta(days=1)
    found = free_times(page, kind, start=starts_at - day, end=starts_at + day, at=at, except_id=except_id)
    if starts_at not in found:
        raise taken()
    return starts_at + timedelta(minutes=page.minutes[kind])


def _body(page: BookingPage, guest: Guest, meeting_id: int) -> dict[str, Any]:
    lead = {
        "email": guest.email,
        "first_name": guest.first_name,
        "last_name": guest.last_name,
        "company.name": guest.company,
        "phone": guest.phone,
        "message": guest.about,
        "source": guest.source or SOURCES.get(page.language, SOURCES["en"]),
        "channel": "" if guest.source else "web",
        "path": f"/b/{page.slug}",
    }
    return {"lead": {name: value for name, value in lead.items() if value}, "meeting": meeting_id}


def _keep(page: BookingPage, guest: Guest, meeting_id: int, *, mark: str, at: datetime, is_held: bool = False) -> None:
    waiting.store(
        door="form",
        kind="lead",
        route=tying.ROUTE,
        body=_body(page, guest, meeting_id),
        by=tying.SITE,
        at=at,
        once=f"booking:{mark}",
        is_held=is_held,
    )


# Afterwards -----------------------------------------------------------------------------------------------------------


def move(meeting_id: int, starts_at: datetime, *, by: Actor, at: datetime) -> Meeting:
    """Put a meeting that is to come at another free moment of its host's page. Emits MeetingMoved. Raises Refused."""

    def act(meeting: Meeting, batch: Batch) -> None:
        page = (
            BookingPage.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(user_id=meeting.host_id)
            .first()
        )
        if page is None:
            raise taken()
        _require_to_come(meeting, at)
        if starts_at == meeting.starts_at:
            return
        was_at, length = meeting.starts_at, meeting.ends_at - meeting.starts_at
        _end(page, meeting.kind, starts_at, at=at, except_id=meeting.pk)
        meeting.starts_at, meeting.ends_at = starts_at, starts_at + length
        meeting.sequence += 1
        meeting.save(update_fields=["starts_at", "ends_at", "sequence"])
        letters.moved(meeting, meeting.host, at=at)
        tying.plan(batch, meeting)
        tying.tell(batch, meeting, MeetingMoved, was_at=was_at)

    return _on(meeting_id, act, by=by, at=at)


def cancel(meeting_id: int, *, by: Actor, at: datetime) -> Meeting:
    """Cancel a meeting that is to come; its lead is to be called back. Emits MeetingCancelled. Raises Refused."""

    def act(meeting: Meeting, batch: Batch) -> None:
        if meeting.state == State.CANCELLED:
            return
        _require_to_come(meeting, at)
        _end_as(meeting, State.CANCELLED, by=by, at=at)
        meeting.sequence += 1
        meeting.save(update_fields=["sequence"])
        letters.cancelled(meeting, meeting.host, at=at)
        tying.unplan(batch, meeting, follow_up=_("The meeting was cancelled: propose another moment"), at=at)
        tying.tell(batch, meeting, MeetingCancelled)

    return _on(meeting_id, act, by=by, at=at)


def end(meeting_id: int, state: str, *, by: Actor, at: datetime) -> Meeting:
    """Say that a meeting was held, or that the other one did not come. Needs `leads.act`, on a meeting of one's own or
    with the right to assign. It is said once.

    Emits MeetingHeld or MeetingMissed. Raises Refused.
    """
    by.require("leads.act")

    def act(meeting: Meeting, batch: Batch) -> None:
        if meeting.host_id != by.id and not by.may("leads.assign"):
            raise Refused(_("Only who holds a meeting can say what became of it."), Kind.FORBIDDEN, code="forbidden")
        if meeting.state != State.BOOKED:
            raise Refused(_("What became of this meeting is said already."), Kind.CONFLICT, code="ended")
        if meeting.starts_at > at:
            raise Refused(_("This meeting is yet to come."), Kind.CONFLICT, code="to_come")
        _end_as(meeting, state, by=by, at=at)
        letters.forget(meeting)
        if state == State.MISSED:
            tying.unplan(batch, meeting, follow_up=_("Did not come to the meeting: propose another moment"), at=at)
            tying.tell(batch, meeting, MeetingMissed)
        else:
            tying.unplan(batch, meeting, at=at)

    with transaction.atomic():
        meeting = _on(meeting_id, act, by=by, at=at)
        if state == State.HELD and meeting.lead_id is not None:
            log_act(ActOn(lead_id=meeting.lead_id, kind=MeetingHeld.kind, at=meeting.starts_at), by=by, at=at)
    return meeting


def _on(meeting_id: int, act: Any, *, by: Actor, at: datetime) -> Meeting:
    """Do something with a meeting under locks: its lead first, as everywhere, then the meeting."""
    for _turn in range(3):
        with transaction.atomic():
            lead_id = Meeting.objects.filter(pk=meeting_id).values_list("lead_id", flat=True).first()
            batch = Batch([], by=by, at=at)
            if lead_id is not None:
                batch.rows(Lead).load_ids([lead_id], lock=True)
            meeting = (
                Meeting.objects.select_for_update(of=("self",)).select_related("host").filter(pk=meeting_id).first()
            )
            if meeting is None:
                raise not_found(_("Meeting"))
            if meeting.lead_id == lead_id:
                act(meeting, batch)
                batch.write()
                return meeting
    raise Refused(_("Somebody else is at this meeting: try again in a moment."), Kind.BUSY, code="busy")


def _require_to_come(meeting: Meeting, at: datetime) -> None:
    if meeting.state != State.BOOKED or meeting.starts_at <= at:
        raise Refused(_("This meeting cannot be changed any more."), Kind.CONFLICT, code="over")


def _end_as(meeting: Meeting, state: str, *, by: Actor, at: datetime) -> None:
    meeting.state, meeting.ended_at = State(state), at
    meeting.ended_by = User.objects.filter(pk=by.id or 0).first() if by.kind == "user" else None
    meeting.save(update_fields=["state", "ended_at", "ended_by"])
