"""The worklist: the queue at the left, the lead in the middle, the act at the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from filon.core.web import Request
from filon.kit import web
from filon.kit.errors import Kind, Refused
from filon.leads import fields
from filon.leads.card import queries as cards
from filon.leads.reasons import OF_EXIT
from filon.qualify import commands, counters, holds, pool, queries, rules, words
from filon.qualify.commands import Called
from filon.qualify.queries import Queue, Row

_SHOWN = 60


@require_safe
def worklist(request: Request) -> HttpResponse:
    """Whom to contact now. `?tab=` which part, `?lead=` who stands in the middle (the first when nobody)."""
    return _page(request, lead_id=_id(request.GET.get("lead", "")), status=200)


@require_POST
def call(request: Request, lead_id: int) -> HttpResponse:
    """A call and what came of it; then the next lead."""
    at, typed = timezone.now(), request.POST
    try:
        follows = commands.log_call(_called(lead_id, typed), by=request.actor, at=at)
    except Refused as refused:
        if refused.kind not in {Kind.INVALID, Kind.STALE, Kind.CONFLICT}:
            raise
        return _page(request, lead_id=lead_id, status=422, refused=refused)
    fact_id = commands.last_call(lead_id, by=request.actor)
    undo_url = reverse("qualify:undo_call", args=[lead_id, fact_id]) if fact_id else ""
    messages.success(request, _("Logged %(what)s") % {"what": words.following(follows, at)}, extra_tags=undo_url)
    return HttpResponseRedirect(_address(typed, typed.get("next", "")))


@require_POST
def undo_call(request: Request, lead_id: int, fact_id: int) -> HttpResponse:
    """Take back a call that was just logged; then its lead again."""
    commands.undo_call(lead_id, fact_id, by=request.actor, at=timezone.now())
    messages.info(request, _("The call is taken back."))
    address = _address({}, str(lead_id))
    if web.is_htmx(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


@require_POST
def hold(request: Request, lead_id: int) -> HttpResponse:
    """The page shows this lead, and goes on showing it; who else works on it, in words."""
    at = timezone.now()
    other = holds.hold(lead_id, by=request.actor, at=at)
    return render(request, "qualify/_hold.html", {"other": other})


def _address(given: Mapping[str, str], lead_id: str) -> str:
    query = {"tab": _tab(given.get("tab", "")), "lead": lead_id}
    if given.get("whose") == "team":
        query["whose"] = "team"
    return f"{reverse('qualify:worklist')}?{urlencode(query)}"


def _called(lead_id: int, typed: QueryDict) -> Called:
    """What was typed of a call. Raises Refused where the moment cannot be read: it must not become one of ours."""
    when = _moment(typed.get("when", ""))
    if when is None and typed.get("when", "").strip():
        message = _("This is no date and time.")
        raise Refused(message, Kind.INVALID, [{"field": "when", "message": message}], "invalid")
    return Called(
        lead_id=lead_id,
        outcome=typed.get("outcome", ""),
        text=typed.get("text", ""),
        when=when,
        reason=typed.get("reason", ""),
        seen=typed.get("seen", ""),
    )


@require_POST
def take(request: Request) -> HttpResponse:
    """Some leads of the common pool, for whoever asks."""
    count = pool.take_some(by=request.actor, at=timezone.now())
    if count:
        said = ngettext("%(n)d lead of the common pool is yours.", "%(n)d leads of the common pool are yours.", count)
        messages.success(request, said % {"n": count})
    else:
        messages.info(request, _("The common pool is empty: every lead to be contacted has an owner."))
    return redirect("qualify:worklist")


def _page(request: Request, *, lead_id: int | None, status: int, refused: Refused | None = None) -> HttpResponse:
    now = timezone.now()
    given = request.GET if request.method != "POST" else request.POST
    tab = _tab(given.get("tab", ""))
    evening = _morning(now) + timedelta(days=1)
    team_id = commands.team_of(request.actor)
    whose = "team" if team_id is not None and given.get("whose") == "team" else ""
    shown_team = team_id if whose else None
    found = queries.queue(by=request.actor, now=now, evening=evening, team_id=shown_team)
    rows = found.of(tab, now=now, evening=evening)
    chosen = _chosen(rows, lead_id)
    context: dict[str, Any] = {
        "tab": tab,
        "whose": whose,
        "views": _views(tab, whose) if team_id is not None else [],
        "today": counters.today(by=request.actor, since=_morning(now)),
        "tabs": _tabs(found, tab, whose),
        "rows": [_shown(row, chosen, tab, whose, now) for row in rows[:_SHOWN]],
        "more": max(0, len(rows) - _SHOWN),
        "refused": refused,
        "typed": request.POST if status != 200 else {},
        "may_take": request.actor.may("leads.act"),
    }
    if chosen is not None or lead_id is not None:
        shown_id = (chosen.lead_id if chosen else lead_id) or 0
        context |= _lead(request, shown_id, _chosen(found.rows, shown_id), rows, now=now, team_id=team_id)
    return render(request, "qualify/worklist.html", context, status=status)


def _morning(now: datetime) -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate(now), time.min))


def _chosen(rows: Sequence[Row], lead_id: int | None) -> Row | None:
    if lead_id is None:
        return next((row for row in rows if row.holder is None), rows[0] if rows else None)
    return next((row for row in rows if row.lead_id == lead_id), None)


def _lead(
    request: Request, lead_id: int, row: Row | None, rows: list[Row], *, now: datetime, team_id: int | None
) -> dict[str, Any]:
    """The middle and the right: the lead, and what may come of a call to it."""
    card = cards.card(lead_id, by=request.actor)
    ids = [other.lead_id for other in rows if other.holder is None or other.lead_id == lead_id]
    place = ids.index(lead_id) if lead_id in ids else -1
    attempt = (row.attempt if row else 0) or 1
    follows = commands.followings(attempt, at=now, team_id=team_id)
    language = get_language() or "fr"
    return {
        "card": card,
        "why": words.reason(row, now) if row else "",
        "row": row,
        "attempt": attempt,
        "attempts": rules.ATTEMPTS,
        "seen": commands.mark(card.lead),
        "next_id": ids[place + 1] if 0 <= place < len(ids) - 1 else (ids[0] if ids and place != 0 else ""),
        "previous_id": ids[place - 1] if place > 0 else "",
        "outcomes": [
            (code, label.in_language(language), words.following(follows[code], now), str(number))
            for number, (code, label) in enumerate(fields.OUTCOMES.items(), start=1)
        ],
        "reasons": [(code, label.in_language(language)) for code, label in OF_EXIT["disqualified"].items()],
        "may_act": request.actor.may("leads.act") and card.lead["is_open"],
    }


def _shown(row: Row, chosen: Row | None, tab: str, whose: str, now: datetime) -> dict[str, Any]:
    return {
        "row": row,
        "why": words.reason(row, now),
        "url": _query(tab, whose, lead=row.lead_id),
        "is_current": chosen is not None and row.lead_id == chosen.lead_id,
        "is_late": row.waiting.promised_by is not None and row.waiting.promised_by < now,
    }


def _query(tab: str, whose: str, **more: Any) -> str:
    return f"?{urlencode({'tab': tab, **({'whose': whose} if whose else {}), **more})}"


def _views(tab: str, whose: str) -> list[dict[str, Any]]:
    """Whose leads are shown: one's own, or those of the whole team."""
    return [
        {"label": label, "url": _query(tab, name), "current": name == whose}
        for name, label in (("", _("My leads")), ("team", _("My team’s leads")))
    ]


def _tabs(found: Queue, tab: str, whose: str) -> list[dict[str, Any]]:
    labels = {
        "now": _("To do now"),
        "today": _("Today’s follow-ups"),
        "late": _("Late"),
        "answered": _("Answers received"),
        "meetings": _("Meetings"),
        "waiting": _("Waiting"),
    }
    return [
        {"label": label, "url": _query(name, whose), "current": name == tab, "count": found.counts[name]}
        for name, label in labels.items()
    ]


def _tab(text: str) -> str:
    return text if text in queries.TABS else "now"


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found
