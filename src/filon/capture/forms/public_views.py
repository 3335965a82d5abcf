"""What visitors see: the form, its thanks, and the script that puts it into a page of another origin.

No session, no cookie, no sign-in: nothing here is done in anybody's name, so the forms may be framed by any page.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from filon.capture.forms import visitor
from filon.capture.forms.visitor import TRAP, VisitorForm
from filon.capture.models import Form
from filon.core import limits
from filon.core.forms import show_refusal
from filon.kit.errors import Kind, Refused

MOST: Final = 20
"""Submissions of one address in `WINDOW`."""
WINDOW: Final = timedelta(minutes=10)


@login_not_required
@csrf_exempt
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # it takes any view
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The form; a POST is kept at once and answered 202, or shown again with what was typed and what is wrong."""
    request.encoding = "utf-8"  # as our page is: a charset of the sender's choice could bring halves of characters
    form = Form.objects.select_related("consent_text", "tracking_text", "campaign").filter(slug=slug).first()
    if form is None:
        return render(request, "capture/forms/gone.html", {"title": ""}, status=404)
    with translation.override(form.language):
        response = _closed(request, form) if not form.is_open else _open(request, form)
        response["Content-Language"] = form.language
    return response


def _closed(request: HttpRequest, form: Form) -> HttpResponse:
    return render(request, "capture/forms/gone.html", {"title": form.title}, status=410)


def _open(request: HttpRequest, form: Form) -> HttpResponse:
    if request.method != "POST":
        return _page(request, form, VisitorForm(form), 200)
    answers, page = VisitorForm(form, request.POST), visitor.read_token(form, request.POST.get("token", ""))
    at = timezone.now()
    if page is None:
        answers.add_error(None, _("This page was open for a long time. Please send your answers once more."))
    elif answers.is_valid():
        try:
            address = limits.network_of(request.META.get("REMOTE_ADDR", ""))
            limits.take("form", f"{form.pk}:{address}", most=MOST, window=WINDOW, at=at)
            kept = visitor.submit(form, answers, request.POST, page=page, at=at)
        except Refused as refused:
            if refused.kind not in {Kind.INVALID, Kind.TOO_MANY}:
                raise
            show_refusal(answers, refused)
            return _page(request, form, answers, 429 if refused.kind is Kind.TOO_MANY else 422)
        context = {"form_row": form, "is_framed": _is_framed(request), "kept": kept}
        return render(request, "capture/forms/thanks.html", context, status=202)
    return _page(request, form, answers, 422)


def _page(request: HttpRequest, form: Form, answers: VisitorForm, status: int) -> HttpResponse:
    came = visitor.origin_of(request.POST if request.method == "POST" else request.GET)
    came["page"] = came["page"] or request.headers.get("Referer", "")[:2000]
    if request.method == "POST":
        visitor.untick(form, answers, visitor.read_token(form, request.POST.get("token", "")))
    hidden = {"token": visitor.token(form), **came}
    context = {
        "form_row": form,
        "form": answers,
        "hidden": hidden,
        "trap": TRAP,
        "is_framed": _is_framed(request),
    }
    response = render(request, "capture/forms/form.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _is_framed(request: HttpRequest) -> bool:
    return "embed" in request.GET


@login_not_required
@require_safe
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """A script that frames the form where it stands, tells it where its visitor comes from, and fits its height."""
    del request  # the settings know our address; a request's host may be anything
    address = f"{settings.FILON_BASE_URL}{reverse('forms:show', args=[slug])}"
    script = render_to_string("capture/forms/embed.js", {"address": json.dumps(address)})
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=300"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
