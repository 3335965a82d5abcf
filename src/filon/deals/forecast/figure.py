"""The forecast as a figure of the command line and the API: the same lines as its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.models import User
from filon.deals.forecast import queries
from filon.deals.forecast.queries import Forecast
from filon.deals.forecast.rules import Line, Period, months_on, period_of
from filon.kit.errors import Refused

SPLITS: Final = ("month", "owner")
AHEAD: Final = 6
"""Months that are answered when it is split by month and no days are given: the present one and those after it."""
MOST_MONTHS: Final = 60

Row = tuple[tuple[str | None, ...], tuple[str | None, ...], dict[str, Any]]
"""Keys, what they are called, and the columns."""


def rows(first: date | None, last: date | None, by: Sequence[str], actor: Actor, at: datetime) -> list[Row]:
    """The forecast of whole months in [first, last), the present one without; P10, P50 and P90 are of the whole only.
    What is past due is in no month to come: split by month, it stands in the present one.

    Three statements a month, one for names. Raises Refused for days that are not the first of a month.
    """
    found: list[Row] = []
    today = timezone.localdate(at)
    for period in _periods(first, last, "month" in by, today):
        holds_past = "month" not in by or period.start <= today < period.end
        whole = queries.reckoned(period, by=actor, at=at)
        keys: dict[str, tuple[str | None, str | None]] = {"month": (period.name, period.name)}
        if "owner" not in by:
            found.append(_row(by, keys, _columns(whole.whole, holds_past=holds_past) | _spread(whole)))
            continue
        names = _names(whole)
        for owner_id, line in whole.by_owner.items():
            key = None if owner_id is None else str(owner_id)
            keys["owner"] = key, names.get(owner_id or 0)
            found.append(_row(by, keys, _columns(line, holds_past=holds_past)))
    return found


def _periods(first: date | None, last: date | None, is_by_month: bool, today: date) -> Iterator[Period]:
    start = first or (months_on(last, -1) if last else period_of("", today).start)
    end = last or (months_on(start, AHEAD if is_by_month else 1))
    for name, day in (("from", start), ("to", end)):
        if day.day != 1:
            message = _("A forecast is of whole months: give the first day of one.")
            raise Refused(message, errors=[{"field": name, "message": message}], code="invalid")
    if not is_by_month:
        yield Period(f"{start:%Y-%m}/{end:%Y-%m}" if end != months_on(start, 1) else f"{start:%Y-%m}", start, end)
        return
    for ahead in range(MOST_MONTHS):
        month = months_on(start, ahead)
        if month >= end:
            return
        yield Period(f"{month:%Y-%m}", month, months_on(month, 1))


def _row(by: Sequence[str], keys: dict[str, tuple[str | None, str | None]], columns: dict[str, Any]) -> Row:
    chosen = [keys[name] for name in by]
    return tuple(key for key, _shown in chosen), tuple(shown for _key, shown in chosen), columns


def _columns(line: Line, *, holds_past: bool) -> dict[str, Any]:
    """A line's sums as decimal texts; coverage is what is open for each euro still to win."""
    coverage = line.coverage
    return {
        "target": _money(line.target),
        "won": _money(line.won),
        **{category: _money(amount) for category, amount in line.by_category.items()},
        "weighted": _money(line.weighted),
        "forecast": _money(line.landing),
        "gap": _money(line.gap),
        "coverage": None if coverage is None else round(float(coverage), 4),
        "past_due": _money(line.past if holds_past else Decimal(0)),
    }


def _spread(whole: Forecast) -> dict[str, str | None]:
    values = whole.spread or (whole.whole.won,) * 3
    return {name: _money(value) for name, value in zip(("p10", "p50", "p90"), values, strict=True)}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def _names(whole: Forecast) -> dict[int, str]:
    ids = [owner_id for owner_id in whole.by_owner if owner_id is not None]
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
