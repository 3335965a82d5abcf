"""Pages of colleagues: their diary, what became of a meeting, and their own booking page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from filon.core.forms import show_refusal
from filon.core.post import letters
from filon.core.web import Request, back_to
from filon.kit.errors import Kind, Refused
from filon.meetings import commands, forms, public_views, queries
from filon.meetings.models import KIND_LABELS, Meeting


@require_safe
def diary(request: Request) -> HttpResponse:
    """The meetings one may see: whose outcome is to be said, to come, of the last days."""
    actor, at = request.actor, timezone.now()
    page = queries.own_page(by=actor)
    context = {
        "diary": queries.diary(by=actor, at=at),
        "kinds": KIND_LABELS,
        "page": page,
        "url": public_views.address(page) if page is not None and page.is_open else "",
        "may_have_page": actor.role in commands.HOSTS,
        "may_act": actor.may("leads.act"),
    }
    return render(request, "meetings/diary.html", context)


@require_POST
def end(request: Request, meeting_id: int, state: str) -> HttpResponse:
    """A meeting was held, or the other one did not come."""
    queries.seen_meeting(meeting_id, by=request.actor)
    wanted = {"held": Meeting.State.HELD, "missed": Meeting.State.MISSED}[state]
    commands.end(meeting_id, wanted, by=request.actor, at=timezone.now())
    said = _("The meeting was held.") if state == "held" else _("Noted: they did not come. A follow-up is planned.")
    messages.success(request, said)
    return redirect(back_to(request) or "meetings:diary")


@require_POST
def cancel(request: Request, meeting_id: int) -> HttpResponse:
    """A colleague cancels a meeting; the other one is told."""
    request.actor.require("leads.act")
    queries.seen_meeting(meeting_id, by=request.actor)
    commands.cancel(meeting_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The meeting is cancelled, and the other one is told."))
    return redirect(back_to(request) or "meetings:diary")


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: Request) -> HttpResponse:
    """One's own booking page."""
    known = queries.own_page(by=request.actor)
    form = forms.PageForm(request.POST or None, initial=forms.initial(known, slugify(request.actor.label)))
    if form.is_valid():
        try:
            commands.save_page(form.draft(), by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("meetings:page")
    context = {
        "form": form,
        "page": known,
        "url": public_views.address(known) if known is not None else "",
        "has_sender": letters.sender() is not None,
    }
    return render(request, "meetings/page.html", context, status=422 if form.is_bound else 200)
