"""Pages of forms for those who make them: the list, and one form with its address and its lines for a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from filon.capture.costs.queries import campaign_choices
from filon.capture.forms import asking, commands, forms, held, queries
from filon.capture.forms.forms import FormDetails, Questions
from filon.capture.models import Form
from filon.core.forms import show_refusal
from filon.core.purge import HELD_KEPT
from filon.core.web import Request
from filon.kit.errors import Kind, Refused


@require_safe
def show_all(request: Request) -> HttpResponse:
    """The forms, with what each brought."""
    rows = [
        {"row": row, "leads_url": _leads_url(row.slug), "url": reverse("forms:show", args=[row.slug])}
        for row in queries.forms(by=request.actor, at=timezone.now())
    ]
    context = {"rows": rows, "may_change": request.actor.may("forms.change")}
    return render(request, "capture/forms/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """A form to make."""
    request.actor.require("forms.change")
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, form_id: int) -> HttpResponse:
    """A form to change."""
    return _edit(request, queries.form(form_id, by=request.actor))


@require_http_methods(["GET", "HEAD", "POST"])
def held_back(request: Request, form_id: int) -> HttpResponse:
    """Answers that look like a machine's; a POST lets the chosen ones in, or throws them away."""
    known = queries.form(form_id, by=request.actor)
    if request.method != "POST":
        trail = [(_("Forms"), reverse("forms:list")), (known.title, reverse("forms:edit", args=[form_id]))]
        context = {
            "known": known,
            "rows": held.held(form_id, by=request.actor),
            "trail": [*trail, (_("Held back"), "")],
            "kept_days": HELD_KEPT.days,
        }
        return render(request, "capture/forms/held.html", context)
    ids = [int(text) for text in request.POST.getlist("entry") if text.isascii() and text.isdigit()]
    if "let_in" in request.POST:
        count = held.let_in(form_id, ids, by=request.actor)
        told = ngettext("%(n)s answer is let in.", "%(n)s answers are let in.", count)
    else:
        count = held.throw_away(form_id, ids, by=request.actor)
        told = ngettext("%(n)s answer thrown away.", "%(n)s answers thrown away.", count)
    messages.success(request, told % {"n": count})
    return redirect("forms:held", form_id)


def _edit(request: Request, known: Form | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    usual = {"consent": forms.CONSENT, "tracking": forms.TRACKING, "language": request.LANGUAGE_CODE}
    initial = forms.initial_of(known) if known else usual
    details = FormDetails(posted, initial=initial, campaigns=campaign_choices(by=request.actor))
    questions = Questions(asking.questions_of(known.questions) if known else None, posted)
    asked = questions.read() if posted else None
    if details.is_valid() and asked is not None:
        try:
            saved = commands.save_form(
                details.draft(asked),
                form_id=known.pk if known else None,
                seen=details.cleaned_data["version"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.CONFLICT, Kind.STALE}:
                raise
            show_refusal(details, refused)
        else:
            messages.success(request, _("The form “%(title)s” is saved.") % {"title": saved.title})
            return redirect("forms:edit", saved.pk)
    context: dict[str, Any] = {
        "known": known,
        "details": details,
        "questions": questions,
        "may_change": request.actor.may("forms.change"),
        "trail": [(_("Forms"), reverse("forms:list")), (known.title if known else _("New form"), "")],
    }
    if known is not None:
        context |= _addresses(known)
    return render(request, "capture/forms/edit.html", context, status=422 if posted else 200)


def _addresses(known: Form) -> dict[str, str]:
    address = f"{settings.FILON_BASE_URL}{reverse('forms:show', args=[known.slug])}"
    script = f"{settings.FILON_BASE_URL}{reverse('forms:embed', args=[known.slug])}"
    return {
        "address": address,
        "snippet": f'<script src="{script}" async></script>',
        "leads_url": _leads_url(known.slug),
    }


def _leads_url(slug: str) -> str:
    """The leads who sent the form in the last 30 days, as the list's filter asks for them."""
    condition = f'count(submitted where path = "/f/{slug}", 30 days) >= 1'
    return f"{reverse('leads:list')}?{urlencode({'filter': condition})}"
