"""The page on which a colleague plans a meeting with a lead's person."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.leads.models import Person
from filon.leads.sight import seen_by
from filon.meetings import planning
from filon.meetings.forms import PlanForm
from filon.meetings.free_times import free_times
from filon.meetings.models import KIND_LABELS, KINDS, BookingPage

_AHEAD: Final = timedelta(days=14)
SHOWN: Final = 80
"""Free moments that are offered at once."""


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: Request, lead_id: int) -> HttpResponse:
    """Whose diary, what for, when; a POST plans it."""
    actor = request.actor
    pages = planning.hosts(by=actor)
    person_id = seen_by(actor, [lead_id]).get(lead_id)
    if person_id is None:
        raise not_found(_("Lead"))
    page = _chosen(request.GET.get("host", ""), pages)
    context: dict[str, Any] = {
        "lead_id": lead_id,
        "person": Person.objects.only("full_name", "email").get(pk=person_id),
        "pages": pages,
        "page": page,
    }
    if page is None:
        return render(request, "meetings/plan.html", context)
    kinds = [kind for kind in KINDS if page.minutes.get(kind)]
    asked = request.GET.get("kind", "")
    kind = asked if asked in kinds else next(iter(kinds), "")
    is_own = page.user_id == actor.id
    form = PlanForm(_moments(page, kind), request.POST or None, is_own=is_own, initial={"mark": secrets.token_hex(16)})
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            draft = form.plan(lead_id=lead_id, host_id=page.user_id, kind=kind)
            try:
                planning.plan(draft, by=actor, at=timezone.now())
            except Refused as refused:
                if refused.kind not in {Kind.INVALID, Kind.CONFLICT}:
                    raise
                show_refusal(form, refused)
                status = 409 if refused.kind is Kind.CONFLICT else 422
            else:
                messages.success(request, _("The meeting is planned, and both are invited."))
                return redirect("leads:lead", lead_id)
    context |= {
        "kinds": [(one, KIND_LABELS[one], page.minutes[one]) for one in kinds],
        "kind": kind,
        "form": form,
        "is_own": is_own,
    }
    return render(request, "meetings/plan.html", context, status=status)


def _chosen(text: str, pages: Any) -> BookingPage | None:
    """The diary that the address names, else the first."""
    found = next((page for page in pages if str(page.user_id) == text), None)
    return found or next(iter(pages), None)


def _moments(page: BookingPage, kind: str) -> list[Any]:
    at = timezone.now()
    return free_times(page, kind, start=at, end=at + _AHEAD, at=at)[:SHOWN]
