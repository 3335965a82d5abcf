"""The board and the list of opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms as django_forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from filon.core.web import Request
from filon.deals import pipelines, rules
from filon.deals.forms import people
from filon.deals.listing import board, fields, queries
from filon.deals.listing.forms import FilterForm
from filon.deals.listing.queries import Filter
from filon.deals.models import STATE_LABELS
from filon.deals.rows import OpportunityRow
from filon.deals.rules import Norm
from filon.kit.errors import Refused
from filon.leads.models import Company
from filon.ui import formats

RECENT: Final = timedelta(days=90)
"""How far back the board counts what was won and lost."""
_KEPT: Final = ("state", "company", "lead", "pipeline", "closed_from", "sort")
"""What the form of filters does not show, and keeps."""
_NARROWED: Final = {
    "stage": "stage_id",
    "product": "product_id",
    "company": "company_id",
    "lead": "lead_id",
    "pipeline": "pipeline_id",
    "amount_from": "amount_from",
    "amount_to": "amount_to",
    "close_from": "close_from",
    "close_to": "close_to",
    "state": "state",
}


# The board ------------------------------------------------------------------------------------------------------------


@require_safe
def pipeline(request: Request) -> HttpResponse:
    """The board: stages with count, sum, weighted sum and the next cards to close."""
    at, actor = timezone.now(), request.actor
    owner = owner_of(request, request.GET.get("owner", ""))
    since = rules.start_of(timezone.localdate(at) - RECENT, timezone.get_default_timezone())
    chosen = request.GET.get("pipeline", "")
    columns, known = board.board(
        int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 18 else None,
        owner_id=owner,
        closed_from=since,
        by=actor,
        at=at,
    )
    current = columns[0].stage.pipeline_id
    keep = {"owner": request.GET.get("owner", "") if owner is not None else ""}
    if len(known) > 1:
        keep["pipeline"] = str(current)
    context = {
        "columns": [_column(column, keep, since, at) for column in columns],
        "tiles": _tiles(columns, keep, since),
        "owners": owner_links(request, owner),
        "pipelines": [
            {"label": one.name, "url": f"?{urlencode({'pipeline': one.id})}", "current": one.id == current}
            for one in known
        ],
        "views": _views("board"),
        "today": timezone.localdate(at),
        "may_change": actor.may("deals.change"),
        "is_empty": not any(column.count for column in columns),
    }
    return render(request, "deals/pipeline.html", context)


def _column(column: board.Column, keep: Mapping[str, str], since: datetime, at: datetime) -> dict[str, Any]:
    more = {"stage": column.stage.id} | ({} if column.stage.state == "open" else {"closed_from": _iso(since)})
    return {
        "stage": column.stage,
        "count": column.count,
        "amount": column.amount,
        "weighted": column.weighted,
        "cards": [_card(row, column.norm, at) for row in column.cards],
        "median": round(column.norm.median) if column.norm and column.stage.state == "open" else None,
        "left": column.count - len(column.cards),
        "url": _list_url({**keep, **more}),
    }


def _card(row: OpportunityRow, norm: Norm | None, at: datetime) -> dict[str, Any]:
    """A deal as its card shows it: how long it has stood there, and whether that is long."""
    days = max((timezone.localdate(at) - timezone.localdate(row.stage_since)).days, 0)
    is_slow = norm is not None and days > norm.p90
    has_next = bool(row.next_on or row.lead_next_at)
    return {"row": row, "days": days, "is_slow": is_slow, "has_next": has_next}


def _tiles(columns: list[board.Column], keep: Mapping[str, str], since: datetime) -> list[dict[str, Any]]:
    still_open = [column for column in columns if column.stage.state == "open"]
    tiles = [
        {
            "label": pgettext("deal states", "Open"),
            "figure": _sum(still_open),
            "note": _count(still_open),
            "url": _list_url({**keep, "state": "open"}),
        },
        {
            "label": _("Weighted by probability"),
            "figure": formats.money_short(sum(column.weighted for column in still_open), _currency()),
            "note": _("Amount × probability of the stage or of the deal"),
            "url": _list_url({**keep, "state": "open"}),
        },
    ]
    for state, label in (("won", _("Won in 90 days")), ("lost", _("Lost in 90 days"))):
        closed = [column for column in columns if column.stage.state == state]
        url = _list_url({**keep, "state": state, "closed_from": _iso(since)})
        shown = {"figure": _sum(closed), "note": _count(closed)}
        if state == "lost":  # what a lost deal was worth is often not kept: their number is the figure
            shown = {"figure": formats.number(sum(column.count for column in closed)), "note": _sum(closed)}
        tiles.append({"label": label, "url": url, **shown})
    return tiles


def _sum(columns: list[board.Column]) -> str:
    return formats.money_short(sum(column.amount for column in columns), _currency())


def _count(columns: list[board.Column]) -> str:
    count = sum(column.count for column in columns)
    return ngettext("%(count)s opportunity", "%(count)s opportunities", count) % {"count": formats.number(count)}


def owner_links(request: Request, chosen: int | None) -> list[dict[str, Any]]:
    """Whose deals the board may show: everyone's, the reader's, each colleague's."""
    choices = [(None, _("Everyone")), (request.actor.id, _("Mine"))]
    choices += [choice for choice in people() if choice[0] != request.actor.id]
    links = []
    for owner_id, label in choices:
        query = request.GET.copy()
        query.pop("owner", None)
        if owner_id is not None:
            query["owner"] = str(owner_id)
        links.append({"label": label, "url": f"?{query.urlencode()}", "current": owner_id == chosen})
    return links


# The list -------------------------------------------------------------------------------------------------------------


@require_safe
def opportunities(request: Request) -> HttpResponse:
    """The list: filters in the address, keyset pages, totals of all that is found."""
    at, actor = timezone.now(), request.actor
    known = pipelines.load()
    form = FilterForm(request.GET, pipelines=known.all)
    condition = request.GET.get("filter", "").strip()
    wanted, error = _wanted(request, form, condition)
    sort = request.GET.get("sort", "")
    sort = sort if sort.removeprefix("-") in queries.SORTS else queries.DEFAULT_SORT
    context: dict[str, Any] = {"rows": [], "totals": None, "next_url": ""}
    if error is None:
        page = queries.opportunities(wanted, by=actor, at=at, sort=sort, after=request.GET.get("after", ""))
        parts = queries.totals_by_state(wanted, by=actor, at=at)
        found = queries.together(parts.values())
        mixed = parts if len(parts) > 1 else {}
        context = {"by_state": [(STATE_LABELS[state], one.count, one.amount) for state, one in mixed.items()]}
        context |= {"rows": page.rows, "totals": found, "shown": _shown(found), "next_url": _next(request, page.after)}
    context |= {
        "form": form,
        "chips": _chips(request, form),
        "keep": [(name, value) for name, value in request.GET.items() if value and name not in {"filter", "after"}],
        "kept": [(name, request.GET[name]) for name in _KEPT if request.GET.get(name)],
        "condition": condition,
        "error": error,
        "states": _states(request),
        "views": _views("list"),
        "today": timezone.localdate(at),
        "is_filtered": bool(condition or any(request.GET.get(name) for name in form.fields)),
        "may_change": actor.may("deals.change"),
    }
    return render(request, "deals/list.html", context, status=200 if error is None else 422)


def _wanted(request: Request, form: FilterForm, condition: str) -> tuple[Filter, dict[str, Any] | None]:
    """The filter of an address, without what it says wrongly; and what is wrong with its condition."""
    form.is_valid()
    cleaned = form.cleaned_data
    values: dict[str, Any] = {
        field: cleaned.get(name) for name, field in _NARROWED.items() if cleaned.get(name) not in (None, "")
    }
    if cleaned.get("closed_from"):
        values["closed_from"] = rules.start_of(cleaned["closed_from"], timezone.get_default_timezone())
    values["owner_id"] = owner_of(request, cleaned.get("owner") or "")
    values["text"] = cleaned.get("q") or ""
    try:
        values["condition"] = fields.read(condition) if condition else None
    except Refused as refused:
        return Filter(**values), _condition_error(condition, refused)
    return Filter(**values), None


def _condition_error(condition: str, refused: Refused) -> dict[str, Any]:
    problem: dict[str, Any] = refused.errors[0]
    start, end = problem["position"], problem["position"] + problem["length"]
    return {
        "message": refused.message,
        "before": condition[:start],
        "at": condition[start:end],
        "after": condition[end:],
    }


def _chips(request: Request, form: FilterForm) -> list[dict[str, str]]:
    """What narrows the list, in words, each with the address without it. The state has links of its own."""
    chips = []
    for name, field in form.fields.items():
        given = request.GET.get(name, "")
        if not given or name in form.errors or name == "state":
            continue
        query = request.GET.copy()
        for key in (name, "after"):
            query.pop(key, None)
        value = _chip_value(name, given, field)
        chips.append({"label": str(field.label or name), "value": value, "remove_url": f"?{query.urlencode()}"})
    return chips


def _chip_value(name: str, given: str, field: django_forms.Field) -> str:
    if name == "company":
        return Company.objects.filter(pk=given).values_list("name", flat=True).first() or given
    if name == "lead":
        return f"#{given}"
    choices = getattr(field.widget, "choices", None)
    if choices:
        return next((str(label) for value, label in choices if str(value) == given), given)
    return given


def _states(request: Request) -> list[dict[str, Any]]:
    current = request.GET.get("state", "")
    labels = [("", pgettext("deal states", "All")), *((code, str(label)) for code, label in STATE_LABELS.items())]
    links = []
    for state, label in labels:
        query = request.GET.copy()
        query.pop("after", None)
        query.pop("state", None)
        if state:
            query["state"] = state
        links.append({"label": label, "url": f"?{query.urlencode()}", "current": state == current})
    return links


def _shown(found: queries.Totals) -> str:
    count = ngettext("%(count)s opportunity", "%(count)s opportunities", found.count)
    return count % {"count": formats.number(found.count)}


def _next(request: Request, after: str) -> str:
    if not after:
        return ""
    query = request.GET.copy()
    query["after"] = after
    return f"?{query.urlencode()}"


# Small things ---------------------------------------------------------------------------------------------------------


def owner_of(request: Request, given: str) -> int | None:
    """The owner an address asks for; `me` is the reader."""
    if given == "me":
        return request.actor.id
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 18 else None


def _views(current: str) -> list[dict[str, Any]]:
    return [
        {"label": _("Board"), "url": reverse("deals:pipeline"), "current": current == "board", "icon": "kanban"},
        {"label": _("List"), "url": reverse("deals:list"), "current": current == "list", "icon": "table-2"},
        {"label": _("Clean-up"), "url": reverse("deals:review"), "current": False, "icon": "list-checks"},
        {"label": _("Forecast"), "url": reverse("deals:forecast"), "current": False, "icon": "trending-up"},
    ]


def _list_url(query: Mapping[str, Any]) -> str:
    return f"{reverse('deals:list')}?{urlencode({name: value for name, value in query.items() if value})}"


def _iso(moment: datetime) -> str:
    return timezone.localtime(moment, timezone.get_default_timezone()).date().isoformat()


def _currency() -> str:
    return str(settings.FILON_CURRENCY)
