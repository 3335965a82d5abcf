"""The page of findings."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from filon.core.web import Request
from filon.kit import web
from filon.leads.findings import commands, queries


@require_safe
def show(request: Request) -> HttpResponse:
    """What there is to look at, or what was settled."""
    is_settled = "settled" in request.GET
    found = queries.findings(by=request.actor, is_settled=is_settled)
    address = reverse("findings")
    tabs = [
        {"label": _("To look at"), "url": address, "current": not is_settled, "count": found.open},
        {"label": _("Settled"), "url": f"{address}?settled=1", "current": is_settled, "count": found.settled},
    ]
    context = {"found": found, "is_settled": is_settled, "tabs": tabs, **_rights(request)}
    return render(request, "leads/findings/findings.html", context)


@require_POST
def settle(request: Request, finding_id: int) -> HttpResponse:
    """Somebody has seen to it."""
    commands.settle_finding(finding_id, by=request.actor, at=timezone.now())
    return _changed(request, finding_id)


@require_POST
def reopen(request: Request, finding_id: int) -> HttpResponse:
    """It is open after all."""
    commands.reopen_finding(finding_id, by=request.actor, at=timezone.now())
    return _changed(request, finding_id)


def _changed(request: Request, finding_id: int) -> HttpResponse:
    """The row as it is now; the whole page for who has no script."""
    if not web.is_htmx(request):
        return redirect("findings")
    row = queries.finding(finding_id, by=request.actor)
    return render(request, "leads/findings/_row.html", {"row": row, **_rights(request)})


def _rights(request: Request) -> dict[str, bool]:
    actor = request.actor
    return {"may_change": actor.may(commands.PERMISSION), "may_import": actor.may("imports.run")}
