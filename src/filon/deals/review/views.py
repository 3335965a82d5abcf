"""Pages of the weekly clean-up: the odd deals, the question of a decision, its answer, and the way back."""

from __future__ import annotations

import json
import re
import uuid
from decimal import Decimal
from typing import Any, Final

from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.deals import queries as deals
from filon.deals.listing.views import owner_links, owner_of
from filon.deals.review import commands, forms, queries, words
from filon.deals.review.rules import FINDINGS
from filon.kit import web
from filon.kit.errors import Kind, Refused

_ORDER: Final = re.compile(r"[0-9a-f-]{36}")


@require_safe
def review(request: Request) -> HttpResponse:
    """The open deals that are odd, the worst first. A seller's own unless the address says otherwise."""
    at, actor = timezone.now(), request.actor
    given = request.GET.get("owner")
    owner = owner_of(request, given) if given is not None else actor.id if actor.role == "sales" else None
    finding = request.GET.get("finding", "")
    finding = finding if finding in FINDINGS else ""
    found = queries.review(owner_id=owner, finding=finding, by=actor, at=at)
    context = {
        "found": found,
        "rows": [
            {"row": one.row, "chips": [words.finding(one, code) for code in one.findings], "days": one.look.stage_days}
            for one in found.rows
        ],
        "findings": _findings(request, found, finding),
        "owners": owner_links(request, owner),
        "cleaned": words.cleaned(queries.cleaned(owner_id=owner, by=actor, at=at)),
        "decisions": [
            {"kind": kind, "label": label, "key": key, "icon": icon}
            for (kind, label), (key, icon) in zip(
                words.DECISIONS.items(),
                (("d", "calendar"), ("a", "arrow-right"), ("x", "circle-x"), ("u", "undo-2")),
                strict=True,
            )
        ],
        "may_change": actor.may("deals.change"),
        "today": timezone.localdate(at),
        "trail": [(_("Pipeline"), reverse("deals:pipeline")), (_("Clean-up"), "")],
    }
    return render(request, "deals/review/review.html", context)


def _findings(request: Request, found: queries.Review, current: str) -> list[dict[str, Any]]:
    """Each kind of oddity with its number, as links that narrow the page."""
    links = []
    for code in ("", *FINDINGS):
        query = request.GET.copy()
        query.pop("finding", None)
        if code:
            query["finding"] = code
        if not code or code == current or found.by_finding.get(code):
            label = str(words.FINDINGS[code]) if code else _("All")
            count = found.by_finding.get(code, 0) if code else None
            links.append({"label": label, "count": count, "url": f"?{query.urlencode()}", "current": code == current})
    return links


# Decisions ------------------------------------------------------------------------------------------------------------


@require_POST
def ask(request: Request) -> HttpResponse:
    """The question of a decision on the chosen deals. Writes nothing."""
    request.actor.require("deals.change")
    kind = _kind(request)
    return _question(request, kind, _ids(request), forms.FORMS[kind](initial=forms.initial(kind, timezone.localdate())))


@require_POST
def decide(request: Request) -> HttpResponse:
    """The answer: the decision is taken."""
    kind, ids, at = _kind(request), _ids(request), timezone.now()
    form = forms.FORMS[kind](request.POST)
    if form.is_valid():
        try:
            made = commands.decide(kind, ids, form.cleaned_data, order=_order(request), by=request.actor, at=at)
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            show_refusal(form, refused)
        else:
            return _answered(request, words.done(made), made, undo=reverse("deals:review_undo", args=[made.order]))
    return _question(request, kind, ids, form)


@require_POST
def undo(request: Request, order: str) -> HttpResponse:
    """A decision is taken back."""
    made = commands.undo(order, by=request.actor, at=timezone.now())
    return _answered(request, words.undone(made), made, undo="")


def _answered(request: Request, said: str, made: commands.Done, *, undo: str) -> HttpResponse:
    level = "warning" if made.refused else "success"
    if not web.is_htmx(request):
        messages.add_message(request, messages.WARNING if made.refused else messages.SUCCESS, said)
        return redirect("deals:review")
    response = web.toast(said, level=level, undo=undo if made.count else "")
    told = json.loads(response["HX-Trigger"]) | {"review-changed": True, "close-dialog": True}
    response["HX-Trigger"] = json.dumps(told)
    return response


def _question(request: Request, kind: str, ids: list[int], form: django_forms.Form) -> HttpResponse:
    rows = [row for row in deals.opportunities_with(ids, by=request.actor) if row.state == "open"]
    amount = sum((row.amount or Decimal(0) for row in rows if row.currency == settings.FILON_CURRENCY), Decimal(0))
    context = {
        "kind": kind,
        "ids": ids,
        "order": _order(request),
        "form": form,
        "title": words.DECISIONS[kind],
        "announced": words.announced(kind, len(rows), amount),
        "names": [row.name for row in rows[:3]],
    }
    name = "_question_dialog.html" if web.is_htmx(request) else "question.html"
    response = render(request, f"deals/review/{name}", context, status=422 if form.is_bound else 200)
    if form.is_bound:
        response["HX-Retarget"], response["HX-Reswap"] = "#review-dialog", "innerHTML"
    return response


def _kind(request: Request) -> str:
    kind = request.POST.get("decision", "")
    if kind not in forms.FORMS:
        raise Refused(_("There is no such decision."), Kind.INVALID, code="decision")
    return kind


def _ids(request: Request) -> list[int]:
    given = request.POST.getlist("ids")
    ids = sorted({int(each) for each in given if each.isascii() and each.isdecimal() and len(each) < 18})
    if not ids:
        raise Refused(_("Choose at least one opportunity."), Kind.INVALID, code="nothing_chosen")
    return ids[: commands.MOST]


def _order(request: Request) -> str:
    given = request.POST.get("order", "")
    return given if _ORDER.fullmatch(given) else str(uuid.uuid4())
