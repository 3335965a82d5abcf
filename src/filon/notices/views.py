"""The bell, and the page of notices."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from filon.core.web import Request
from filon.notices import commands, queries, words


@require_safe
@never_cache
def bell(request: Request) -> HttpResponse:
    """The number on the bell; pages ask for it once they have come."""
    count = queries.unread(by=request.actor)
    return render(request, "notices/_bell.html", {"count": count, "most": queries.MOST})


@require_safe
def show_all(request: Request) -> HttpResponse:
    """The newest notices; `?all=1` those that were read as well."""
    only_unread = "all" not in request.GET
    rows = queries.notices(by=request.actor, only_unread=only_unread)
    muted = queries.muted(by=request.actor)
    context = {
        "rows": [(row, words.sentence(row), words.ICONS[row.kind]) for row in rows],
        "views": [
            {"label": _("Unread"), "url": "?", "current": only_unread},
            {"label": _("All of them"), "url": "?all=1", "current": not only_unread},
        ],
        "only_unread": only_unread,
        "kinds": [(kind, label, kind not in muted) for kind, label in words.kinds().items()],
    }
    return render(request, "notices/list.html", context)


@require_POST
def read(request: Request) -> HttpResponse:
    """All of one's notices are read."""
    commands.read(None, by=request.actor, at=timezone.now())
    return redirect("notices:list")


@require_POST
def go(request: Request, notice_id: int) -> HttpResponse:
    """Read a notice: what it is about opens."""
    notice = queries.is_theirs(notice_id, by=request.actor)
    if notice is None:
        raise Http404
    commands.read([notice_id], by=request.actor, at=timezone.now())
    if notice.lead_id is None:
        return redirect("qualify:worklist")
    return redirect("leads:lead", notice.lead_id)


@require_POST
def mute(request: Request) -> HttpResponse:
    """Say which kinds one wants to hear of: those that are ticked."""
    wanted = set(request.POST.getlist("kind"))
    commands.mute([kind for kind in words.kinds() if kind not in wanted], by=request.actor)
    messages.success(request, _("Saved."))
    return redirect("notices:list")
