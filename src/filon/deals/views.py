"""Pages of one opportunity: where it stands, what can be done with it, a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.deals import commands, forms, pipelines, queries
from filon.deals.models import ROLE_LABELS
from filon.deals.people import queries as people
from filon.deals.rows import OpportunityRow
from filon.deals.timeline import timeline
from filon.kit.errors import Kind, Refused
from filon.leads.models import Company, Lead

_EDITED: Final = ("name", "amount", "close_date", "next_step", "next_on", "owner_id", "product_id")


@require_safe
def opportunity(request: Request, opportunity_id: int) -> HttpResponse:
    """One opportunity: where it stands, what it is, what happened to it, and what can be done."""
    row = queries.opportunity(opportunity_id, by=request.actor)
    return _page(request, row, {})


def _page(request: Request, row: OpportunityRow, shown: Mapping[str, Any]) -> HttpResponse:
    """The page; `shown` may hold a form that was refused, by the name of its dialog."""
    at = timezone.now()
    known = pipelines.load()
    today = timezone.localdate(at)
    stages = known.by_id[row.pipeline_id].stages
    context = {
        "row": row,
        "days": timeline(row.id),
        "around": people.around(row),
        "roles": ROLE_LABELS.items(),
        "steps": _steps(stages, row),
        "moves": [stage for stage in stages if stage.state == "open" and stage.id != row.stage.id],
        "age": _days(row.created_at, row.closed_at or at),
        "in_stage": _days(row.stage_since, at),
        "is_late": row.state == "open" and row.close_date is not None and row.close_date < today,
        "may_change": request.actor.may("deals.change"),
        "trail": [(_("Opportunities"), reverse("deals:list")), (row.name, "")],
        "edit_form": forms.EditForm(initial=_initial(row)),
        "won_form": forms.WonForm(initial={"amount": row.amount, "closed_on": today}),
        "lost_form": forms.LostForm(initial={"closed_on": today}),
        "is_foreign": row.currency != settings.FILON_CURRENCY,
        **shown,
    }
    return render(request, "deals/opportunity.html", context, status=422 if shown else 200)


def _days(since: datetime, until: datetime) -> timedelta:
    """A span in whole calendar days of the workspace; exact when it is shorter than one."""
    days = timezone.localdate(until) - timezone.localdate(since)
    return days or until - since


def _steps(stages: tuple[pipelines.StageRow, ...], row: OpportunityRow) -> list[dict[str, Any]]:
    """The path: open stages, and the end it came to or is meant to come to."""
    end = row.state if row.state != "open" else "won"
    path = [stage for stage in stages if stage.state == "open"] + [
        next((stage for stage in stages if stage.id == row.stage.id), row.stage)
        if row.state != "open"
        else next(stage for stage in stages if stage.state == end)
    ]
    steps = []
    for stage in path:
        state = ""
        if stage.id == row.stage.id:
            state = "exit" if row.state == "lost" else "current"
        elif row.state == "won" or stage.position < row.stage.position:
            state = "passed" if row.state != "lost" else ""
        steps.append({"label": stage.label, "state": state, "share": stage.probability})
    return steps


def _initial(row: OpportunityRow) -> dict[str, Any]:
    initial = {field: asdict(row)[field] for field in _EDITED}
    return initial | {
        "category": row.own_category,
        "probability": row.probability * 100 if row.has_own_probability else None,
    }


@require_POST
def change(request: Request, opportunity_id: int) -> HttpResponse:
    """Change what an opportunity is."""
    form = forms.EditForm(request.POST)

    def values(cleaned: dict[str, Any]) -> dict[str, Any]:
        share = cleaned["probability"]
        return {**cleaned, "probability": None if share is None else share / 100}

    return _act(request, opportunity_id, form, dialog="edit", values=values, done=_("Saved."))


@require_POST
def win(request: Request, opportunity_id: int) -> HttpResponse:
    """The deal was won."""
    stage_id = _end(request, opportunity_id, "won")
    return _act(
        request,
        opportunity_id,
        forms.WonForm(request.POST),
        dialog="won",
        values=lambda cleaned: {**cleaned, "stage_id": stage_id},
        done=_("Won. The account is a customer."),
    )


@require_POST
def lose(request: Request, opportunity_id: int) -> HttpResponse:
    """The deal was lost."""
    stage_id = _end(request, opportunity_id, "lost")
    return _act(
        request,
        opportunity_id,
        forms.LostForm(request.POST),
        dialog="lost",
        values=lambda cleaned: {**cleaned, "stage_id": stage_id},
        done=_("Lost. The reason is kept for the figures."),
    )


@require_POST
def move(request: Request, opportunity_id: int) -> HttpResponse:
    """Put an opportunity in an open stage, or back in one."""
    given = request.POST.get("stage", "")
    stage_id = int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else 0
    commands.change_opportunity(opportunity_id, {"stage_id": stage_id}, by=request.actor, at=timezone.now())
    messages.success(request, _("Moved."))
    return redirect("deals:opportunity", opportunity_id)


def _end(request: Request, opportunity_id: int, state: str) -> int:
    """The stage of an opportunity's pipeline in which a deal of this state ends."""
    row = queries.opportunity(opportunity_id, by=request.actor)
    return pipelines.load().by_id[row.pipeline_id].first(state).id


def _act(
    request: Request,
    opportunity_id: int,
    form: django_forms.Form,
    *,
    dialog: str,
    done: str,
    values: Callable[[dict[str, Any]], dict[str, Any]],
) -> HttpResponse:
    """Run a form's change; a refusal comes back on the page, in the dialog it was typed in."""
    request.actor.require("deals.change")
    version = request.POST.get("version", "")
    seen = int(version) if version.isascii() and version.isdecimal() and len(version) < 18 else None
    if form.is_valid():
        try:
            wanted = values(form.cleaned_data)
            commands.change_opportunity(opportunity_id, wanted, by=request.actor, at=timezone.now(), version=seen)
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.STALE}:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, done)
            return redirect("deals:opportunity", opportunity_id)
    row = queries.opportunity(opportunity_id, by=request.actor)
    return _page(request, row, {f"{dialog}_form": form, f"open_{dialog}": True})


# New ------------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """A new opportunity, of a lead or an account when the address names one."""
    request.actor.require("deals.change")
    lead, company = _origin(request)
    form = forms.NewForm(
        request.POST or None, initial={"owner_id": request.actor.id, "name": _suggested(lead, company)}
    )
    if company is not None:
        del form.fields["company"]
    if form.is_valid():
        values = _new_values(form.cleaned_data, lead, company)
        try:
            made = commands.create_opportunity(values, by=request.actor, at=timezone.now())
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("The opportunity is created."))
            return redirect("deals:opportunity", made)
    context = {
        "form": form,
        "lead": lead,
        "company": company,
        "trail": [(_("Opportunities"), reverse("deals:list")), (_("New opportunity"), "")],
        "cancel_url": reverse("deals:list"),
    }
    return render(request, "deals/new.html", context, status=422 if form.is_bound else 200)


def _origin(request: Request) -> tuple[Lead | None, Company | None]:
    """The lead and the account that the address names, as far as they exist."""
    found: list[Any] = []
    for name, model in (("lead", Lead), ("company", Company)):
        given = request.GET.get(name, "")
        is_id = given.isascii() and given.isdecimal() and len(given) < 18
        found.append(model.objects.filter(pk=int(given)).first() if is_id else None)
    lead, company = found
    if lead is not None and company is None:
        company = lead.company
    return lead, company


def _suggested(lead: Lead | None, company: Company | None) -> str:
    if company is not None:
        return company.name
    return str(lead.person) if lead is not None else ""


def _new_values(cleaned: Mapping[str, Any], lead: Lead | None, company: Company | None) -> dict[str, Any]:
    names = {"company": "company.name", "owner_id": "owner.id", "product_id": "product.id"}
    values = {names.get(name, name): value for name, value in cleaned.items() if value not in (None, "")}
    if lead is not None:
        values["lead.id"] = lead.pk
    if company is not None:
        values["company.id"] = company.pk
    return values
