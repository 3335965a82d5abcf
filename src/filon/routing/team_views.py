"""Pages of routing about people: who takes turns and who is away, and when each team works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.models import Team
from filon.core.web import Request
from filon.kit.errors import Refused, not_found
from filon.routing import forms, labels, presence, queries, rules
from filon.routing.queries import CalendarRow, MemberRow
from filon.routing.views import page


@require_safe
def teams(request: Request) -> HttpResponse:
    """How many leads each colleague got, who is away, and how many each may hold."""
    return _teams(request, timezone.now())


@require_POST
def plan_absence(request: Request) -> HttpResponse:
    """Days on which a colleague gets no new leads."""
    now = timezone.now()
    form = forms.AbsenceForm(request.POST, user_ids=_plannable(request, queries.members(by=request.actor, at=now)))
    if form.is_valid():
        said = form.cleaned_data
        try:
            presence.plan_absence(said["user"].pk, said["starts_on"], said["ends_on"], by=request.actor, at=now)
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            messages.success(request, _("The absence is planned: turns pass this colleague on these days."))
            return redirect("routing:teams")
    return _teams(request, now, absence_form=form)


@require_POST
def withdraw_absence(request: Request, absence_id: int) -> HttpResponse:
    """The colleague will be there after all."""
    presence.withdraw_absence(absence_id, by=request.actor, at=timezone.now())
    return redirect("routing:teams")


@require_POST
def set_capacity(request: Request) -> HttpResponse:
    """How many leads in work a colleague may hold."""
    now = timezone.now()
    members = queries.members(by=request.actor, at=now)
    form = forms.CapacityForm(request.POST, user_ids=[member.user_id for member in members])
    if not form.is_valid():
        return _teams(request, now, capacity_form=form)
    said = form.cleaned_data
    presence.set_capacity(said["user"].pk, said["leads_at_most"], by=request.actor, at=now)
    messages.success(request, _("Saved."))
    return redirect("routing:teams")


def _teams(
    request: Request,
    now: datetime,
    *,
    absence_form: forms.AbsenceForm | None = None,
    capacity_form: forms.CapacityForm | None = None,
) -> HttpResponse:
    members = queries.members(by=request.actor, at=now)
    plannable = _plannable(request, members)
    own: dict[str, Any] = {"user": request.actor.id} if request.actor.id in plannable else {}
    return page(
        request,
        "routing/teams.html",
        "teams",
        status=422 if absence_form or capacity_form else 200,
        members=members,
        absences=queries.absences(by=request.actor, at=now),
        form=absence_form or forms.AbsenceForm(user_ids=plannable, initial=own),
        capacity_form=capacity_form or forms.CapacityForm(user_ids=[member.user_id for member in members]),
        plannable=plannable,
        may_set=request.actor.may("routing.change") or request.actor.role == "manager",
    )


def _plannable(request: Request, members: list[MemberRow]) -> list[int]:
    """Whose absences this reader may plan, among those who take turns."""
    everybody = request.actor.may("routing.change") or request.actor.role == "manager"
    return [member.user_id for member in members if everybody or member.user_id == request.actor.id]


# Working hours --------------------------------------------------------------------------------------------------------


@require_safe
def calendars(request: Request) -> HttpResponse:
    """When everybody works, and the teams with hours of their own."""
    found = queries.calendars(by=request.actor, at=timezone.now(), language=get_language() or "fr")
    own = {row.team_id for row in found}
    return page(
        request,
        "routing/calendars.html",
        "calendars",
        calendars=[(row, list(zip(labels.DAYS, row.week, strict=True))) for row in found],
        teams=[team for team in Team.objects.order_by("name") if team.pk not in own],
        may_change=request.actor.may("routing.change"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: Request, team_id: int | None = None) -> HttpResponse:
    """The working hours of a team, or everybody's."""
    request.actor.require("routing.change")
    now = timezone.now()
    team = Team.objects.filter(pk=team_id).first() if team_id is not None else None
    if team_id is not None and team is None:
        raise not_found(_("Team"))
    rows = {row.team_id: row for row in queries.calendars(by=request.actor, at=now, language=get_language() or "fr")}
    row = rows.get(team_id)
    form = forms.CalendarForm(request.POST or None, initial=_initial(row or rows[None]))
    if form.is_valid():
        try:
            presence.save_calendar(
                team_id, form.cleaned_data["week"], form.cleaned_data["region"], by=request.actor, at=now
            )
        except Refused as refused:
            forms.show_refusal(form, refused)
        else:
            messages.success(request, _("Saved. Clocks that run already keep their due time."))
            return redirect("routing:calendars")
    return page(
        request,
        "routing/calendar.html",
        "calendars",
        status=422 if form.errors else 200,
        form=form,
        team=team,
        is_own=row is not None,
        holidays=_holidays(request, row or rows[None], now),
    )


def _initial(row: CalendarRow) -> dict[str, Any]:
    return {"region": row.region} | {f"day_{number}": hours for number, hours in enumerate(row.week)}


def _holidays(request: Request, row: CalendarRow, now: datetime) -> list[Any]:
    """The next days off of the region chosen in the form, which may not be saved yet."""
    region = request.POST.get("region", row.region)
    known = region if region in labels.REGIONS else row.region
    return rules.next_holidays(known, timezone.localdate(now), 8, get_language() or "fr")


@require_POST
def preview_holidays(request: Request) -> HttpResponse:
    """The next days off of a region: a part of the calendar's page."""
    request.actor.require("leads.see")
    region = request.POST.get("region", "")
    now = timezone.now()
    known = region if region in rules.HOLIDAYS else ""
    found = rules.next_holidays(known, timezone.localdate(now), 8, get_language() or "fr")
    return render(request, "routing/_holidays.html", {"holidays": found})


@require_POST
def drop_calendar(request: Request, team_id: int) -> HttpResponse:
    """Let a team work like everybody else."""
    presence.drop_calendar(team_id, by=request.actor, at=timezone.now())
    return redirect("routing:calendars")
