"""The first page: what matters to this reader now."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from filon.core.web import Request
from filon.home import panels
from filon.leads.models import Lead


@require_safe
def home(request: Request) -> HttpResponse:
    """The panels of the reader's role; before the first lead, the one thing to do next."""
    at = timezone.now()
    if not Lead.objects.exists():
        return render(request, "home/first.html", {"welcome_url": reverse("welcome")})
    context = {"panels": panels.shown(by=request.actor, at=at), "today": timezone.localdate(at)}
    return render(request, "home/home.html", context)
