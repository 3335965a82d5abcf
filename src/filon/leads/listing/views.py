"""The leads as a list, as a board, and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from filon.core.conditions import ConditionError
from filon.core.web import Request
from filon.leads.bulk import offers
from filon.leads.listing import columns, export, page, queries, totals
from filon.leads.listing.page import Opened
from filon.leads.listing.queries import Ask
from filon.leads.listing.rows import LeadRow
from filon.leads.listing.segments import condition_refused
from filon.leads.moving import MOVES_TO
from filon.leads.reasons import OF_EXIT
from filon.ui import stages

EXITS = tuple(OF_EXIT)
"""The exits a lead can be dragged into."""


@require_safe
def leads(request: Request) -> HttpResponse:
    """The list: filter, order, columns and place in the address."""
    request.actor.require("leads.see")
    at = timezone.now()
    shown = page.opened(request, reverse("leads:list"))
    ask = page.ask_of(request, shown)
    context = page.around(request, shown)
    shown_columns = page.columns_of(request, shown)
    context |= {"columns": shown_columns, "headers": page.headers(shown_columns), "rows": (), "now": at}
    if shown.error is None:
        found = queries.lead_page(ask, by=request.actor, at=at)
        context |= _paged(request, shown, found)
        context["totals"] = _totals(shown, found, at) if found.rows else ()
        context["attributes"] = _attributes(shown_columns, found.rows)
    context["columns_url"] = shown.address.url(base=reverse("leads:columns"))
    context["export_url"] = _export_url(request, shown, ask)
    context["acts"] = offers.offered(request.actor)
    context["bulk_url"] = reverse("leads:bulk") if context["acts"] else ""
    return render(request, "leads/list.html", context, status=200 if shown.error is None else 422)


def _paged(request: Request, shown: Opened, found: queries.Page) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "count": found.count,
        "count_words": page.count_words(found.count, found.bound),
        "previous_url": shown.address.url(before=found.previous) if found.previous else "",
        "next_url": shown.address.url(after=found.next) if found.next else "",
        "is_empty": not found.count and not shown.is_filtered,
    }


def _totals(shown: Opened, found: queries.Page, at: datetime) -> list[dict[str, Any]]:
    """What stands under the list: how many, and how many of them ask for something; each number opens its leads."""
    counted = totals.totals_of(found.leads, at=at)
    said = [
        (_("Leads"), found.count, found.bound, ""),
        (_("Open"), counted.is_open, counted.bound, "is_open"),
        (_("Without owner"), counted.without_owner, counted.bound, "is_open and owner is empty"),
        (_("First contact owed"), counted.due, counted.bound, _OWED),
        (_("Overdue"), counted.overdue, counted.bound, f"due_at < now and {_OWED}"),
    ]
    return [
        {
            "label": label,
            "count": page.bounded(count, bound),
            "url": shown.address.url(filter=_and(shown, more), segment="") if more and count else "",
        }
        for label, count, bound, more in said
        if count is not None
    ]


_OWED = "due_at is not empty and responded_at is empty and is_open"


def _and(shown: Opened, more: str) -> str:
    condition = shown.address.condition
    return f"({condition}) and {more}" if condition.strip() else more


def _attributes(shown_columns: Sequence[columns.Column], rows: Sequence[LeadRow]) -> dict[int, dict[str, Any]]:
    """The custom fields that columns show, by lead: parsed only when a column asks."""
    if not any(column.attribute for column in shown_columns):
        return {}
    return {row.id: row.attributes for row in rows}


def _export_url(request: Request, shown: Opened, ask: Ask) -> str:
    if not request.actor.may("export") or shown.error is not None:
        return ""
    query = {"filter": ask.condition, "q": ask.words, "sort": ask.sort}
    return f"{reverse('leads:export')}?{urlencode({name: value for name, value in query.items() if value})}"


# The board ------------------------------------------------------------------------------------------------------------


@require_safe
def board(request: Request) -> HttpResponse:
    """The board: a column a stage, each with its newest leads."""
    request.actor.require("leads.see")
    shown = page.opened(request, reverse("leads:board"))
    context = page.around(request, shown)
    if shown.error is None:
        context |= board_context(request, shown)
    return render(request, "leads/board.html", context, status=200 if shown.error is None else 422)


def board_context(request: Request, shown: Opened, *, focused: int | None = None) -> dict[str, Any]:
    """What `leads/_board.html` takes. focused: the card that the keyboard stands on after a move. Three statements."""
    at = timezone.now()
    ask = Ask(condition=shown.address.condition, words=shown.address.words)
    found = queries.board(ask, by=request.actor, at=at, stages=(*queries.JOURNEY, *EXITS))
    return {
        "columns": [_column(column, found.bound, shown) for column in found.columns],
        "moves": [(stage, stages.label(stage)) for stage in MOVES_TO],
        "refresh_url": shown.address.url(),
        "may_move": request.actor.may("leads.move"),
        "focused": focused,
        "now": at,
        "is_empty": not any(column.count for column in found.columns) and not shown.is_filtered,
    }


def _column(column: queries.Column, bound: int, shown: Opened) -> dict[str, Any]:
    parts = [f"stage = {column.stage}"]
    if shown.address.condition.strip():
        parts.append(f"({shown.address.condition})")
    return {
        "stage": column.stage,
        "label": stages.label(column.stage),
        "count": page.bounded(column.count, bound),
        "rows": column.rows,
        "has_more": column.count > len(column.rows),
        "is_exit": column.stage in EXITS,
        "takes_cards": column.stage in MOVES_TO,
        "url": shown.address.url(base=reverse("leads:list"), filter=" and ".join(parts), segment=""),
    }


# The file -------------------------------------------------------------------------------------------------------------


@require_safe
def export_csv(request: Request) -> HttpResponseBase:
    """The list of this address as a CSV file."""
    at = timezone.now()
    shown = page.opened(request, reverse("leads:list"))
    ids = tuple(int(each) for each in request.GET.getlist("ids")[: queries.MOST] if page.is_id(each))
    try:
        parts = export.export_csv(replace(page.ask_of(request, shown), ids=ids), by=request.actor, at=at)
    except ConditionError as error:
        raise condition_refused(error, "filter") from error
    response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    name = _("leads")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate(at).isoformat()}.csv"'
    response["X-Accel-Buffering"] = "no"
    return response
