"""Answers as people read them: columns with their words and units, tables, plots, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from filon.measure import dimensions
from filon.measure.dimensions import Dimension
from filon.measure.queries import Answer, Line, attribute_names
from filon.measure.rules import FEW, share, wilson
from filon.ui import formats, stages

Text = str | Promise
UrlOf = Callable[[str, Line | None], str]
"""The address of the rows behind a column of a line; of the whole when there is no line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a page's table. unit: count, rate, interval, money, hours, days, number or maturity.

    few_of: the column that says of how many cases a rate or time is, to grey it where they are few.
    """

    name: str
    label: Text
    unit: str = "count"
    few_of: str = ""


def _rate(name: str, label: Text, few_of: str) -> tuple[Column, Column]:
    return Column(name, label, "rate", few_of), Column(name, gettext_lazy("95 % interval"), "interval", few_of)


FUNNEL: Final = (
    Column("captured", gettext_lazy("Leads")),
    Column("mql", gettext_lazy("MQL")),
    Column("mql_rate", gettext_lazy("MQL rate"), "rate", "captured"),
    Column("sql", gettext_lazy("SQL")),
    *_rate("sql_rate", gettext_lazy("SQL rate"), "captured"),
    Column("opportunity", gettext_lazy("Opportunities")),
    Column("customer", gettext_lazy("Customers")),
    *_rate("rate", gettext_lazy("Customer rate"), "captured"),
    Column("immature", gettext_lazy("Maturity"), "maturity"),
)
FLOWS: Final = tuple(column for column in FUNNEL if column.unit in {"count", "rate"})
"""The funnel's columns on the period basis: ratios of flows have no interval."""

SPEED: Final = (
    Column("leads", gettext_lazy("Leads")),
    Column("responded", gettext_lazy("Answered")),
    Column("waiting", gettext_lazy("Waiting")),
    Column("exited", gettext_lazy("Left before")),
    Column("out_of_order", gettext_lazy("Contacted before capture")),
    Column("response_median_hours", gettext_lazy("First response, median"), "hours", "responded"),
    Column("response_p90_hours", gettext_lazy("90 % within"), "hours", "responded"),
    Column("response_median_hours_working", gettext_lazy("Median in working hours"), "hours", "responded"),
    Column("conversed", gettext_lazy("Conversations")),
    Column("conversation_median_hours", gettext_lazy("First conversation, median"), "hours", "conversed"),
    Column("within_sla", gettext_lazy("Within SLA"), "rate", "sla_counted"),
    Column("attempts_per_lead", gettext_lazy("Attempts per lead"), "number"),
    Column("reach_rate", gettext_lazy("Reach rate"), "rate", "attempted"),
)
COST: Final = (
    Column("spend", gettext_lazy("Spend"), "money"),
    Column("spend_direct", gettext_lazy("Media, events, agencies"), "money"),
    Column("leads", gettext_lazy("Leads")),
    Column("cost_per_lead", gettext_lazy("Cost per lead"), "money", "leads"),
    Column("cost_per_mql", gettext_lazy("Cost per MQL"), "money", "mql"),
    Column("cost_per_sql", gettext_lazy("Cost per SQL"), "money", "sql"),
    Column("cost_per_opportunity", gettext_lazy("Cost per opportunity"), "money", "opportunity"),
    Column("cost_per_customer", gettext_lazy("Cost per customer"), "money", "customer"),
    Column("customers_won", gettext_lazy("Customers won")),
    Column("cac", gettext_lazy("CAC"), "money", "customers_won"),
    Column("immature", gettext_lazy("Maturity"), "maturity"),
)
VELOCITY: Final = (
    Column("open", pgettext_lazy("opportunities", "Open")),
    Column("won", pgettext_lazy("opportunities", "Won")),
    Column("lost", pgettext_lazy("opportunities", "Lost")),
    *_rate("win_rate", gettext_lazy("Win rate"), "closed"),
    Column("won_amount", gettext_lazy("Won amount"), "money"),
    Column("average_deal", gettext_lazy("Average deal"), "money", "won"),
    Column("median_deal", gettext_lazy("Median deal"), "money", "won"),
    Column("cycle_days_mean", gettext_lazy("Cycle, mean"), "days", "won"),
    Column("cycle_days_median", gettext_lazy("Cycle, median"), "days", "won"),
    Column("velocity_per_day", gettext_lazy("Velocity per day"), "money"),
)
_COLUMNS: Final = {"funnel": FUNNEL, "speed": SPEED, "cost": COST, "velocity": VELOCITY}


def columns_of(answer: Answer) -> Sequence[Column]:
    """The columns in which people read a figure; none where it has no table of its own."""
    return FLOWS if answer.asked.basis == "period" else _COLUMNS.get(answer.name, ())


DIMENSION_LABELS: Final[Mapping[str, Text]] = {
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "quarter": gettext_lazy("Quarter"),
    "year": gettext_lazy("Year"),
    "channel": gettext_lazy("Channel"),
    "source": gettext_lazy("Source"),
    "campaign": gettext_lazy("Campaign"),
    "medium": gettext_lazy("Medium"),
    "door": gettext_lazy("Door"),
    "owner": gettext_lazy("Owner"),
    "manager": gettext_lazy("Manager"),
    "team": gettext_lazy("Team"),
    "office": gettext_lazy("Office"),
    "company.sector": gettext_lazy("Sector"),
    "company.country": gettext_lazy("Country"),
    "product": gettext_lazy("Product"),
    "class": gettext_lazy("Class"),
    "motion": gettext_lazy("Motion"),
    "route": gettext_lazy("Route"),
    "stage": gettext_lazy("Stage"),
}


def dimension_label(name: str) -> str:
    """What people call a dimension; an attribute by its own name."""
    known = DIMENSION_LABELS.get(name)
    if known is not None:
        return str(known)
    text = name.removeprefix("attributes.")
    return attribute_names().get(text) or text[:1].upper() + text[1:]


def by_text(answer: Answer) -> str:
    """What an answer is split by, within a sentence; attributes keep the case people wrote."""
    labels = [
        label if dimension.name.startswith("attributes.") else label.lower()
        for dimension in answer.dimensions
        for label in (dimension_label(dimension.name),)
    ]
    return " · ".join(labels)


MOST_LINES: Final = 50
MOST_TIMES: Final = 400
"""Rows of a page's table; the API and the files have all."""

_NAME: Final = 24  # letters a row's name may have on one line
_WHOLE_FROM: Final = Decimal(1000)


# Cells ----------------------------------------------------------------------------------------------------------------


def value_text(value: Any, unit: str) -> str:
    """A value as it is read; “–” when it is not known."""
    if value is None:
        return formats.MISSING
    if unit == "rate":
        return formats.percent(value)
    if unit == "money":
        return formats.money(Decimal(value), settings.FILON_CURRENCY)
    if unit == "hours":
        return formats.duration(timedelta(hours=value))
    if unit == "days":
        return _("%(n)s days") % {"n": formats.number(value, 1)}
    return formats.number(value, 1 if unit == "number" else 0)


def moment_text(at: datetime) -> str:
    """A moment within a sentence."""
    text = formats.exact(at)
    return text[:1].lower() + text[1:]


def short_text(value: Any, unit: str) -> str:
    """A value as a tile shows it: amounts without their cents."""
    if unit == "money" and value is not None and abs(Decimal(value)) >= _WHOLE_FROM:
        return formats.money(Decimal(value), settings.FILON_CURRENCY, 0)
    return value_text(value, unit)


def interval_text(values: Mapping[str, Any], name: str) -> str:
    """The bounds of a rate's interval."""
    low, high = values.get(f"{name}_low"), values.get(f"{name}_high")
    if low is None or high is None:
        return formats.MISSING
    return f"{formats.number(low * 100, 1)}{formats.SPACE}–{formats.SPACE}{formats.percent(high)}"


def maturity_text(value: bool | None) -> str:
    """Whether a cohort can be judged."""
    if value is None:
        return _("delay unknown")
    return _("too early") if value else _("mature")


def cell(column: Column, values: Mapping[str, Any], url: str) -> dict[str, Any]:
    """A cell of a table: its text, the address of its rows, and whether it stands on few cases."""
    value = values.get(column.name)
    if column.unit == "interval":
        return {"text": interval_text(values, column.name), "few": _is_few(column, values)}
    if column.unit == "maturity":
        return {"text": maturity_text(value), "few": value is not False}
    linked = url if value is not None else ""
    return {"text": value_text(value, column.unit), "url": linked, "few": _is_few(column, values)}


def _is_few(column: Column, values: Mapping[str, Any]) -> bool:
    if not column.few_of:
        return False
    counted = {
        "closed": ("won", "lost"),
        "sla_counted": ("sla_met", "sla_breached"),
    }.get(column.few_of, (column.few_of,))
    return sum(values.get(name) or 0 for name in counted) < FEW


def key_text(dimension: Dimension, key: str | None, shown: str | None) -> str:
    """What a row is split by, in the reader's words."""
    if key is None:
        return _("(without %(name)s)") % {"name": dimension_label(dimension.name).lower()}
    if dimension.is_time:
        return time_text(dimension.name, key)
    if dimension.name == "stage" and key in stages.LABELS:
        return stages.label(key)
    return dimensions.code_labels(dimension, get_language() or settings.LANGUAGE_CODE).get(key, shown or key)


def time_text(unit: str, key: str) -> str:
    """A part of time as people say it: `2026-01` is “janv. 2026”."""
    if unit == "month":
        return dateformat.format(date.fromisoformat(f"{key}-01"), "N Y").replace(" ", formats.SPACE)
    if unit == "day":
        return formats.day(date.fromisoformat(key))
    year, _dash, part = key.partition("-")
    if unit == "week":
        return _("W%(number)s %(year)s") % {"number": part[1:], "year": year}
    return _("Q%(number)s %(year)s") % {"number": part[1:], "year": year} if unit == "quarter" else year


def table(answer: Answer, columns: Sequence[Column], url_of: UrlOf, total: Line | None = None) -> dict[str, Any]:
    """An answer as `ui/data_table.html` takes it, the whole in its last row.

    Of very many rows the largest are shown and the others added up in one.
    """
    is_time = any(dimension.is_time for dimension in answer.dimensions)
    most = MOST_TIMES if is_time else MOST_LINES
    shown, rest = answer.lines[:most], answer.lines[most:]
    heads = [" · ".join(dimension_label(dimension.name) for dimension in answer.dimensions)]
    rows = [
        [
            _unbroken(line_text(answer, line)),
            *(cell(column, line.values, url_of(column.name, line)) for column in columns),
        ]
        for line in shown
    ]
    if rest:
        values = added_up(rest, columns)
        name = ngettext("%(count)s other", "%(count)s others", len(rest)) % {"count": formats.number(len(rest))}
        rows.append([name, *(cell(column, values, "") for column in columns)])
    if total is not None:
        whole = [cell(column, total.values, url_of(column.name, None)) for column in columns]
        rows.append([_("Total"), *whole])
    return {"headers": [*heads, *(str(column.label) for column in columns)], "rows": rows}


def added_up(lines: Sequence[Line], columns: Sequence[Column]) -> dict[str, Any]:
    """Several rows as one: what is counted or paid adds up, shares are worked out anew, the rest is not known."""
    values: dict[str, Any] = {}
    names = {column.name for column in columns if column.unit == "count" or column.name in _ADDED}
    for name in names:
        parts = [value for line in lines if (value := line.values.get(name)) is not None]
        values[name] = sum(map(Decimal, parts)) if parts else None
    for name, (part, wholes) in _SHARES.items():
        if part in values:
            whole = sum(int(values[one] or 0) for one in wholes)
            values[name] = share(int(values[part] or 0), whole)
            values[f"{name}_low"], values[f"{name}_high"] = wilson(int(values[part] or 0), whole) or (None, None)
    return values


_ADDED: Final = frozenset({"spend", "spend_direct", "won_amount"})
_SHARES: Final = {
    "mql_rate": ("mql", ("captured",)),
    "sql_rate": ("sql", ("captured",)),
    "rate": ("customer", ("captured",)),
    "win_rate": ("won", ("won", "lost")),
}
"""Rates that can be worked out from sums: the part, and what adds up to the whole."""


def _unbroken(text: str) -> str:
    return text.replace(" ", formats.SPACE) if len(text) <= _NAME else text


def line_text(answer: Answer, line: Line) -> str:
    """What names a line: its keys in words."""
    parts = zip(answer.dimensions, line.keys, line.shown, strict=True)
    return " · ".join(key_text(dimension, key, shown) for dimension, key, shown in parts)


# CSV ------------------------------------------------------------------------------------------------------------------


def as_csv(answer: Answer) -> str:
    """The rows as a spreadsheet opens them: in French with semicolons and decimal commas; no cell is a formula."""
    is_french = formats.language() == "fr"
    names = [dimension.asked for dimension in answer.dimensions]
    columns = list(answer.lines[0].values) if answer.lines else []
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if is_french else ",", lineterminator="\r\n")
    writer.writerow([neutral(name) for name in (*names, *columns)])
    for line in answer.lines:
        keys = zip(answer.dimensions, line.keys, line.shown, strict=True)
        shown = [neutral(key_text(dimension, key, text)) for dimension, key, text in keys]
        writer.writerow([*shown, *(_csv_cell(line.values.get(column), is_french) for column in columns)])
    return out.getvalue()


def _csv_cell(value: Any, is_french: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    text = str(value)
    return text.replace(".", ",") if is_french and _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit()


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


# Plots ----------------------------------------------------------------------------------------------------------------

MOST_BARS: Final = 24


def plotted(answer: Answer, column: str, *, most: int = MOST_BARS) -> tuple[Sequence[Line], int]:
    """The lines a plot shows, and how many it leaves to the table: all times, or the largest of the rest."""
    lines = [line for line in answer.lines if line.values.get(column) is not None]
    is_time = bool(answer.dimensions) and answer.dimensions[0].is_time
    shown = lines[-most * 2 :] if is_time else lines[:most]
    return shown, len(lines) - len(shown)


def numbers(lines: Iterable[Line], column: str) -> list[float | None]:
    """A column as numbers for a plot."""
    return [None if (value := line.values.get(column)) is None else float(value) for line in lines]
