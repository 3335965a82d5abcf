"""Pages of people and companies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from filon.core.web import Request
from filon.kit.errors import not_found
from filon.leads.card import properties, queries
from filon.leads.card.facts import About
from filon.leads.card.views import panel_places, person_names, timeline_context
from filon.leads.directory import companies as company_queries
from filon.leads.directory import paging
from filon.leads.directory import people as people_queries
from filon.leads.directory.companies import CompanyPage
from filon.leads.directory.paging import Walk
from filon.leads.directory.people import PeoplePage
from filon.ui import formats

_PERSON = ("first_name", "last_name", "job_title", "email", "phone", "linkedin_url", "company.name")
_PERSON_LAST = ("city", "country", "language")
_COMPANY = ("company.name", "owner", "company.sector", "company.employees", "company.revenue", "company.siren")
_COMPANY_LAST = ("company.domain", "company.city", "company.country", "company.issues")
_KNOWN_THERE = 50


# Lists ----------------------------------------------------------------------------------------------------------------


@require_safe
def people(request: Request) -> HttpResponse:
    """Everyone we know: the newest, by name, of one account, or found by words."""
    words = request.GET.get("q", "")[:200]
    company_id = _id(request.GET.get("company", ""))
    found = people_queries.people(_asked(request), by=request.actor, words=words, company_id=company_id)
    of = company_queries.company(company_id, by=request.actor).title if company_id is not None else ""
    count = ngettext("%(n)s person", "%(n)s people", len(found.rows)) % {"n": formats.number(len(found.rows))}
    return render(request, "leads/directory/people.html", _list(request, found, words, count) | {"of": of})


@require_safe
def companies(request: Request) -> HttpResponse:
    """Every account we know: the newest, by name, or found by words."""
    words = request.GET.get("q", "")[:200]
    found = company_queries.companies(_asked(request), by=request.actor, words=words)
    count = ngettext("%(n)s account", "%(n)s accounts", len(found.rows)) % {"n": formats.number(len(found.rows))}
    return render(request, "leads/directory/companies.html", _list(request, found, words, count))


def _asked(request: Request) -> Walk:
    return Walk(
        sort=request.GET.get("sort") or paging.NEWEST,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )


def _list(request: Request, found: PeoplePage | CompanyPage, words: str, count: str) -> dict[str, Any]:
    if found.is_cut:
        count = _("the first %(what)s; say more to find fewer") % {"what": count}
    sort = request.GET.get("sort") or paging.NEWEST
    return {
        "rows": found.rows,
        "q": words,
        "sort": sort,
        "sorts": [
            {"label": label, "url": _with(request, sort=name), "current": name == sort}
            for name, label in ((paging.NEWEST, _("Newest")), (paging.BY_NAME, _("By name")))
        ],
        "shown": count,
        "previous_url": _with(request, before=found.previous) if found.previous else "",
        "next_url": _with(request, after=found.next) if found.next else "",
        "is_filtered": bool(words or request.GET.get("company") or request.GET.get("after")),
        "import_url": _address("imports:new") if request.actor.may("imports.run") else "",
    }


def _with(request: Request, **changes: str) -> str:
    kept = {name: request.GET[name] for name in ("q", "company", "sort") if request.GET.get(name)}
    return f"?{urlencode(kept | changes)}"


def _id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise not_found(_("Company"))
    return int(text)


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


# One ------------------------------------------------------------------------------------------------------------------


@require_safe
def person(request: Request, person_id: int) -> HttpResponse:
    """One person: who, where they work, their leads, what happened with all of them."""
    found = people_queries.person(person_id, by=request.actor)
    may_edit = request.actor.may("leads.change")
    names = person_names(found.person, (*_PERSON, *_PERSON_LAST))
    about = About(lead_ids=[lead.id for lead in found.leads], person_id=person_id)
    url = reverse("people:person", args=[person_id])
    context = timeline_context(request, about, reverse("people:timeline", args=[person_id]), url)
    context |= {
        "card": found,
        "person_fields": properties.properties("person", found.person, names, may_edit=may_edit),
        "identifiers": queries.identifiers_of(person_id),
        "trail": [(_("People"), reverse("people:list")), (found.title, "")],
    }
    return render(request, "leads/directory/person.html", context)


@require_safe
def person_timeline(request: Request, person_id: int) -> HttpResponse:
    """What happened with a person as it is now, or its next page (`?after=`)."""
    found = people_queries.person(person_id, by=request.actor)
    about = About(lead_ids=[lead.id for lead in found.leads], person_id=person_id)
    return _timeline(request, about, "people", person_id)


@require_safe
def company(request: Request, company_id: int) -> HttpResponse:
    """One account: what it is, who looks after it, everyone known there, its leads and opportunities."""
    found = company_queries.company(company_id, by=request.actor)
    may_edit = request.actor.may("leads.change")
    known = people_queries.people(Walk(limit=_KNOWN_THERE), by=request.actor, company_id=company_id)
    row, url = found.company, reverse("companies:company", args=[company_id])
    context = timeline_context(
        request, About(company_id=company_id), reverse("companies:timeline", args=[company_id]), url
    )
    context |= {
        "card": found,
        "filters": [],  # whatever happens to an account itself is a change
        "company_fields": properties.properties("company", row, (*_COMPANY, *_COMPANY_LAST), may_edit=may_edit),
        "attribute_fields": properties.attributes("company", row, may_edit=may_edit),
        "stages": [
            {"stage": stage, "count": count, "url": _leads_url(found.title, stage)} for stage, count in found.leads
        ],
        "people": known.rows,
        "people_url": f"{reverse('people:list')}?{urlencode({'company': company_id})}" if known.next else "",
        "panels": panel_places("company", company_id),
        "new_url": f"{reverse('leads:new')}?{urlencode({'company': found.title})}",
        "may_create": request.actor.may("leads.create"),
        "trail": [(_("Companies"), reverse("companies:list")), (found.title, "")],
    }
    return render(request, "leads/directory/company.html", context)


def _leads_url(name: str, stage: str) -> str:
    """The leads of an account at a stage, as the list's filter asks for them."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    condition = f'company.name = "{quoted}" and stage = {stage}'
    return f"{reverse('leads:list')}?{urlencode({'filter': condition})}"


@require_safe
def company_timeline(request: Request, company_id: int) -> HttpResponse:
    """What happened to an account itself, as it is now, or its next page (`?after=`)."""
    company_queries.company(company_id, by=request.actor)
    return _timeline(request, About(company_id=company_id), "companies", company_id)


def _timeline(request: Request, about: About, app: str, record_id: int) -> HttpResponse:
    name = {"people": "person", "companies": "company"}[app]
    url = reverse(f"{app}:timeline", args=[record_id])
    context = timeline_context(request, about, url, reverse(f"{app}:{name}", args=[record_id]))
    context["filters"] = context["filters"] if app == "people" else []
    template = "leads/card/_timeline_days.html" if request.GET.get("after") else "leads/card/_timeline.html"
    return render(request, template, context)
