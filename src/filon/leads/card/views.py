"""The page of a lead and its parts. Commands judge who may."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from filon.core.web import Request
from filon.kit import web
from filon.kit.errors import Kind, Refused
from filon.leads import panels
from filon.leads.card import commands, facts, forms, head, properties, queries, timeline, words
from filon.leads.card.commands import ActOn
from filon.leads.card.facts import About
from filon.leads.card.queries import LeadCard
from filon.leads.card.wording import Family, kinds_of
from filon.leads.fields import OUTCOMES
from filon.ui import stages

CHANGED = "leads-changed"
"""What parts of pages listen to: a lead was moved, or something was logged on it."""


@require_safe
def lead(request: Request, lead_id: int) -> HttpResponse:
    """The page."""
    card = queries.card(lead_id, by=request.actor)
    context = _head(request, card) | _sides(request, card) | _timeline(request, card)
    context |= _composer() | {"panels": panel_places("lead", lead_id), "trail": _trail(card)}
    return render(request, "leads/card/lead.html", context)


def _trail(card: LeadCard) -> list[tuple[str, str]]:
    return [(_("Leads"), reverse("leads:list")), (card.title, "")]


@require_safe
def lead_head(request: Request, lead_id: int) -> HttpResponse:
    """Its head as it is now."""
    card = queries.card(lead_id, by=request.actor)
    return render(request, "leads/card/_head_again.html", _head(request, card))


def _head(request: Request, card: LeadCard) -> dict[str, Any]:
    at, actor = timezone.now(), request.actor
    last = str(card.lead["last_act"])
    return {
        "card": card,
        "steps": head.path(card, queries.passages(card.id), at=at),
        "promise": head.promise(card, at=at),
        "next": head.next_action(card, at=at),
        "primary": head.primary(card, actor),
        "moves": [(stage, stages.label(stage)) for stage in head.moves(card, actor)],
        "last_act": words.act(last) if last else "",
        "may_act": actor.may("leads.act"),
    }


# At its sides ---------------------------------------------------------------------------------------------------------

_PERSON = ("first_name", "last_name", "job_title", "email", "phone", "linkedin_url", "city", "country")
_COMPANY = ("company.sector", "company.employees", "company.revenue", "company.siren", "company.domain")
_COMPANY_LAST = ("company.city", "company.country", "owner", "company.issues")
_ORIGIN = ("channel", "source", "campaign", "medium", "class", "motion")


def _sides(request: Request, card: LeadCard) -> dict[str, Any]:
    may_edit = request.actor.may("leads.change")
    person, company, lead = card.person, card.company, card.lead
    names = _PERSON if company else (*_PERSON, "company.name")
    first, last = queries.touches(lead)
    found = queries.contacts(company["id"], except_for=person["id"], by=request.actor) if company else []
    return {
        "person_fields": properties.properties("person", person, person_names(person, names), may_edit=may_edit),
        "company_fields": (
            properties.properties("company", company, (*_COMPANY, *_COMPANY_LAST), may_edit=may_edit) if company else []
        ),
        "origin_fields": properties.properties("lead", lead, _ORIGIN, may_edit=may_edit),
        "attribute_fields": properties.attributes("lead", lead, may_edit=may_edit),
        "first_touch": first,
        "last_touch": last,
        "contacts": found[: queries.CONTACTS],
        "has_more_contacts": len(found) > queries.CONTACTS,
        "identifiers": queries.identifiers_of(person["id"]),
        "findings": _findings(card),
        "person_url": reverse("people:person", args=[person["id"]]),
        "class_label": words.choice("class", str(lead["lead_class"])),
    }


def person_names(person: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """The fields of a person to show: the whole name too, where it is not what its parts say."""
    parts = f"{person['first_name']} {person['last_name']}".strip()
    return names if person["full_name"] in ("", parts) else ("full_name", *names)


def _findings(card: LeadCard) -> list[str]:
    """What is odd about this lead, in words."""
    found = []
    if not card.lead["source"]:
        found.append(_("No source: figures by source leave this lead out."))
    if not card.lead["is_captured_at_known"]:
        found.append(_("Its file did not say when it was captured: the date is that of the import."))
    if not card.person["phone"] and card.lead["attributes"].get("phone"):
        found.append(_("The phone number was not valid and is kept among the other fields."))
    return found


def panel_places(page: str, record_id: int) -> list[dict[str, Any]]:
    """Where the panels of a page are fetched, with their titles."""
    return [
        {"title": panel.title, "url": reverse("leads:panel", args=[page, record_id, panel.name])}
        for panel in panels.of(page)
    ]


@require_safe
def panel(request: Request, page: str, record_id: int, name: str) -> HttpResponse:
    """What another slice shows of this lead or account."""
    found = panels.named(page, name)
    queries.check_id(record_id, _("Record"))
    context = found.query(record_id, by=request.actor, at=timezone.now())
    return render(request, found.template, context) if context is not None else HttpResponse()


# What happened --------------------------------------------------------------------------------------------------------


@require_safe
def lead_timeline(request: Request, lead_id: int) -> HttpResponse:
    """The timeline as it is now, or its next page (`?after=`)."""
    card = queries.card(lead_id, by=request.actor)
    template = "leads/card/_timeline_days.html" if request.GET.get("after") else "leads/card/_timeline.html"
    return render(request, template, _timeline(request, card))


def _timeline(request: Request, card: LeadCard) -> dict[str, Any]:
    about = About(lead_ids=[card.id], person_id=card.person["id"])
    return timeline_context(
        request, about, reverse("leads:timeline", args=[card.id]), reverse("leads:lead", args=[card.id])
    )


def timeline_context(request: Request, about: About, url: str, page_url: str) -> dict[str, Any]:
    """What `_timeline.html` takes: the filters, the days of this page, and the address of the next one."""
    show, after = request.GET.get("show", ""), request.GET.get("after", "")
    show = show if show in set(Family) else ""
    page = facts.facts(about, by=request.actor, kinds=kinds_of(show), after=after)
    labels = {
        "": pgettext("timeline", "All"),
        "exchanges": _("Exchanges"),
        "signals": _("Signals"),
        "changes": _("Changes"),
    }
    found = timeline.days(page, continued=_day(request.GET.get("day", "")) if after else None)
    more = {"show": show, "after": page.after, "day": found[-1].day.isoformat() if found else ""}
    return {
        "days": found,
        "show": show,
        "timeline_url": f"{url}?{urlencode({'show': show})}" if show else url,
        "filters": [
            {"label": label, "current": name == show, "url": _with(url, name), "page_url": _with(page_url, name)}
            for name, label in labels.items()
        ],
        "more_url": f"{url}?{urlencode({name: value for name, value in more.items() if value})}" if page.after else "",
    }


def _with(url: str, show: str) -> str:
    return f"{url}?{urlencode({'show': show})}" if show else url


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# Logging --------------------------------------------------------------------------------------------------------------


def _composer(form: forms.ActForm | None = None) -> dict[str, Any]:
    chosen = form.data.get("kind", "") if form else ""
    return {
        "form": form,
        "kinds": [
            ("note_written", _("Note"), "sticky-note", "n"),
            ("call_logged", pgettext("act", "Call"), "phone", "c"),
            ("message_sent", _("Message"), "mail", "m"),
            ("meeting_held", _("Meeting"), "calendar-check", "b"),
        ],
        "chosen": chosen if chosen in commands.BY_HAND else "note_written",
        "outcomes": [(code, words.outcome(code)) for code in OUTCOMES],
        "now": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
    }


@require_POST
def act(request: Request, lead_id: int) -> HttpResponse:
    """Log a note, a call, a message or a meeting. The parts of the page that it changes fetch themselves anew."""
    form = forms.ActForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        outcome = values["outcome"] if values["kind"] == "call_logged" else ""
        said = ActOn(lead_id=lead_id, kind=values["kind"], text=values["text"], outcome=outcome, at=values["at"])
        try:
            commands.log_act(said, by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            forms.show_refusal(form, refused)
    card = queries.card(lead_id, by=request.actor)
    if form.errors:
        context = {"card": card, **_composer(form)}
        return render(request, "leads/card/_composer.html", context, status=422)
    response = render(request, "leads/card/_composer.html", {"card": card, **_composer()})
    return tell(web.add_toast(response, _("Logged.")), CHANGED)


def tell(response: HttpResponse, *names: str) -> HttpResponse:
    """Let the page also hear of these events."""
    told = json.loads(response["HX-Trigger"]) if response.has_header("HX-Trigger") else {}
    response["HX-Trigger"] = json.dumps(told | dict.fromkeys(names, True))
    return response
