"""What the pages of figures show: the question in the address, tiles, plots and tables with the rows behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from filon.core.access import Actor
from filon.kit.errors import Kind, Refused
from filon.measure import periods, queries
from filon.measure.figures import FIGURES
from filon.measure.figures.funnel import NURTURED, STEPS
from filon.measure.insight import presentation, tiles
from filon.measure.insight.addresses import address, rows_url
from filon.measure.insight.presentation import Column, Text
from filon.measure.lake.refresh import Reading
from filon.measure.periods import Asked
from filon.measure.queries import Answer, Line
from filon.measure.rules import FEW, share, wilson
from filon.ui import formats, stages

DEFAULT_PERIOD: Final = "12m"
MOST_ATTRIBUTES: Final = 60
_TEXTS: Final = ("from", "to", "as_of", "basis", "filter", "period")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of figures. by: what it is split by unless asked otherwise. plot: its kind and column."""

    name: str
    figure: str
    title: Text
    lead: Text
    by: str
    columns: Sequence[Column]
    plot: tuple[str, str, str, Text]  # kind, column, unit, title
    bases: bool = False


PAGES: Final = {
    page.name: page
    for page in (
        Page(
            "funnel",
            "funnel",
            gettext_lazy("Funnel"),
            gettext_lazy("From the first signal to the signature: how many pass each stage, and how long it takes."),
            "month",
            presentation.FUNNEL,
            ("bar", "captured", "count", gettext_lazy("Leads captured")),
            bases=True,
        ),
        Page(
            "sources",
            "funnel",
            gettext_lazy("Sources"),
            gettext_lazy("Which sources bring leads that sales accept, and customers."),
            "source",
            presentation.FUNNEL,
            ("interval", "sql_rate", "percent", gettext_lazy("Share of leads that reach SQL, with its 95 % interval")),
        ),
        Page(
            "speed",
            "speed",
            gettext_lazy("Speed"),
            gettext_lazy("How long people who asked for us, or were sent to a human, wait for one."),
            "owner",
            presentation.SPEED,
            ("bar", "response_median_hours", "hours", gettext_lazy("First response, median")),
        ),
        Page(
            "cost",
            "cost",
            gettext_lazy("Costs"),
            gettext_lazy("What leads cost, by the channel of their first touch."),
            "channel",
            presentation.COST,
            ("bar", "cost_per_lead", "money", gettext_lazy("Cost per lead")),
        ),
        Page(
            "velocity",
            "velocity",
            gettext_lazy("Velocity"),
            gettext_lazy("What opportunities become, and how fast money moves through the pipeline."),
            "month",
            presentation.VELOCITY,
            ("bar", "won_amount", "money", gettext_lazy("Won amount")),
        ),
    )
}
"""The pages under /insight, in the order of their tabs."""


# The question ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What a page was asked, as typed and as understood. error: what was wrong with it; then it is the usual one."""

    given: Mapping[str, str]
    asked: Asked
    period: str
    error: Refused | None = None

    @property
    def error_text(self) -> str:
        """What was wrong, in a sentence; a terminal gets the place in the condition below it."""
        return self.error.message.split("\n")[0] if self.error else ""

    @property
    def is_usual(self) -> bool:
        """Whether nobody chose a period."""
        return not (self.given["period"] or self.given["from"] or self.given["to"])


def question(page: Page, query: QueryDict, today: date) -> Question:
    """The question in a page's address; the usual one when there is none, or none that can be understood."""
    given = {name: query.get(name, "").strip() for name in _TEXTS}
    by = tuple(name for name in query.getlist("by") if name.strip()) or (page.by,)
    period = given["period"] if given["period"] in periods.PRESETS else ""
    if given["from"] or given["to"]:
        period = "custom"
    period = period or DEFAULT_PERIOD
    first, last = given["from"], given["to"]
    if period != "custom":
        bounds = periods.PRESETS[period][1](today)
        first, last = (day.isoformat() if day else "" for day in bounds)
    try:
        asked = periods.parse(
            first=first,
            last=last,
            as_of=given["as_of"],
            basis=given["basis"] if page.bases else "",
            condition=given["filter"],
            by=by,
        )
    except Refused as refused:
        return Question(given, usual(page, today), DEFAULT_PERIOD, refused)
    return Question(given, asked, period)


def usual(page: Page, today: date) -> Asked:
    """What a page shows when nothing is asked: the last twelve months."""
    first, last = periods.PRESETS[DEFAULT_PERIOD][1](today)
    return Asked(first=first, last=last, by=(page.by,))


# A page ---------------------------------------------------------------------------------------------------------------


def context(page: Page, asking: Question, *, by: Actor, at: datetime) -> dict[str, Any]:
    """Everything a page shows. A question nobody can answer is said, and the usual one answered."""
    try:
        return _context(page, asking, by=by, at=at)
    except Refused as refused:
        if refused.kind is not Kind.INVALID or asking.error is not None:
            raise
        today = periods.day_of(at, periods.zone())
        asking = replace(asking, asked=usual(page, today), period=DEFAULT_PERIOD, error=refused)
        return _context(page, asking, by=by, at=at)


def _context(page: Page, asking: Question, *, by: Actor, at: datetime) -> dict[str, Any]:
    asked = asking.asked
    of = queries.reading(asked.as_of, at=at)
    whole = queries.figure(page.figure, replace(asked, by=()), by=by, at=at, of=of)
    is_further_back = False
    if asking.is_usual and not _is_alive(page, whole, _HAPPENED):
        asked = replace(asked, first=None, last=None)  # everything lies further back: show it rather than zeros
        asking = replace(asking, asked=asked, period="all")
        whole = queries.figure(page.figure, replace(asked, by=()), by=by, at=at, of=of)
        is_further_back = _is_alive(page, whole)
    answer = queries.figure(page.figure, asked, by=by, at=at, of=of)
    total = whole.lines[0] if whole.lines else Line((), (), {})
    columns = _columns(page, asked)
    has_steps = page.name == "funnel" and asked.basis == "cohort"

    def url_of(column: str, line: Line | None) -> str:
        if not _has_rows(page.figure, column):
            return ""
        return rows_url(page.figure, asked, column, line.keys if line else ())

    return {
        "page": page,
        "question": asking,
        "tabs": tabs(page, asking),
        "filters": _filters(page, asking, answer, queries.telling_attributes(of)),
        "as_of": presentation.moment_text(answer.as_of),
        "is_behind": answer.is_behind,
        "is_further_back": is_further_back,
        "notes": [note for note in (_note(code, count) for code, count in answer.notes.items()) if note],
        "is_empty": not _is_alive(page, whole) and asked == replace(Asked(), by=asked.by, basis=asked.basis),
        "may_import": by.may("imports.run"),
        "may_demo": by.may("demo.run"),
        "tiles": tiles.of_page(page.name, page.figure, page.columns, asked, total, by=by, at=at, of=of),
        "plot": _plot(page, answer, columns),
        "by_text": presentation.by_text(answer),
        "table": presentation.table(answer, columns, url_of, total if len(answer.lines) > 1 else None),
        "steps": steps(asked, total) if has_steps else None,
        "lane": lane(asked, total) if has_steps else None,
        "csv_url": _csv_url(page, asked),
        "durations": durations(asking, by=by, at=at, of=of) if has_steps and not queries.is_large(of) else None,
        "durations_url": f"{reverse('measure:durations')}?{urlencode(address(asked))}",
    }


def _columns(page: Page, asked: Asked) -> Sequence[Column]:
    return presentation.FLOWS if asked.basis == "period" else page.columns


def _has_rows(figure: str, column: str) -> bool:
    return column in FIGURES[figure].cells


_HAPPENED: Final = {
    "funnel": ("raw", "captured"),
    "speed": ("leads",),
    "cost": ("leads", "customers_won", "spend"),
    "velocity": ("won", "lost", "created"),
}
"""The columns that say that something happened in a period. What is merely open still did not."""

_ALIVE: Final = {**_HAPPENED, "velocity": ("open", *_HAPPENED["velocity"])}


def _is_alive(page: Page, whole: Answer, columns: Mapping[str, Sequence[str]] = _ALIVE) -> bool:
    """Whether there is anything to show."""
    values = whole.lines[0].values if whole.lines else {}
    return any(values.get(name) for name in columns[page.figure])


def tabs(page: Page, asking: Question) -> list[dict[str, Any]]:
    """The pages, with the same question."""
    kept = urlencode([(name, text) for name, text in asking.given.items() if text and name != "basis"])
    return [
        {
            "label": str(other.title),
            "url": reverse(f"measure:{other.name}") + (f"?{kept}" if kept else ""),
            "current": other is page,
        }
        for other in PAGES.values()
    ]


def _filters(page: Page, asking: Question, answer: Answer, attributes: frozenset[str]) -> dict[str, Any]:
    named = [dimension.name for dimension in answer.dimensions]
    known = [name for name in presentation.DIMENSION_LABELS if name != "stage" or page.figure == "velocity"]
    options = [(name, presentation.dimension_label(name), name in named) for name in known]
    options += [
        (f"attributes.{name}", presentation.dimension_label(name), f"attributes.{name}" in named)
        for name in sorted(column[2:] for column in attributes)[:MOST_ATTRIBUTES]
    ]
    options += [
        (name, presentation.dimension_label(name), True)
        for name in named
        if all(name != known for known, *_rest in options)
    ]
    asked = asking.asked
    return {
        "given": asking.given,
        "periods": _period_links(asking),
        "period": asking.period if asking.period != "custom" else "",
        "is_custom": asking.period == "custom",
        "from": asked.first.isoformat() if asked.first else "",
        "to": asked.last.isoformat() if asked.last else "",
        "as_of": asking.given["as_of"],
        "by": options,
        "more_by": asked.by[1:],
        "bases": _bases(asking) if page.bases else (),
    }


def _period_links(asking: Question) -> list[dict[str, Any]]:
    """The presets, each keeping the rest of the question."""
    kept = [(name, text) for name, text in asking.given.items() if text and name not in {"period", "from", "to"}]
    kept += [("by", name) for name in asking.asked.by]
    return [
        {"label": str(label), "url": f"?{urlencode([*kept, ('period', key)])}", "current": key == asking.period}
        for key, (label, _days) in periods.PRESETS.items()
    ]


def _bases(asking: Question) -> list[tuple[str, str, bool]]:
    basis = asking.asked.basis
    return [
        ("cohort", _("Of the leads captured then"), basis == "cohort"),
        ("period", _("What happened then"), basis == "period"),
    ]


def _note(code: str, count: int) -> str:
    if code == "cost_not_split":
        return _("Costs are known by day, channel and campaign only: split by something else, there is no spend.")
    if code == "cost_not_filtered":
        return _("Costs are not known for a part of the leads: with a filter, there is no spend.")
    if code == "other_currency":
        return ngettext(
            "%(count)d amount in another currency stays out of the sums.",
            "%(count)d amounts in another currency stay out of the sums.",
            count,
        ) % {"count": count}
    return ""


def _csv_url(page: Page, asked: Asked) -> str:
    pairs = [*(("by", name) for name in asked.by), *((name, text) for name, text in address(asked) if text)]
    return f"{reverse('measure:csv', args=[page.name])}?{urlencode(pairs)}"


# Plots ----------------------------------------------------------------------------------------------------------------


def _plot(page: Page, answer: Answer, columns: Sequence[Column]) -> dict[str, Any] | None:
    kind, column, unit, title = page.plot
    lines, left = presentation.plotted(answer, column)
    if not lines:
        return None
    words = [presentation.line_text(answer, line) for line in lines]
    links = [rows_url(page.figure, answer.asked, column, line.keys) for line in lines]
    series: dict[str, Any] = {"name": str(title), "values": presentation.numbers(lines, column)}
    if kind == "interval":
        series |= {end: presentation.numbers(lines, f"{column}_{end}") for end in ("low", "high")}
    few_of = next((one for one in columns if one.name == column), None)
    is_time = answer.dimensions[0].is_time
    spec = {
        "kind": "bar" if kind == "interval" and answer.asked.basis == "period" else kind,
        "title": str(title),
        "unit": unit,
        "currency": settings.FILON_CURRENCY,
        "categories": words,
        "series": [series],
        "links": links,
        "faded": [bool(few_of and presentation.cell(few_of, line.values, "")["few"]) for line in lines],
        "horizontal": kind == "bar" and not is_time,
        "size": "tall" if not is_time and len(lines) > 12 else "",
    }
    spec["note"] = _plot_note(page, lines, left)
    shown = _columns_of_plot(columns, column)
    rows = [
        [presentation.line_text(answer, line), *(presentation.cell(one, line.values, "") for one in shown)]
        for line in lines
    ]
    return {"spec": spec, "table": {"headers": ["", *(str(one.label) for one in shown)], "rows": rows}}


def _plot_note(page: Page, lines: Sequence[Line], left: int) -> str:
    words = []
    if page.figure == "cost" and any(line.values.get("immature") for line in lines):
        words.append(_("Provisional: the youngest of these leads have not had the time it usually takes."))
    if left:
        more = ngettext("%(count)s more row in the table.", "%(count)s more rows in the table.", left)
        words.append(more % {"count": formats.number(left)})
    return " ".join(words)


def _columns_of_plot(columns: Sequence[Column], name: str) -> list[Column]:
    return [column for column in columns if column.name == name]


# The funnel's steps ---------------------------------------------------------------------------------------------------


def steps(asked: Asked, total: Line) -> dict[str, Any]:
    """The milestones, each with its share of the one before and of all, as a plot and a table."""
    values = total.values
    rows = []
    before: int | None = None
    for stage in STEPS:
        count = values[stage]
        interval = None if before is None else wilson(count, before)
        rows.append(
            [
                stages.label(stage),
                {"text": formats.number(count), "url": rows_url("funnel", asked, stage)},
                {"text": formats.percent(share(count, before) if before is not None else None), "few": _few(before)},
                {"text": _interval(interval), "few": _few(before)},
                {"text": formats.percent(share(count, values["captured"])), "few": _few(values["captured"])},
                _skipped(asked, stage, values),
            ]
        )
        before = count
    spec = {
        "kind": "funnel",
        "title": _("How many reach each stage"),
        "unit": "count",
        "term": "reached",
        "categories": [stages.label(stage) for stage in STEPS],
        "series": [{"name": _("Leads"), "values": [values[stage] for stage in STEPS]}],
        "links": [rows_url("funnel", asked, stage) for stage in STEPS],
        "note": _("%(raw)s captured in all; students, applicants, competitors and renewals are left out.")
        % {"raw": formats.number(values["raw"])}
        if values["raw"] != values["captured"]
        else "",
    }
    heads = ["", _("Leads"), _("From the step before"), _("95 % interval"), _("Of all"), _("Skipped it")]
    return {"spec": spec, "table": {"headers": heads, "rows": rows}}


def _few(count: int | None) -> bool:
    return count is not None and count < FEW


def _interval(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return formats.MISSING
    return presentation.interval_text({"x_low": interval[0], "x_high": interval[1]}, "x")


def _skipped(asked: Asked, stage: str, values: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{stage}_skipped"
    if name not in values:
        return {"text": formats.MISSING}
    return {"text": formats.number(values[name]), "url": rows_url("funnel", asked, name)}


def lane(asked: Asked, total: Line) -> list[dict[str, str]]:
    """Nurturing, beside the funnel: entered, left to MQL, still there."""
    return [
        {
            "label": label,
            "figure": formats.number(total.values[name]),
            "url": rows_url("funnel", asked, name),
        }
        for name, label in (
            ("nurturing_visited", _("Entered nurturing")),
            ("nurtured_to_mql", _("Left it as MQL")),
            ("nurturing_now", _("In it now")),
        )
    ]


def durations(asking: Question, *, by: Actor, at: datetime, of: Reading | None = None) -> dict[str, Any]:
    """How long each step takes, and who waits longer than usual."""
    answer = queries.figure("durations", replace(asking.asked, by=(), basis="cohort"), by=by, at=at, of=of)
    rows = [
        [
            f"{stages.label(line.values['from'])} → {stages.label(line.values['to'])}".replace(" ", formats.SPACE),
            {"text": formats.number(line.values["passages"])},
            {"text": presentation.value_text(line.values["median_days"], "days"), "few": _few(line.values["passages"])},
            {"text": presentation.value_text(line.values["p90_days"], "days"), "few": _few(line.values["passages"])},
            {"text": presentation.value_text(line.values["usual_days"], "days")},
            {"text": formats.number(line.values["waiting"])},
            {"text": presentation.value_text(line.values["waiting_too_long"], "count")},
            {"text": formats.number(line.values["exits"])},
            {"text": formats.number(line.values["left_out"])},
        ]
        for line in answer.lines
        if line.values["from"] != NURTURED.a or line.values["passages"] or line.values["waiting"]
    ]
    heads = [
        _("Step"),
        _("Passages"),
        _("Median"),
        _("90 % within"),
        _("Usually at most"),
        _("Waiting"),
        _("Longer than usual"),
        _("Left before"),
        _("Left out"),
    ]
    return {"table": {"headers": heads, "rows": rows}}
