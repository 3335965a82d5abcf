"""The people of a deal on its page: a role is given, changed or taken away."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from filon.core.web import Request
from filon.deals.people import commands
from filon.kit.errors import Kind, Refused


@require_POST
def set_role(request: Request, opportunity_id: int) -> HttpResponse:
    """A person has this role in the deal now; none for an empty one."""
    given, role = request.POST.get("person", ""), request.POST.get("role", "")
    if not (given.isascii() and given.isdecimal() and len(given) < 18):
        raise Refused(_("Choose a person."), Kind.INVALID, code="nobody")
    commands.set_role(opportunity_id, int(given), role, by=request.actor, at=timezone.now())
    messages.success(request, _("Saved."))
    return redirect("deals:opportunity", opportunity_id)
