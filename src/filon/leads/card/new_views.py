"""Typing a lead in, with whoever is known already showing beside."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from filon.core.web import Request
from filon.kit import web
from filon.kit.errors import Kind, Refused
from filon.leads.card import commands, forms, queries


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """Type a lead in: a dialog over the page it was asked from, or a page of its own."""
    request.actor.require("leads.create")
    form = forms.NewLeadForm(request.POST or None, initial=_initial(request))
    if form.is_valid():
        try:
            made = commands.create_lead(form.values(), by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            forms.show_refusal(form, refused)
        else:
            if not made.is_new:
                messages.info(request, _("This person was known already: what you typed joined their open lead."))
            return _go(request, reverse("leads:lead", args=[made.lead_id]))
    template = "leads/card/_new_dialog.html" if web.is_htmx(request) else "leads/card/new.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def _initial(request: Request) -> dict[str, Any]:
    """A seller's new lead is theirs, unless they say otherwise."""
    own = request.actor.id if request.actor.role in {"sdr", "sales"} else None
    return {"owner_id": own, "company": request.GET.get("company", "")[:500]}


def _go(request: Request, url: str) -> HttpResponse:
    if web.is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


@require_safe
def known(request: Request) -> HttpResponse:
    """Who may be the one being typed in."""
    typed = {name: request.GET.get(name, "")[:500] for name in ("first_name", "last_name", "email", "phone")}
    return render(request, "leads/card/_known.html", {"known": queries.known(typed, by=request.actor)})
