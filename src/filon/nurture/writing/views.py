"""Pages of templates, and of the sender."""

from __future__ import annotations

from typing import Final

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.nurture.models import Template
from filon.nurture.pages import tabs
from filon.nurture.writing import commands, forms, queries
from filon.nurture.writing.forms import SenderForm, TemplateForm
from filon.nurture.writing.liquid import WORDS

_MENDABLE: Final = {Kind.INVALID, Kind.CONFLICT, Kind.STALE}


@require_safe
def show_all(request: Request) -> HttpResponse:
    """The templates, with how often each was sent."""
    context = {
        "tabs": tabs("templates"),
        "rows": queries.templates(by=request.actor),
        "may_change": request.actor.may("nurture.change"),
    }
    return render(request, "nurture/templates.html", context)


@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # it takes any view
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """A template to write."""
    request.actor.require("nurture.change")
    return _edit(request, None)


@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # it takes any view
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, template_id: int) -> HttpResponse:
    """A template to change, beside what a real person would get."""
    return _edit(request, queries.template(template_id, by=request.actor))


def _edit(request: Request, known: Template | None) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    initial = forms.initial_of(known) if known else {"language": request.LANGUAGE_CODE}
    form = TemplateForm(posted, initial=initial)
    if form.is_valid():
        try:
            saved = commands.save_template(
                form.draft(),
                template_id=known.pk if known else None,
                seen=form.cleaned_data["version"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            if refused.kind not in _MENDABLE:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _("The template “%(name)s” is saved.") % {"name": saved.name})
            return redirect("nurture:template", saved.pk)
    lead_id = _id(request.GET.get("lead", "")) or queries.someone(by=request.actor)
    context = {
        "known": known,
        "form": form,
        "lead_id": lead_id,
        "words": [(root, sorted(names)) for root, names in WORDS.items()],
        "may_change": request.actor.may("nurture.change"),
        "trail": [(_("Templates"), reverse("nurture:templates")), (known.name if known else _("New template"), "")],
    }
    return render(request, "nurture/template.html", context, status=422 if posted else 200)


@never_cache
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # it takes any view
    {
        "default-src": ["'none'"],
        "script-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],  # a mail's styles stand in its tags; nothing here can run
        "img-src": ["https:", "data:"],
        "frame-ancestors": ["'self'"],
        "sandbox": True,
    }
)
@require_safe
def preview(request: Request, template_id: int, lead_id: int) -> HttpResponse:
    """A template as the person of one lead would get it. `?as=text` the text part."""
    known = queries.template(template_id, by=request.actor)
    try:
        made = queries.preview(known.subject, known.html, known.language, lead_id, by=request.actor)
    except Refused as refused:
        if refused.kind is not Kind.INVALID:
            raise not_found(_("Lead")) from refused
        return HttpResponse(refused.message, content_type="text/plain; charset=utf-8", status=422)
    if request.GET.get("as") == "text":
        return HttpResponse(f"{made.subject}\n\n{made.text}", content_type="text/plain; charset=utf-8")
    return HttpResponse(made.html)


@require_http_methods(["GET", "HEAD", "POST"])
def sender(request: Request) -> HttpResponse:
    """In whose name the workspace writes, and what it notes of its messages."""
    request.actor.require("nurture.see")
    known = queries.sender()
    posted = request.POST if request.method == "POST" else None
    form = SenderForm(posted, initial=forms.initial_of_sender(known) if known else {})
    if form.is_valid():
        try:
            commands.save_sender(form.draft(), by=request.actor, at=timezone.now())
        except Refused as refused:
            if refused.kind not in _MENDABLE:
                raise
            show_refusal(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("nurture:sender")
    context = {"tabs": tabs("sender"), "form": form, "may_change": request.actor.may("nurture.change")}
    return render(request, "nurture/sender.html", context, status=422 if posted else 200)


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
