"""The page of the mailbox of answers: whether it is read, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from filon.core.web import Request
from filon.nurture.models import MailboxState
from filon.nurture.pages import tabs


@require_safe
def mailbox(request: Request) -> HttpResponse:
    """How reading the answers stands. One statement. Needs `nurture.see`."""
    request.actor.require("nurture.see")
    is_set = bool(settings.FILON_MAILBOX_URL)
    state = MailboxState.objects.first() if is_set else None
    return render(request, "nurture/mailbox.html", {"tabs": tabs("mailbox"), "is_set": is_set, "state": state})
