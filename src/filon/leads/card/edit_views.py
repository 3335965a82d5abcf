"""Fields edited where they stand, on the pages of leads, people and companies."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from filon.core.web import Request, back_to
from filon.kit import web
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import editing
from filon.leads.card import properties, queries, views
from filon.leads.editing import Edit

_TEMPLATE = "leads/card/_property.html"
_IDS = frozenset({"owner", "campaign"})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, of: str, record_id: int, field: str) -> HttpResponse:
    """One field where it stands: as it is, open (`?open=1`), or given another value."""
    if of not in properties.MODELS:
        raise not_found(_("Record"))
    queries.check_id(record_id, _("Record"))
    if request.method == "POST":
        typed = request.POST.get("value", "")
        value: Any = int(typed) if field in _IDS and typed.isascii() and typed.isdecimal() else typed
        seen = {field: request.POST["seen"]} if "seen" in request.POST else None
        return _edited(request, Edit(of=of, id=record_id, values={field: value}, seen=seen), field, typed)
    if of == "lead":
        queries.card(record_id, by=request.actor)
    request.actor.require("people.see")
    may_edit = request.actor.may("leads.change")
    found = properties.fetched(of, record_id, field, may_edit=may_edit, is_open=may_edit and "open" in request.GET)
    return render(request, _TEMPLATE, {"field": found})


def _edited(request: Request, change: Edit, field: str, typed: str) -> HttpResponse:
    """The field as it is after the edit; refused: open, with what was typed and why it was not written."""
    at = timezone.now()
    try:
        editing.edit_together([change], by=request.actor, at=at)
    except Refused as refused:
        if refused.kind not in {Kind.INVALID, Kind.CONFLICT, Kind.STALE}:
            raise
        more: dict[str, Any] = {"is_open": True, "typed": typed, "error": refused.message}
        if refused.kind is Kind.STALE:
            more["is_stale"] = True
            more["changed_by"] = properties.changed_by(change.of, change.id, field, by=request.actor, at=timezone.now())
        found = properties.fetched(change.of, change.id, field, may_edit=True, **more)
        return render(request, _TEMPLATE, {"field": found}, status=422 if refused.kind is Kind.INVALID else 409)
    found = properties.fetched(change.of, change.id, field, may_edit=True)
    response = render(request, _TEMPLATE, {"field": found})
    fact_id = queries.edits(change.of, change.id, by=request.actor).filter(at=at).values_list("pk", flat=True).first()
    if fact_id is None:
        return response  # it was so before
    url = f"{reverse('leads:undo_edit', args=[change.of, change.id, field])}?fact={fact_id}"
    said = _("%(label)s: saved.") % {"label": found.label}
    return views.tell(web.add_toast(response, said, undo="" if field in queries.NAMED else url), views.CHANGED)


@require_POST
def undo(request: Request, of: str, record_id: int, field: str) -> HttpResponse:
    """Give a field back the value it had before one's own edit (`?fact=`), unless somebody has changed it since."""
    if of not in properties.MODELS:
        raise not_found(_("Record"))
    queries.check_id(record_id, _("Record"))
    text = request.GET.get("fact", "")
    fact_id = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
    before, since = queries.edit_of(fact_id, of, record_id, field, by=request.actor)
    back = Edit(of=of, id=record_id, values={field: before}, seen={field: since})
    editing.edit_together([back], by=request.actor, at=timezone.now())
    if not web.is_htmx(request):
        return HttpResponseRedirect(back_to(request), status=303)
    shown = {"field": properties.fetched(of, record_id, field, may_edit=True), "swap": True}
    return views.tell(web.add_toast(render(request, _TEMPLATE, shown), _("Taken back.")), views.CHANGED)
