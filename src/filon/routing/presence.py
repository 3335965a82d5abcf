"""When teams work, who is away, and how many leads each can hold."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.core.ledger import Event
from filon.core.models import Team, User
from filon.kit.errors import Kind, Refused, not_found
from filon.routing import desk
from filon.routing.events import AbsencePlanned, CalendarChanged, CapacitySet
from filon.routing.models import Absence, Calendar, Capacity
from filon.routing.rules import Hours


@transaction.atomic
def save_calendar(team_id: int | None, week: tuple[Hours, ...], region: str, *, by: Actor, at: datetime) -> None:
    """Set when a team works (None: everybody without hours of their own). Running promises keep their due time.

    Emits CalendarChanged. Needs `routing.change`. Raises Refused for hours that cannot be, or a week without any.
    """
    by.require("routing.change")
    try:
        desk.timetable_of(week, region)
    except ValueError as error:
        raise Refused(
            _("These hours overlap, are out of order, or the holidays are unknown."), Kind.INVALID, code="invalid_hours"
        ) from error
    if not any(week):
        raise Refused(_("A team works at least some hours a week."), Kind.INVALID, code="no_hours")
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise not_found(_("Team"))
    days = [[list(pair) for pair in hours] for hours in week]
    whose: dict[str, Any] = {"team_id": team_id, "is_default": team_id is None}
    Calendar.objects.update_or_create(**whose, defaults={"week": days, "region": region, "changed_at": at})
    _tell(CalendarChanged(at=at, team_id=team_id, region=region, week=days), by=by, at=at)


@transaction.atomic
def drop_calendar(team_id: int, *, by: Actor, at: datetime) -> None:
    """Let a team work like everybody else. Emits CalendarChanged. Needs `routing.change`."""
    by.require("routing.change")
    if Calendar.objects.filter(team_id=team_id).delete()[0]:
        _tell(CalendarChanged(at=at, team_id=team_id, region="", week=[]), by=by, at=at)


@transaction.atomic
def plan_absence(user_id: int, starts_on: date, ends_on: date, *, by: Actor, at: datetime) -> int:
    """A colleague gets no new leads on these days, both ends included; the absence's id.

    Emits AbsencePlanned. One's own needs no right; a manager plans for the team, `routing.change` for everybody.
    """
    _may_plan(_colleague(user_id), by)
    if ends_on < starts_on:
        message = _("The absence ends before it begins.")
        raise Refused(message, Kind.INVALID, [{"field": "ends_on", "message": message}], "ends_before_start")
    absence = Absence.objects.create(user_id=user_id, starts_on=starts_on, ends_on=ends_on)
    _tell(AbsencePlanned(at=at, user_id=user_id, starts_on=starts_on, ends_on=ends_on), by=by, at=at)
    return absence.pk


@transaction.atomic
def withdraw_absence(absence_id: int, *, by: Actor, at: datetime) -> None:
    """The colleague will be there after all. Emits AbsencePlanned. Rights as for `plan_absence`."""
    absence = Absence.objects.select_related("user").filter(pk=absence_id).first()
    if absence is None:
        raise not_found(_("Absence"))
    _may_plan(absence.user, by)
    absence.delete()
    gone = AbsencePlanned(
        at=at, user_id=absence.user_id, starts_on=absence.starts_on, ends_on=absence.ends_on, is_withdrawn=True
    )
    _tell(gone, by=by, at=at)


@transaction.atomic
def set_capacity(user_id: int, leads_at_most: int | None, *, by: Actor, at: datetime) -> None:
    """How many leads in work a colleague may hold before turns pass them; None: any number.

    Emits CapacitySet. A manager sets it for the team, `routing.change` for everybody.
    """
    colleague = _colleague(user_id)
    if not by.may("routing.change") and not _is_in_team_of(colleague, by):
        by.require("routing.change")
    if leads_at_most is None:
        Capacity.objects.filter(user_id=user_id).delete()
    else:
        Capacity.objects.update_or_create(user_id=user_id, defaults={"leads_at_most": leads_at_most})
    _tell(CapacitySet(at=at, user_id=user_id, leads_at_most=leads_at_most), by=by, at=at)


def _colleague(user_id: int) -> User:
    found = User.objects.filter(pk=user_id, is_active=True).first()
    if found is None:
        raise not_found(_("Colleague"))
    return found


def _may_plan(colleague: User, by: Actor) -> None:
    if not (by.kind == "user" and by.id == colleague.pk) and not _is_in_team_of(colleague, by):
        by.require("routing.change")


def _is_in_team_of(colleague: User, by: Actor) -> bool:
    return by.role == "manager" and by.team_id is not None and colleague.team_id == by.team_id


def _tell(event: Event, *, by: Actor, at: datetime) -> None:
    ledger.append([event], by=by, learnt_at=at)
