"""Pages of hand-offs: what waits for sales, a proposal to make, its brief, and the answer."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.handoff import agreement, commands, panels, queries, words
from filon.handoff.forms import ProposalForm, RefusalForm, TermsForm
from filon.kit.errors import Kind, Refused
from filon.leads.card import queries as cards

_MENDABLE: Final = {Kind.INVALID, Kind.CONFLICT, Kind.STALE}


@require_safe
def show_all(request: Request) -> HttpResponse:
    """What waits for an answer of sales, the first due first, and the latest answers."""
    at = timezone.now()
    context = {
        "rows": [panels.shown(row) for row in queries.waiting(by=request.actor, at=at)],
        "answered": [panels.shown(row) for row in queries.answered(by=request.actor, at=at)],
    }
    return render(request, "handoff/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: Request, lead_id: int) -> HttpResponse:
    """A lead to propose to sales. `?from=worklist` goes back there."""
    request.actor.require("leads.move")
    card = cards.card(lead_id, by=request.actor)
    posted = request.POST if request.method == "POST" else None
    form = ProposalForm(posted, initial={"seller": queries.suggested_seller(lead_id), "how": "conversation"})
    if form.is_valid():
        try:
            handoff = commands.propose(form.proposal(lead_id), by=request.actor, at=timezone.now())
        except Refused as refused:
            _show(form, refused)
        else:
            message = _("%(name)s is proposed to %(seller)s.")
            messages.success(request, message % {"name": card.title, "seller": handoff.seller.name})
            is_worklist = request.GET.get("from") == "worklist"
            return redirect("qualify:worklist") if is_worklist else redirect("leads:lead", lead_id)
    context = {
        "card": card,
        "form": form,
        "trail": [(card.title, reverse("leads:lead", args=[lead_id])), (_("Propose to sales"), "")],
    }
    return render(request, "handoff/propose.html", context, status=422 if posted else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: Request) -> HttpResponse:
    """What marketing and sales agreed on, and its versions; a POST agrees anew."""
    now = agreement.in_force()
    posted = request.POST if request.method == "POST" else None
    initial = {"required": list(now.required), "answer_hours": now.answer_hours, "version": now.version}
    form = TermsForm(posted, initial=initial)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = agreement.change(
                said["required"], said["answer_hours"], seen=said["version"], by=request.actor, at=timezone.now()
            )
        except Refused as refused:
            _show(form, refused)
        else:
            messages.success(request, _("Version %(n)s is in force.") % {"n": made.version})
            return redirect("handoff:agreement")
    context = {
        "form": form,
        "now": now,
        "required": [label for name, label in words.criteria().items() if name in now.required],
        "versions": [
            (version, [label for name, label in words.criteria().items() if name in version.terms.required])
            for version in agreement.versions(by=request.actor)
        ],
        "may_change": request.actor.may("handoff.change"),
        "trail": [(_("Hand-offs"), reverse("handoff:list")), (_("Agreement"), "")],
    }
    return render(request, "handoff/agreement.html", context, status=422 if posted else 200)


@require_safe
def brief(request: Request, handoff_id: int) -> HttpResponse:
    """One page for the seller: who, what they need, why they score so, what was said."""
    return _brief(request, handoff_id, RefusalForm(), 200)


def _brief(request: Request, handoff_id: int, form: RefusalForm, status: int) -> HttpResponse:
    row = queries.one(handoff_id, by=request.actor, at=timezone.now())
    context: dict[str, Any] = {
        "one": panels.shown(row),
        "card": cards.card(row.lead_id, by=request.actor),
        "form": form,
        "trail": [(_("Hand-offs"), reverse("handoff:list")), (row.name, "")],
    }
    return render(request, "handoff/brief.html", context, status=status)


@require_POST
def accept(request: Request, handoff_id: int) -> HttpResponse:
    """Take a proposed lead on."""
    try:
        handoff = commands.accept(handoff_id, by=request.actor, at=timezone.now())
    except Refused as refused:
        return _again(request, handoff_id, refused)
    messages.success(request, _("The lead is yours: a first talk is planned."))
    return redirect("leads:lead", handoff.lead_id)


@require_POST
def refuse(request: Request, handoff_id: int) -> HttpResponse:
    """Send a proposed lead back."""
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _brief(request, handoff_id, form, 422)
    said = form.cleaned_data
    try:
        commands.refuse(handoff_id, said["reason"], said["text"], by=request.actor, at=timezone.now())
    except Refused as refused:
        return _again(request, handoff_id, refused)
    messages.success(request, _("The lead goes back to nurturing, with your reason."))
    return redirect("handoff:list")


def _again(request: Request, handoff_id: int, refused: Refused) -> HttpResponse:
    if refused.kind not in _MENDABLE:
        raise refused
    messages.error(request, refused.message)
    return redirect("handoff:brief", handoff_id)


def _show(form: Any, refused: Refused) -> None:
    if refused.kind not in _MENDABLE:
        raise refused
    show_refusal(form, refused)
