"""The page of web tracking: its line for the company's pages, its sites, and what it is good for."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from filon.capture.tracking import commands, queries
from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Kind, Refused


class SiteForm(forms.Form):
    """A site to take visits of."""

    address = forms.CharField(
        label=gettext_lazy("Address of your site"),
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": "https://www.exemple.fr", "inputmode": "url"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Request) -> HttpResponse:
    """How tracking stands; a POST adds a site."""
    posted = request.POST if request.method == "POST" else None
    form = SiteForm(posted)
    if form.is_valid():
        try:
            site = commands.add_site(form.cleaned_data["address"], by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind is not Kind.INVALID:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _("Visits of %(site)s are taken from now on.") % {"site": site.origin})
            return redirect("tracking:show")
    context = {
        "now": queries.tracking(by=request.actor, at=timezone.now()),
        "days": queries.DAYS,
        "form": form,
        "snippet": f'<script src="{settings.FILON_BASE_URL}/t.js" async></script>',
        "may_change": request.actor.may("forms.change"),
    }
    return render(request, "capture/tracking/tracking.html", context, status=422 if posted else 200)


@require_POST
def remove(request: Request, site_id: int) -> HttpResponse:
    """Take no more visits of a site."""
    commands.remove_site(site_id, by=request.actor)
    messages.info(request, _("Visits of this site are not taken any more."))
    return redirect("tracking:show")
