"""What the figures offer to homes: the head's five of this quarter, and the funnel of the last twelve months."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from filon.core.access import Actor
from filon.kit.errors import Kind, Refused
from filon.measure import periods, queries
from filon.measure.insight import pages, tiles
from filon.measure.insight.pages import PAGES
from filon.measure.periods import Asked
from filon.measure.queries import Line

HEADLINE_TEMPLATE: Final = "measure/_home_headline.html"
FUNNEL_TEMPLATE: Final = "measure/_home_funnel.html"


def headline_panel(*, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `HEADLINE_TEMPLATE` takes: the five figures of this quarter against the same days of the last one.

    None while a large workspace's figures are being prepared.
    """
    asked = _asked("quarter", at)
    page = PAGES["funnel"]
    try:
        of = queries.reading(None, at=at)
        found = tiles.of_page(page.name, page.figure, page.columns, asked, Line((), (), {}), by=by, at=at, of=of)
    except Refused as refused:
        if refused.kind is not Kind.BUSY:
            raise
        return None
    return {"tiles": found, "url": f"{reverse('measure:funnel')}?period=quarter"}


def funnel_panel(*, by: Actor, at: datetime) -> dict[str, Any] | None:
    """What `FUNNEL_TEMPLATE` takes: how many leads of the last twelve months reach each stage, or of all time where
    all lie further back; None without any, and while a large workspace's figures are being prepared.
    """
    try:
        for period in (pages.DEFAULT_PERIOD, "all"):
            asked = _asked(period, at)
            lines = queries.figure("funnel", asked, by=by, at=at).lines
            if lines and lines[0].values["captured"]:
                return _funnel(period, asked, lines[0])
    except Refused as refused:
        if refused.kind is not Kind.BUSY:
            raise
    return None


def _funnel(period: str, asked: Asked, line: Line) -> dict[str, Any]:
    url = f"{reverse('measure:funnel')}?period={period}"
    return {
        "steps": pages.steps(asked, line),
        "lane": pages.lane(asked, line),
        "period": periods.PRESETS[period][0],
        "url": url,
    }


def _asked(period: str, at: datetime) -> Asked:
    first, last = periods.PRESETS[period][1](periods.day_of(at, periods.zone()))
    return Asked(first=first, last=last)
