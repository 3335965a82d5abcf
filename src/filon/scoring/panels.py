"""The panel “Why this score” of the lead page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from filon.core.access import Actor
from filon.core.web import Request
from filon.kit import web
from filon.kit.errors import Kind, Refused
from filon.scoring import queries
from filon.scoring.judging.explanation import EngagementLine, Explanation, FitLine
from filon.ui import formats

TEMPLATE: Final = "scoring/_score_panel.html"
_BEST: Final = 3
_WORST: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of either score as the panel shows it."""

    label: str
    points: Decimal
    note: str = ""
    is_limit: bool = False


def score_panel(lead_id: int, *, by: Actor, at: datetime, day: date | None = None) -> dict[str, Any]:
    """What `TEMPLATE` shows: the scores at `at`, or at the end of a past day in the workspace's time zone.

    Five statements at most. A lead not known yet at that day is said on the panel. Raises Refused.
    """
    moment = min(at, _end_of(day)) if day is not None else at
    context: dict[str, Any] = {"lead_id": lead_id, "day": day, "today": timezone.localdate(at)}
    try:
        found = queries.explain(lead_id, at=moment, by=by)
    except Refused as refused:
        if refused.kind not in {Kind.INVALID, Kind.CONFLICT}:
            raise
        return {**context, "refusal": refused.message}
    fit = [_fit_line(line) for line in found.fit_lines]
    engagement = [_engagement_line(line, moment) for line in found.engagement_lines]
    every = sorted((*[line for line in fit if not line.is_limit], *engagement), key=lambda line: -line.points)
    return {
        **context,
        "why": found,
        "best": [line for line in every if line.points > 0][:_BEST],
        "worst": [line for line in every if line.points < 0][-_WORST:],
        "fit": fit,
        "engagement": engagement,
        "acts": [line for line in found.engagement_lines if not line.is_cap],
        "is_mql": _is_mql(found),
    }


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) - timedelta(microseconds=1)


def _is_mql(found: Explanation) -> bool:
    return found.fit >= found.mql_fit and found.engagement >= found.mql_engagement


def _fit_line(line: FitLine) -> Line:
    if line.is_limit:
        label = _("Limit: a fit is at most 100") if line.points < 0 else _("Limit: a fit is at least 0")
        return Line(label, line.points, is_limit=True)
    note = _("A value of then was erased since; it counts as empty.") if line.is_erased else ""
    return Line(line.name, line.points, note)


def _engagement_line(line: EngagementLine, at: datetime) -> Line:
    last = formats.ago(line.last_at, at)
    if line.is_cap:
        text = ngettext(
            "%(count)s act over the cap does not count", "%(count)s acts over the cap do not count", line.count
        )
        return Line(_("Cap: %(name)s") % {"name": line.name}, line.points, text % {"count": line.count})
    text = ngettext(
        "%(count)s act of %(points)s points, %(last)s",
        "%(count)s acts of %(points)s points, the last %(last)s",
        line.count,
    )
    note = text % {"count": line.count, "points": formats.number(line.each), "last": last}
    return Line(line.name, line.points, note)


@require_safe
def score(request: Request, lead_id: int) -> HttpResponse:
    """Why a lead has its score, as of a day (`?on=2026-03-01`): the panel for its date picker, else a page."""
    context = score_panel(lead_id, by=request.actor, at=timezone.now(), day=_day(request.GET.get("on", "")))
    template = TEMPLATE if web.is_htmx(request) else "scoring/score.html"
    return render(request, template, {**context, "trail": [(_("Lead"), f"/leads/{lead_id}"), (_("Score"), "")]})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
