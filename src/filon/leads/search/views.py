"""The page of results, and the part of it that the palette shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from filon.core.access import Actor
from filon.core.web import Request
from filon.kit.text import fold
from filon.leads.listing.rows import LeadRow, rows_of
from filon.leads.search import queries, sources
from filon.leads.search.queries import Found
from filon.leads.search.sources import Hit
from filon.leads.search.words import of_query
from filon.ui import navigation, stages

LONGEST: Final = 200
_ON_PAGE: Final = 25
_IN_PALETTE: Final = 6
_OTHERS: Final = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Results of one kind. more_url: where all of them are."""

    label: str
    icon: str
    hits: Sequence[Hit]
    more_url: str = ""


@require_safe
def search(request: Request) -> HttpResponse:
    """What the words find: `?q=`; with the header `X-Palette`, as options of the palette."""
    words = request.GET.get("q", "")[:LONGEST].replace("\0", " ").strip()
    is_palette = request.headers.get("X-Palette") == "true"
    at, actor = timezone.now(), request.actor
    actor.require("leads.see")
    ids = queries.lead_ids(words, by=actor) if words else []
    context: dict[str, Any] = {"words": words, "now": at}
    if is_palette:
        leads = [_hit(row) for row in rows_of(ids[:_IN_PALETTE])]
        list_url = f"{reverse('leads:list')}?{urlencode({'q': words})}"
        context["groups"] = _filled([Group(_("Leads"), "target", leads, list_url), *_others(words, ids, actor, at)])
        return render(request, "leads/search/_palette.html", context)
    context |= {
        "rows": rows_of(ids[:_ON_PAGE]),
        "has_more": len(ids) > _ON_PAGE,
        "groups": _filled([*_others(words, ids, actor, at), _pages(request, words)]) if words else [],
        "is_short": bool(words) and not of_query(words),
    }
    return render(request, "leads/search/search.html", context)


def _hit(row: LeadRow) -> Hit:
    about = " · ".join(part for part in (row.company or row.job_title, stages.label(row.stage)) if part)
    return Hit(row.title, f"{reverse('leads:list')}/{row.id}", about)


def _others(words: str, ids: Sequence[int], actor: Actor, at: datetime) -> list[Group]:
    """People and companies, and what other slices find."""
    if not words:
        return []
    groups = []
    if actor.may("people.see"):
        found = queries.people(words, ids, by=actor, limit=_OTHERS)
        groups.append(Group(_("People"), "contact", _hits(found, "people:person")))
        companies = queries.companies(words, ids, by=actor, limit=_OTHERS)
        groups.append(Group(_("Companies"), "building-2", _hits(companies, "companies:company")))
    for source in sources.all_sources():
        hits = source.find(words, by=actor, at=at, limit=_OTHERS)
        groups.append(Group(str(source.label), source.icon, hits))
    return groups


def _hits(found: Sequence[Found], url_name: str) -> list[Hit]:
    try:
        return [Hit(each.name, reverse(url_name, args=[each.id]), each.about) for each in found]
    except NoReverseMatch:
        return []


def _pages(request: HttpRequest, words: str) -> Group:
    """Pages of the navigation whose name has a word beginning with each of those asked; the palette knows them."""
    asked = fold(words).split()
    hits = [
        Hit(entry.label, entry.url, section.label)
        for section in navigation.shown(request)
        for entry in section.entries
        if all(any(word.startswith(each) for word in fold(entry.label).split()) for each in asked)
    ]
    return Group(_("Pages"), "layers", hits)


def _filled(groups: Sequence[Group]) -> list[Group]:
    return [group for group in groups if group.hits]
