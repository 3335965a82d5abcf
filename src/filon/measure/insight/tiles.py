"""The figures at the head of a page, each with the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filon.core.access import Actor
from filon.measure import periods, queries
from filon.measure.insight import presentation
from filon.measure.insight.addresses import rows_url
from filon.measure.insight.presentation import Column
from filon.measure.lake.refresh import Reading
from filon.measure.periods import Asked
from filon.measure.queries import Line
from filon.measure.rules import FEW
from filon.ui import formats

Tile = dict[str, Any]


def of_page(
    name: str,
    figure: str,
    columns: Sequence[Column],
    asked: Asked,
    total: Line,
    *,
    by: Actor,
    at: datetime,
    of: Reading,
) -> list[Tile]:
    """The tiles of a page: the head's five on the funnel's, else the whole of the columns that matter most."""
    if name == "funnel":
        return _headline(asked, total.values, by=by, at=at, of=of)
    known = {column.name: column for column in columns if column.unit != "interval"}
    return [
        {
            "label": str(known[column].label),
            "figure": presentation.short_text(total.values.get(column), known[column].unit),
            "url": rows_url(figure, asked, column) if total.values.get(column) is not None else "",
            "term": term,
            "note": _note(column, total.values),
        }
        for column, term in _TILES[name]
    ]


_TILES: Final = {
    "sources": (("captured", "lead"), ("mql_rate", "mql"), ("sql_rate", "qualification_rate"), ("rate", "conversion")),
    "speed": (
        ("response_median_hours", "first_response"),
        ("response_median_hours_working", "first_response"),
        ("conversation_median_hours", "first_conversation"),
        ("within_sla", "sla"),
        ("reach_rate", "reach_rate"),
    ),
    "cost": (("spend", "spend"), ("cost_per_lead", "cost_per_lead"), ("cost_per_sql", "cost_per_lead"), ("cac", "cac")),
    "velocity": (
        ("won_amount", "amount"),
        ("win_rate", "win_rate"),
        ("average_deal", "average_deal"),
        ("cycle_days_mean", "sales_cycle"),
        ("velocity_per_day", "velocity"),
    ),
}
"""The tiles of each page: column, glossary term."""


def _note(name: str, values: Mapping[str, Any]) -> str:
    if f"{name}_low" in values and values[name] is not None:
        return presentation.interval_text(values, name)
    if name == "response_median_hours" and values.get("out_of_order"):
        return ngettext(
            "%(count)s was contacted before capture", "%(count)s were contacted before capture", values["out_of_order"]
        ) % {"count": formats.number(values["out_of_order"])}
    if name == "velocity_per_day" and values.get("velocity_basis") == "trailing_12_months":
        return _("at the pace of the last 12 months")
    if name == "cycle_days_mean":
        return _("median: %(days)s") % {"days": presentation.value_text(values.get("cycle_days_median"), "days")}
    return ""


def _headline(asked: Asked, of_cohort: Mapping[str, Any], *, by: Actor, at: datetime, of: Reading) -> list[Tile]:
    """The head's five figures, each against the same days of the period before.

    of_cohort: the funnel beside them, where there is one; where it says another number, the tile says why.
    """
    this = replace(asked, by=(), basis="cohort")
    now = queries.figure("headline", this, by=by, at=at, of=of).lines[0].values
    earlier = periods.before(this, periods.day_of(at, periods.zone()))
    then = queries.figure("headline", earlier, by=by, at=at, of=of).lines[0].values if earlier else {}
    if then.get("new_leads", 0) < FEW:  # hardly anything had begun: no comparison means anything
        earlier, then = None, {}
    amounts = {"created": "created_amount", "won_amount": "won"}
    tiles = []
    for name, label, unit, better, term in (
        ("new_leads", _("New leads"), "count", "up", "lead"),
        ("sql_accepted", _("SQL accepted"), "count", "up", "sql"),
        ("created", _("Opportunities created"), "count", "up", "opportunity"),
        ("won_amount", _("Won, excl. tax"), "money", "up", "amount"),
        ("cac", _("CAC"), "money", "down", "cac"),
    ):
        note = ""
        if name == "created" and now["created"]:
            note = formats.money_short(Decimal(now[amounts[name]]), settings.FILON_CURRENCY)
        elif name == "won_amount":
            note = ngettext("%(count)s deal", "%(count)s deals", now["won"]) % {"count": formats.number(now["won"])}
        if why := _why_another(name, now[name], of_cohort):
            note = f"{note} · {why}" if note else why
        tiles.append(
            {
                "label": label,
                "figure": _figure(now[name], unit),
                "url": rows_url("headline", this, name) if now[name] is not None else "",
                "delta": _delta(now[name], then.get(name)),
                "better": better,
                "compared": _("against the period before") if earlier else "",
                "note": note,
                "term": term,
            }
        )
    return tiles


def _why_another(name: str, value: Any, of_cohort: Mapping[str, Any]) -> str:
    """Why the funnel below says another number than a tile: it counts the leads captured in the period."""
    other = of_cohort.get({"sql_accepted": "sql", "created": "opportunity"}.get(name, ""))
    if other is None or other == value:
        return ""
    count = {"count": formats.number(other)}
    if name == "created":
        return _("opportunities recorded; the funnel counts the leads that reached the stage: %(count)s") % count
    return _("accepted in the period; of the leads captured in it, %(count)s reached SQL") % count


def _figure(value: Any, unit: str) -> str:
    if unit == "money" and value is not None:
        return formats.money_short(Decimal(value), settings.FILON_CURRENCY)
    return presentation.value_text(value, unit)


def _delta(now: Any, then: Any) -> float | None:
    if now is None or then is None or not Decimal(then):
        return None
    return float((Decimal(now) - Decimal(then)) / Decimal(then))
