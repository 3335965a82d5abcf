"""Pages of campaigns and costs: each a list, and a form to add one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from filon.capture.costs import commands, forms, queries
from filon.capture.costs.campaigns import add_campaign
from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Kind, Refused


@require_http_methods(["GET", "HEAD", "POST"])
def campaigns(request: Request) -> HttpResponse:
    """Campaigns with what they cost; a POST declares one."""
    actor = request.actor
    form = forms.CampaignForm(request.POST or None)
    if form.is_valid():
        try:
            made = add_campaign(**form.cleaned_data, by=actor, at=timezone.now())
        except Refused as refused:
            _mend(form, refused)
        else:
            messages.success(request, _("The campaign “%(name)s” is there.") % {"name": made.name})
            return redirect("capture:campaigns")
    page = queries.campaigns(by=actor, after=request.GET.get("after", ""))
    labels = dict(forms.channel_choices())
    rows = [{"row": row, "channel": labels[row.channel], "leads_url": _leads_url(row.name)} for row in page.rows]
    context = {"form": form, "rows": rows, "may_add": actor.may("campaigns.change")}
    return _page(request, "campaigns", context, page.after, is_refused=bool(form.errors))


@require_http_methods(["GET", "HEAD", "POST"])
def costs(request: Request) -> HttpResponse:
    """Costs, the latest first; a POST records one."""
    actor = request.actor
    choices = queries.campaign_choices(by=actor)
    form = forms.CostForm(request.POST or None, campaigns=choices, initial={"date_from": timezone.localdate()})
    if form.is_valid():
        try:
            commands.add_cost(form.values(), by=actor, at=timezone.now())
        except Refused as refused:
            _mend(form, refused)
        else:
            messages.success(request, _("The cost is recorded."))
            return redirect("capture:costs")
    campaign_id = _id(request.GET.get("campaign", ""))
    page = queries.costs(by=actor, campaign_id=campaign_id, after=request.GET.get("after", ""))
    labels = dict(forms.channel_choices())
    rows = [{"row": row, "channel": labels[row.channel], "kind": forms.KINDS[row.kind]} for row in page.rows]
    context = {
        "form": form,
        "rows": rows,
        "may_add": actor.may("costs.change"),
        "campaign": dict(choices).get(campaign_id or 0, ""),
        "import_url": _address("imports:new") if actor.may("imports.run") else "",
    }
    return _page(request, "costs", context, page.after, is_refused=bool(form.errors))


def _page(request: Request, name: str, context: dict[str, Any], after: str, *, is_refused: bool) -> HttpResponse:
    kept = {key: request.GET[key] for key in ("campaign",) if request.GET.get(key)}
    titles = {"campaigns": _("Campaigns"), "costs": _("Costs")}
    context |= {
        "tabs": [
            {"label": label, "url": reverse(f"capture:{key}"), "current": key == name} for key, label in titles.items()
        ],
        "next_url": f"?{urlencode({**kept, 'after': after})}" if after else "",
        "is_refused": is_refused,
    }
    return render(request, f"capture/costs/{name}.html", context, status=422 if is_refused else 200)


def _mend(form: Any, refused: Refused) -> None:
    """The refusal at its field, when it is about one."""
    if refused.kind not in {Kind.INVALID, Kind.CONFLICT}:
        raise refused
    show_refusal(form, refused)


def _leads_url(name: str) -> str:
    """The leads of a campaign, as the list's filter asks for them."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    condition, url = f'campaign = "{quoted}"', _address("leads:list")
    return f"{url}?{urlencode({'filter': condition})}" if url else ""


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
