"""Moving leads on the board and in the list, with a question for the reason of an exit, and a way back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from filon.core.web import Request, back_to
from filon.kit import web
from filon.kit.errors import Refused
from filon.leads import moving
from filon.leads.listing import page, queries, views
from filon.leads.listing.page import Opened
from filon.leads.moving import MOVES_TO, Move
from filon.leads.reasons import OF_EXIT
from filon.ui import stages

MOST = queries.MOST


@require_POST
def move_one(request: Request, lead_id: int) -> HttpResponse:
    """Move one card. One that was dragged is answered with itself, one moved by its menu with the whole board."""
    stage, reason = request.POST.get("stage", ""), request.POST.get("reason", "")
    if stage in OF_EXIT and not reason:
        return _ask_reason(request, [lead_id], stage)
    move = Move(lead_id, stage, reason, seen=request.GET.get("seen") or None)
    moving.move_lead(move, by=request.actor, at=timezone.now())
    if not web.is_htmx(request):
        return HttpResponseRedirect(back_to(request), status=303)
    if "before" in request.POST:
        return _with_undo(_card(request, lead_id), [lead_id], stage)
    return _with_undo(_board(request, focused=lead_id), [lead_id], stage)


@require_POST
def move_many(request: Request) -> HttpResponse:
    """Move the chosen leads of a list, or one from the question for its reason."""
    ids = _ids(request.POST.getlist("ids"))
    stage, reason = request.POST.get("stage", ""), request.POST.get("reason", "")
    if stage in OF_EXIT and not reason:
        return _ask_reason(request, ids, stage)
    with transaction.atomic():
        items = [Move(lead_id, stage, reason) for lead_id in ids]
        answers = moving.move_leads(items, by=request.actor, at=timezone.now())
    refused = [answer for answer in answers if answer is not None]
    if refused and len(refused) == len(ids):
        raise refused[0]
    moved = [lead_id for lead_id, answer in zip(ids, answers, strict=True) if answer is None]
    if refused:
        left = ngettext("%(count)s lead stays: %(why)s", "%(count)s leads stay: %(why)s", len(refused))
        messages.warning(request, left % {"count": len(refused), "why": refused[0].message})
    return _again(request, moved, stage)


@require_POST
def undo(request: Request) -> HttpResponse:
    """Take back the moves that an address names by their facts (`?facts=1,2`)."""
    facts = _ids(request.GET.get("facts", "").split(","))
    answers = moving.undo_moves(facts, by=request.actor, at=timezone.now())
    for answer in answers:
        if answer is not None:
            raise answer
    if not web.is_htmx(request):
        return HttpResponseRedirect(back_to(request), status=303)
    return _tell(web.toast(_("Taken back.")), "leads-changed")


# Answers --------------------------------------------------------------------------------------------------------------


def _ask_reason(request: Request, ids: Sequence[int], stage: str) -> HttpResponse:
    """The question that an exit asks; 422, so that a dragged card goes back until it is answered."""
    request.actor.require("leads.move")
    language = get_language() or "fr"
    context = {
        "ids": ids,
        "stage": stage,
        "label": stages.label(stage),
        "reasons": [(code, words.in_language(language)) for code, words in OF_EXIT[stage].items()],
        "error": _("Choose a reason: it tells why leads leave.") if "asked" in request.POST else "",
    }
    if not web.is_htmx(request):
        return render(request, "leads/reason.html", context, status=422)
    response = render(request, "leads/_reason_dialog.html", context, status=422)
    response["HX-Retarget"] = "#leads-dialog"
    response["HX-Reswap"] = "innerHTML"
    return response


def _card(request: Request, lead_id: int) -> HttpResponse:
    """The card as it is now, and the counts of all columns beside it."""
    shown = _page(request)
    row = queries.visible_row(lead_id, by=request.actor)
    context: dict[str, Any] = {"row": row, "now": timezone.now(), "may_move": True}
    context["moves"] = [(stage, stages.label(stage)) for stage in MOVES_TO]
    ask = queries.Ask(condition=shown.address.condition, words=shown.address.words)
    found = queries.board(ask, by=request.actor, at=timezone.now(), stages=(*queries.JOURNEY, *views.EXITS), cards=0)
    context["counts"] = [(column.stage, page.bounded(column.count, found.bound)) for column in found.columns]
    return render(request, "leads/_moved_card.html", context)


def _board(request: Request, *, focused: int | None = None) -> HttpResponse:
    shown = _page(request)
    response = render(request, "leads/_board.html", views.board_context(request, shown, focused=focused))
    response["HX-Retarget"] = "#leads-board"
    response["HX-Reswap"] = "outerHTML"
    return response


def _again(request: Request, moved: Sequence[int], stage: str) -> HttpResponse:
    """Back to the page it was asked from, which fetches its leads again."""
    if not web.is_htmx(request):
        return HttpResponseRedirect(back_to(request), status=303)
    response = _with_undo(HttpResponse(headers={"HX-Reswap": "none"}), moved, stage)
    return _tell(response, "leads-changed", "close-dialog")


def _with_undo(response: HttpResponse, ids: Sequence[int], stage: str) -> HttpResponse:
    """With a short message that has a button to take it back."""
    facts = ",".join(str(fact_id) for fact_id in moving.last_moves(ids).values())
    count = len(ids)
    said = ngettext("Moved to “%(stage)s”.", "%(count)s leads moved to “%(stage)s”.", count)
    message = said % {"stage": stages.label(stage), "count": count}
    undo_url = f"{reverse('leads:undo_moves')}?{urlencode({'facts': facts})}" if facts else ""
    return web.add_toast(response, message, undo=undo_url)


def _tell(response: HttpResponse, *events: str) -> HttpResponse:
    """Let the page also hear of these events."""
    told = json.loads(response["HX-Trigger"]) | dict.fromkeys(events, True)
    response["HX-Trigger"] = json.dumps(told)
    return response


def _page(request: Request) -> Opened:
    """The board that the request came from: its filter is in that address."""
    return page.opened(request, reverse("leads:board"), QueryDict(back_to(request).partition("?")[2]))


def _ids(given: Iterable[str]) -> list[int]:
    """Ids of leads, each once. Raises Refused for none."""
    found = dict.fromkeys(int(each) for each in given if each.isascii() and each.isdecimal() and len(each) < 18)
    if not found:
        raise Refused(_("Choose at least one lead."), code="nothing_chosen")
    return list(found)[:MOST]
