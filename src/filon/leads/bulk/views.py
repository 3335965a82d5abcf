"""Pages of bulk acts: the question with its number, the answer, the progress, all of the last days."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from filon.core.web import Request, back_to
from filon.kit import web
from filon.kit.errors import Refused
from filon.leads.bulk import commands, queries, rules, words
from filon.leads.bulk.acts import ACTS
from filon.leads.bulk.commands import Counted, Draft
from filon.leads.bulk.forms import FORMS
from filon.leads.bulk.offers import offered
from filon.leads.listing import queries as listing
from filon.leads.listing.queries import Ask
from filon.leads.models import BulkOrder

State = BulkOrder.State


# The question ---------------------------------------------------------------------------------------------------------


@require_POST
def ask(request: Request) -> HttpResponse:
    """The question of an act, with how many leads it is about. Writes nothing."""
    draft = _draft(request)
    ACTS[draft.act].require_some(by=request.actor)
    if "token" in request.POST:  # asked again after a choice: the number stands as it was announced
        form = FORMS[draft.act](request.POST, by=request.actor)
        form.errors.clear()  # nothing has been answered yet, so nothing is missing yet
        return _question(request, draft, Counted(draft.announced, draft.last_id, None), form)
    counted = commands.count(draft, by=request.actor, at=timezone.now())
    return _question(request, draft, counted, FORMS[draft.act](None, by=request.actor))


@require_POST
def order(request: Request) -> HttpResponse:
    """The answer: carries the act out, or has it carried out."""
    draft = _draft(request)
    at = timezone.now()
    form = FORMS[draft.act](request.POST, by=request.actor)
    if not form.is_valid():
        return _question(request, draft, commands.count(draft, by=request.actor, at=at), form, status=422)
    wanted = replace(draft, what=form.what())
    try:
        made = commands.order(wanted, by=request.actor, at=at)
    except Refused as refused:
        if refused.code != "more_leads":
            raise
        counted = commands.count(draft, by=request.actor, at=at)
        return _question(request, draft, counted, form, notice=refused.message, status=422)
    return _answered(request, made)


def _draft(request: Request) -> Draft:
    """What is asked for: the chosen leads, or the whole list of a filter."""
    said = request.POST
    act = said.get("act", "")
    if act not in FORMS:
        raise Refused(_("There is no such act."), code="no_such_act")
    is_whole = said.get("whole") == "1"
    ids = () if is_whole else _ids(said.getlist("ids"))
    if not is_whole and not ids:
        raise Refused(_("Choose at least one lead."), code="nothing_chosen")
    return Draft(
        act=act,
        what={},
        token=said.get("token", "")[:36] or str(uuid.uuid4()),
        ids=ids,
        ask=Ask(condition=said.get("filter", ""), words=said.get("q", "").strip()),
        last_id=_number(said.get("last_id", "")),
        announced=_number(said.get("announced", "")),
    )


def _ids(given: list[str]) -> tuple[int, ...]:
    return tuple(sorted({number for each in given if (number := _number(each))}))[: listing.MOST]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _question(
    request: Request, draft: Draft, counted: Counted, form: Any, *, notice: str = "", status: int = 200
) -> HttpResponse:
    said = form.said() if form.is_bound else None
    is_whole = not draft.ids
    context = {
        "act": draft.act,
        "title": next((one["label"].rstrip("…") for one in offered(request.actor) if one["act"] == draft.act), ""),
        "form": form,
        "count": counted.count,
        "announced": words.announced(draft.act, said, counted.count, form.names()) if said else "",
        "by_job": counted.count > rules.PART,
        "notice": notice,
        "is_whole": is_whole,
        "ids": draft.ids,
        "filter": draft.ask.condition if is_whole else "",
        "words": draft.ask.words if is_whole else "",
        "last_id": counted.last_id if is_whole else 0,
        "token": draft.token,
    }
    if not web.is_htmx(request):
        return render(request, "leads/bulk/question.html", context, status=status)
    response = render(request, "leads/bulk/_question_dialog.html", context, status=status)
    if status == 422:
        response["HX-Retarget"] = "#leads-dialog"
        response["HX-Reswap"] = "innerHTML"
    return response


def _answered(request: Request, made: BulkOrder) -> HttpResponse:
    url = reverse("leads:bulk_order", args=[made.pk])
    if made.state == State.RUNNING:
        return HttpResponse(headers={"HX-Redirect": url}) if web.is_htmx(request) else redirect(url)
    said = words.done(made)
    if not web.is_htmx(request):
        messages.success(request, said)
        return redirect(url)
    undo = reverse("leads:bulk_undo", args=[made.pk]) if made.changed else ""
    level = "warning" if made.refused else "success"
    response = web.add_toast(HttpResponse(headers={"HX-Reswap": "none"}), said, level=level, undo=undo)
    return _tell(response, "leads-changed", "close-dialog")


def _tell(response: HttpResponse, *events: str) -> HttpResponse:
    """Let the page also hear of these events."""
    response["HX-Trigger"] = json.dumps(json.loads(response["HX-Trigger"]) | dict.fromkeys(events, True))
    return response


# Orders ---------------------------------------------------------------------------------------------------------------


@require_GET
def show_all(request: Request) -> HttpResponse:
    """The bulk acts of the last days, with what became of them."""
    at = timezone.now()
    found = queries.orders(by=request.actor)
    names = queries.names_in(found)
    rows = [
        {
            "order": one,
            "title": words.title(one.act, one.what, names),
            "state": words.state(one),
            "said": words.undone(one) if one.state == State.UNDONE else words.done(one),
            "can_undo": queries.can_undo(one, by=request.actor, at=at),
        }
        for one in found
    ]
    return render(request, "leads/bulk/list.html", {"rows": rows})


@require_GET
def show(request: Request, order_id: int) -> HttpResponse:
    """One order: its progress while it runs, its result, what stayed and why."""
    found = queries.one(order_id, by=request.actor)
    context = _state(request, found)
    context["title"] = words.title(found.act, found.what, queries.names_in([found]))
    context["reasons"] = queries.reasons(found) if found.refused or found.kept else ()
    context["stayed"] = queries.stayed(found, by=request.actor) if context["reasons"] else ()
    return render(request, "leads/bulk/order.html", context)


@require_GET
def live(request: Request, order_id: int) -> HttpResponse:
    """The part of an order's page that moves."""
    found = queries.one(order_id, by=request.actor)
    response = render(request, "leads/bulk/_live.html", _state(request, found))
    if request.GET.get("was") != found.state:
        response["HX-Refresh"] = "true"  # the whole page says other things now
    return response


def _state(request: Request, found: BulkOrder) -> dict[str, Any]:
    job = queries.job_of(found)
    told = job.progress if job else {}
    left = told.get("seconds_left")
    is_undoing = found.state == State.UNDOING
    return {
        "order": found,
        "state": words.state(found),
        "job": job,
        "is_moving": found.state in {State.RUNNING, State.UNDOING},
        "is_undoing": is_undoing,
        "done": found.undone + found.kept if is_undoing else found.changed + found.unchanged + found.refused,
        "total": found.changed if is_undoing else found.expected,
        "rate": told.get("rate"),
        "left": timedelta(seconds=left) if left else None,
        "said": words.done(found),
        "said_undone": words.undone(found) if found.state in {State.UNDOING, State.UNDONE} else "",
        "can_undo": queries.can_undo(found, by=request.actor, at=timezone.now()),
    }


@require_POST
def cancel(request: Request, order_id: int) -> HttpResponse:
    """Stop an order where it stands."""
    commands.cancel(order_id, by=request.actor, at=timezone.now())
    return redirect("leads:bulk_order", order_id)


@require_POST
def undo(request: Request, order_id: int) -> HttpResponse:
    """Take an order back."""
    found = commands.undo(order_id, by=request.actor, at=timezone.now())
    url = reverse("leads:bulk_order", args=[order_id])
    if not web.is_htmx(request):
        if urlsplit(back_to(request)).path == reverse("leads:bulk") and found.state == State.UNDONE:
            messages.success(request, words.undone(found))
            return HttpResponseRedirect(reverse("leads:bulk"), status=303)
        return redirect(url)
    if found.state == State.UNDOING:
        return HttpResponse(headers={"HX-Redirect": url})
    return _tell(web.toast(words.undone(found), level="warning" if found.kept else "success"), "leads-changed")
