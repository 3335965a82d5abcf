"""Pages of custom fields."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from filon.core.forms import show_refusal
from filon.core.web import Request
from filon.kit.errors import Refused, not_found
from filon.leads.customs import commands, forms
from filon.leads.listing.suggestions import attribute_names
from filon.leads.models import CustomField


@require_http_methods(["GET", "HEAD", "POST"])
def show_all(request: Request) -> HttpResponse:
    """The custom fields, names that records use without one, and the form of a new one."""
    request.actor.require("fields.change")
    form = forms.NewForm(request.POST or None, initial={"name": request.GET.get("name", "")[:120], "of": "lead"})
    if form.is_valid():
        try:
            made = commands.make(form.draft(), by=request.actor, at=timezone.now())
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("The field “%(name)s” is made.") % {"name": made.name})
            return redirect("leads:customs")
    found = list(CustomField.objects.order_by("of", "is_retired", "pk"))
    names = {field.name for field in found if field.of == "lead"}
    context = {
        "fields": [(field, dict(forms.OF)[field.of], dict(forms.KINDS)[field.kind]) for field in found],
        "undeclared": [name for name in attribute_names() if name not in names][:50],
        "form": form,
    }
    return render(request, "leads/customs/list.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, field_id: int) -> HttpResponse:
    """One field: what it offers, and whether it is offered."""
    request.actor.require("fields.change")
    field = CustomField.objects.filter(pk=field_id).first()
    if field is None:
        raise not_found(_("Field"))
    form = forms.ChangeForm(field, request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            commands.change(
                field_id,
                choices=said.get("choices", "").splitlines(),
                hint=said["hint"],
                is_retired=said["is_retired"],
                by=request.actor,
                at=timezone.now(),
            )
        except Refused as refused:
            show_refusal(form, refused)
        else:
            messages.success(request, _("Saved."))
            return redirect("leads:customs")
    trail = [(_("Custom fields"), reverse("leads:customs")), (field.name, "")]
    context = {"field": field, "form": form, "trail": trail, "cancel_url": reverse("leads:customs")}
    return render(request, "leads/customs/change.html", context, status=422 if form.is_bound else 200)
