"""Pages of the forecast: where the period lands, the deals behind each number, the targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from filon.core.web import Request
from filon.deals.forecast import commands, queries, rules
from filon.deals.forecast.forms import TargetsForm
from filon.deals.forecast.rules import Line, Period
from filon.deals.listing.views import owner_of
from filon.deals.models import CATEGORY_LABELS
from filon.ui import formats

_NUMBERS: Final = ("won", "engaged", "probable", "possible", "left_out", "past")


@require_safe
def forecast(request: Request) -> HttpResponse:
    """Where a month or a quarter lands, by seller, and the deals behind the number that is asked for."""
    at, actor = timezone.now(), request.actor
    today = timezone.localdate(at)
    period = rules.period_of(request.GET.get("period", ""), today)
    owner = owner_of(request, request.GET.get("owner", ""))
    number = request.GET.get("number", "")
    found = queries.forecast(period, by=actor, at=at)
    names = queries.names(found.by_owner)
    address = _Addresses(period)
    context = {
        "period": _said(period),
        "periods": _periods(period, today),
        "before_url": address.of(period=period.moved(-1).name),
        "after_url": address.of(period=period.moved(1).name),
        "tiles": _tiles(found),
        "spread": _spread(found),
        "columns": [str(label) for _number, label in _labels()],
        "rows": [
            _row(names.get(owner_id or 0, _("Nobody's")), line, address, owner_id)
            for owner_id, line in sorted(found.by_owner.items(), key=lambda item: (-item[1].landing, item[0] or 0))
        ],
        "whole": _row(_("All together"), found.whole, address, None),
        "plot": _plot(found, names),
        "foreseen": [_foreseen(one, found, today) for one in queries.foreseen(period, by=actor)],
        "may_set": actor.may("targets.change"),
        "may_change": actor.may("deals.change"),
        "has_any": any((found.whole.won, found.whole.open, found.whole.past, found.whole.target)),
        "today": today,
        "trail": [(_("Pipeline"), reverse("deals:pipeline")), (_("Forecast"), "")],
    }
    if number in _NUMBERS:
        deals, is_cut = queries.deals_behind(period, number, owner_id=owner, by=actor, at=at)
        title = dict(_labels())[number]
        context |= {"deals": deals, "is_cut": is_cut, "deals_title": title, "deals_of": names.get(owner or 0, "")}
    return render(request, "deals/forecast/forecast.html", context)


class _Addresses:
    """Addresses of this page with something else asked."""

    def __init__(self, period: Period) -> None:
        self.period = period

    def of(self, **asked: Any) -> str:
        """With this asked; the period stays unless another is given."""
        query = {"period": self.period.name, **{name: value for name, value in asked.items() if value is not None}}
        return f"{reverse('deals:forecast')}?{urlencode(query)}"


def _labels() -> list[tuple[str, str]]:
    """The numbers of a line and what they are called."""
    categories = [(code, str(label)) for code, label in CATEGORY_LABELS.items()]
    return [("won", _("Won")), *categories, ("past", _("Date passed"))]


def _row(label: str, line: Line, address: _Addresses, owner_id: int | None) -> dict[str, Any]:
    """A line of the table: each number with the address of its deals."""
    sums = {"won": line.won, **line.by_category, "past": line.past}
    return {
        "label": label,
        "line": line,
        "cells": [
            {"label": said, "amount": sums[number], "url": address.of(number=number, owner=owner_id) + "#deals"}
            for number, said in _labels()
        ],
    }


def _tiles(found: queries.Forecast) -> list[dict[str, Any]]:
    line = found.whole
    target = "–" if line.target is None else _money(line.target)
    tiles: list[dict[str, Any]] = [
        {"label": _("Target"), "figure": target, "note": "" if line.target else _("none is set")},
        {"label": _("Won"), "figure": _money(line.won), "value": line.won, "goal": line.target},
        {
            "label": _("Landing"),
            "figure": _money(line.landing),
            "note": _("won, and what is open × its probability"),
            "value": line.landing,
            "goal": line.target,
        },
    ]
    if line.gap is not None:
        covered = line.coverage
        note = (
            ""
            if covered is None
            else _("covered %(times)s times by what is open") % {"times": formats.number(covered, 1)}
        )
        tiles.append({"label": _("Still to win"), "figure": _money(line.gap), "note": note})
    return tiles


def _spread(found: queries.Forecast) -> str:
    if found.spread is None:
        return ""
    low, middle, high = (_money(amount) for amount in found.spread)
    return _(
        "In eight of ten simulations this period comes to between %(low)s and %(high)s, half of the time to more than "
        "%(middle)s: each open opportunity is won or not with its probability, by itself."
    ) % {"low": low, "middle": middle, "high": high}


def _plot(found: queries.Forecast, names: Mapping[int, str]) -> dict[str, Any]:
    """Won and open by category, a bar a seller."""
    owners = [owner for owner, line in found.by_owner.items() if line.won or line.open]
    owners.sort(key=lambda owner: -found.by_owner[owner].landing)
    labels = [names.get(owner or 0, _("Nobody's")) for owner in owners[:12]]
    lines = [found.by_owner[owner] for owner in owners[:12]]
    series = [
        {"name": label, "values": [float(_sum_of(line, number)) for line in lines]}
        for number, label in _labels()
        if number in {"won", *rules.COUNTED}
    ]
    names_of = [label.lower() for number, label in _labels() if number in {"won", *rules.COUNTED}]
    table = {
        "headers": [_("Seller"), *(one["name"] for one in series)],
        "rows": [
            [name, *(_money(_sum_of(line, number)) for number in ("won", *rules.COUNTED))]
            for name, line in zip(labels, lines, strict=True)
        ],
    }
    spec = {
        "kind": "bar",
        "title": _("Won and open, by seller"),
        "categories": labels,
        "series": series,
        "unit": "money",
        "currency": settings.FILON_CURRENCY,
        "note": _("From left to right: %(names)s.") % {"names": ", ".join(names_of)},
        "stacked": True,
        "horizontal": True,
    }
    return {"spec": spec, "table": table} if lines else {}


def _sum_of(line: Line, number: str) -> Decimal:
    return line.won if number == "won" else line.by_category[number]


def _foreseen(one: queries.Foreseen, found: queries.Forecast, today: date) -> str:
    said = {"days": formats.number(one.days_before), "amount": _money(one.landing)}
    text = _("%(days)s days before its end, %(amount)s were foreseen") % said
    if today < found.period.end or not one.landing:
        return text
    off = found.whole.won / one.landing - 1
    return f"{text} · " + _("%(share)s off what was won") % {"share": formats.percent(off, 0)}


def _periods(period: Period, today: date) -> list[dict[str, Any]]:
    """This month, the next one, this quarter and the next."""
    month = rules.period_of("", today)
    quarter = rules.period_of(f"{today.year}-Q{(today.month + 2) // 3}", today)
    offered = [month, month.moved(1), quarter, quarter.moved(1)]
    return [{"label": _said(one), "url": _Addresses(one).of(), "current": one.name == period.name} for one in offered]


def _said(period: Period) -> str:
    if len(period.months()) == 1:
        return formats.month(period.start)
    said = {"quarter": (period.start.month + 2) // 3, "year": period.start.year}
    return _("Q%(quarter)s %(year)s") % said


def _money(amount: Decimal) -> str:
    return formats.money_short(amount, settings.FILON_CURRENCY)


# Targets --------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def targets(request: Request) -> HttpResponse:
    """The targets of a year, by seller and month."""
    actor, at = request.actor, timezone.now()
    actor.require("targets.change")
    year = _year(request.GET.get("year", ""), timezone.localdate(at).year)
    people: list[tuple[int | None, str]] = [*queries.sellers(by=actor)]
    rows = people if actor.role == "manager" else [*people, (None, _("All together"))]
    form = TargetsForm(request.POST or None, year=year, rows=rows, known=queries.targets_of(year, by=actor))
    if form.is_valid():
        changed = commands.set_targets(form.values(), by=actor, at=at)
        said = ngettext("%(count)s target set.", "%(count)s targets set.", changed)
        messages.success(request, said % {"count": formats.number(changed)})
        return redirect(f"{reverse('deals:targets')}?year={year}")
    context = {
        "form": form,
        "year": year,
        "months": [dateformat.format(date(year, month, 1), "N") for month in range(1, 13)],
        "years": [
            {"label": str(one), "url": f"?year={one}", "current": one == year} for one in (year - 1, year, year + 1)
        ],
        "trail": [
            (_("Pipeline"), reverse("deals:pipeline")),
            (_("Forecast"), reverse("deals:forecast")),
            (_("Targets"), ""),
        ],
    }
    return render(request, "deals/forecast/targets.html", context, status=422 if form.is_bound else 200)


def _year(given: str, current: int) -> int:
    return (
        int(given)
        if given.isascii() and given.isdecimal() and len(given) == 4 and "2000" <= given <= "2098"
        else current
    )
