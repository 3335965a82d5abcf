"""Fields edited where they stand, on the pages of leads, people and companies."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from filon.core.web import Request
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import editing
from filon.leads.card import properties, queries
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
    try:
        editing.edit_together([change], by=request.actor, at=timezone.now())
    except Refused as refused:
        if refused.kind not in {Kind.INVALID, Kind.CONFLICT, Kind.STALE}:
            raise
        more: dict[str, Any] = {"is_open": True, "typed": typed, "error": refused.message}
        if refused.kind is Kind.STALE:
            more["is_stale"] = True
            more["changed_by"] = properties.changed_by(change.of, change.id, field, by=request.actor, at=timezone.now())
        found = properties.fetched(change.of, change.id, field, may_edit=True, **more)
        return render(request, _TEMPLATE, {"field": found}, status=422 if refused.kind is Kind.INVALID else 409)
    return render(request, _TEMPLATE, {"field": properties.fetched(change.of, change.id, field, may_edit=True)})
