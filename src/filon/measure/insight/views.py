"""The pages of figures: funnel, sources, speed, costs, velocity, and the rows behind each number."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from filon.core.web import Request
from filon.kit.errors import not_found
from filon.measure import periods, queries
from filon.measure.insight import pages, presentation, rows_page
from filon.measure.insight.pages import PAGES


@require_safe
def funnel(request: Request) -> HttpResponse:
    """The head's home: five figures, the funnel, its steps, and a table by what is chosen."""
    return _show(request, "funnel", "measure/funnel.html")


@require_safe
def sources(request: Request) -> HttpResponse:
    """Which sources bring leads that sales accept."""
    return _show(request, "sources")


@require_safe
def speed(request: Request) -> HttpResponse:
    """How long people wait for a human."""
    return _show(request, "speed")


@require_safe
def cost(request: Request) -> HttpResponse:
    """What leads cost."""
    return _show(request, "cost")


@require_safe
def velocity(request: Request) -> HttpResponse:
    """What opportunities become."""
    return _show(request, "velocity")


def _show(request: Request, name: str, template: str = "measure/figure.html") -> HttpResponse:
    at = timezone.now()
    page = PAGES[name]
    asking = pages.question(page, request.GET, periods.day_of(at, periods.zone()))
    found = pages.context(page, asking, by=request.actor, at=at)
    return render(request, template, found, status=422 if found["question"].error else 200)


@require_safe
def durations(request: Request) -> HttpResponse:
    """How long each step of the funnel takes: a part of the funnel's page, which asks for it once it is shown."""
    at = timezone.now()
    query = request.GET.copy()
    if not (query.get("from") or query.get("to")):
        query["period"] = "all"
    asking = pages.question(PAGES["funnel"], query, periods.day_of(at, periods.zone()))
    return render(request, "measure/_durations.html", pages.durations(asking, by=request.actor, at=at))


@require_safe
def csv(request: Request, name: str) -> HttpResponse:
    """The table of a page as a file."""
    page = PAGES.get(name)
    if page is None:
        raise not_found("Page")
    at = timezone.now()
    answer = queries.figure(page.figure, _asked(request), by=request.actor, at=at)
    response = HttpResponse(f"\ufeff{presentation.as_csv(answer)}", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="filon-{name}-{answer.as_of:%Y-%m-%d}.csv"'
    return response


@require_safe
def rows(request: Request) -> HttpResponse:
    """The leads, opportunities or costs behind a number."""
    at = timezone.now()
    asked = _asked(request)
    after = request.GET.get("after", "")
    behind = queries.rows_behind(
        request.GET.get("figure", ""),
        asked,
        request.GET.get("cell", ""),
        tuple(key or None for key in request.GET.getlist("key")),
        by=request.actor,
        at=at,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else None,
    )
    found = rows_page.context(behind, asked, request.GET, by=request.actor)
    return render(request, "measure/rows.html", found)


def _asked(request: Request) -> periods.Asked:
    query = request.GET
    return periods.parse(
        first=query.get("from", ""),
        last=query.get("to", ""),
        as_of=query.get("as_of", ""),
        basis=query.get("basis", ""),
        condition=query.get("filter", ""),
        by=query.getlist("by"),
    )
