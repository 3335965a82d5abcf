"""Dialogs of the list: its filter line by line, its columns, and its saved filters."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from filon.core.conditions import ConditionError, describe, parse, unparse
from filon.core.web import Request
from filon.kit import web
from filon.kit.errors import Refused
from filon.leads.editor import form
from filon.leads.editor.form import Editor
from filon.leads.editor.lines import Offer
from filon.leads.fields import REGISTRY
from filon.leads.listing import columns, page, queries, segments, suggestions
from filon.leads.listing.page import Opened
from filon.leads.listing.queries import Ask
from filon.leads.listing.segments import Draft

OFFER: Final = Offer(REGISTRY, "stage", counts=True)
"""What the lines of a filter may speak of: everything."""

_TEXT: Final = "filter"


# The filter -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def filter_dialog(request: Request) -> HttpResponse:
    """The filter of a list, to be changed; sent, it leads to the list with the new one."""
    request.actor.require("leads.see")
    shown = page.opened(request, _page(request))
    if request.method != "POST":
        return render(request, "leads/_filter_dialog.html", _filter_context(request, shown, _editor_of(shown)))
    editor = form.of_post(request.POST, OFFER, text_name=_TEXT)
    try:
        condition = _condition(editor)
    except ConditionError:
        condition = None
    if condition is None:
        context = _filter_context(request, shown, editor)
        return render(request, "leads/_filter_dialog.html", context, status=422)
    url = shown.address.url(filter=condition, **({} if condition or not shown.segment else {"segment": ""}))
    if web.is_htmx(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)


@require_POST
def filter_editor(request: Request) -> HttpResponse:
    """The lines after one of their buttons, with how many leads they find. Writes nothing."""
    posted = form.of_post(request.POST, OFFER, text_name=_TEXT)
    editor = form.acted(posted, request.POST.get("do", ""), OFFER, lambda text: parse(text, REGISTRY))
    return render(request, "leads/_filter_editor.html", _editor_context(request, editor))


@require_POST
def filter_found(request: Request) -> HttpResponse:
    """How many leads the lines find so far. Writes nothing."""
    editor = form.of_post(request.POST, OFFER, text_name=_TEXT)
    return render(request, "leads/_filter_found.html", _found(request, editor))


def _editor_of(shown: Opened) -> Editor:
    if shown.error is not None:
        return Editor(None, shown.address.condition)
    editor = form.of_text(shown.address.condition, OFFER, shown.address.node)
    if editor.text.strip() or editor.block is None:
        return editor
    return form.acted(editor, "add", OFFER, lambda text: parse(text, REGISTRY))


def _condition(editor: Editor) -> str | None:
    """The condition in our writing; None when one of its lines is wrong. Raises ConditionError for a wrong text."""
    if editor.error is not None:
        return None
    return unparse(parse(editor.text, REGISTRY)) if editor.text.strip() else ""


def _filter_context(request: Request, shown: Opened, editor: Editor) -> dict[str, Any]:
    return {
        **_editor_context(request, editor),
        "apply_url": shown.address.url(base=reverse("leads:filter"), page=shown.address.base),
    }


def _editor_context(request: Request, editor: Editor) -> dict[str, Any]:
    return {
        **form.laid_out(editor, OFFER, get_language() or "fr"),
        **_found(request, editor),
        "editor_url": reverse("leads:filter_editor"),
        "text_name": _TEXT,
        "text_id": "id_filter",
        "label": _("Condition"),
    }


def _found(request: Request, editor: Editor) -> dict[str, Any]:
    """How many leads the condition finds and how it reads, or what is wrong with its text. One statement."""
    request.actor.require("leads.see")
    is_unfinished = editor.block is not None and bool(editor.block.lines) and not editor.text
    if editor.error is not None or is_unfinished:
        return {"found": ""}
    try:
        node = parse(editor.text, REGISTRY) if editor.text.strip() else None
    except ConditionError as error:
        return {"found": "", "found_error": page.error_in(editor.text, error)}
    leads = queries.leads_of(Ask(condition=editor.text), by=request.actor, at=timezone.now())
    said = describe(node, get_language() or "fr", REGISTRY) if node is not None else ""
    return {"found": page.count_words(leads.count, leads.bound), "said": said}


def _page(request: Request) -> str:
    """The page a dialog was opened from: the board or the list."""
    board = reverse("leads:board")
    return board if request.GET.get("page") == board else reverse("leads:list")


# Columns --------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def columns_dialog(request: Request) -> HttpResponse:
    """Which columns the list shows, and in which order; kept for this reader."""
    request.actor.require("leads.see")
    shown = page.opened(request, reverse("leads:list"))
    if request.method != "POST":
        keys = [column.key for column in page.columns_of(request, shown)]
        return render(request, "leads/_columns_dialog.html", _columns_context(shown, keys, keys))
    keys = [column.key for column in columns.chosen(request.POST.getlist("column"))]
    if not request.POST.getlist("column"):
        raise Refused(_("Choose at least one column."), code="nothing_chosen")
    request.session[page.SESSION_COLUMNS] = keys
    own = shown.segment.columns if shown.segment else ()
    chosen = columns.written(columns.chosen(keys)) or ",".join(columns.DEFAULT)
    return HttpResponseRedirect(shown.address.url(columns=chosen if own else ""), status=303)


@require_POST
def columns_editor(request: Request) -> HttpResponse:
    """The columns after one was moved up. Writes nothing."""
    shown = page.opened(request, reverse("leads:list"))
    order, chosen = request.POST.getlist("order"), request.POST.getlist("column")
    key = request.POST.get("up", "")
    if key in order and order.index(key) > 0:
        at = order.index(key)
        order[at - 1], order[at] = order[at], order[at - 1]
    return render(request, "leads/_columns.html", _columns_context(shown, order, chosen))


def _columns_context(shown: Opened, order: list[str], chosen: list[str]) -> dict[str, Any]:
    own = [f"{columns.ATTRIBUTES}{name}" for name in suggestions.attribute_names()]
    every = dict.fromkeys([*order, *columns.COLUMNS, *own])
    offered = [(column, column.key in chosen) for key in every if (column := columns.named(key)) is not None]
    return {
        "offered": offered,
        "columns_url": shown.address.url(base=reverse("leads:columns")),
        "editor_url": shown.address.url(base=reverse("leads:columns_editor")),
    }


# Saved filters --------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new_segment(request: Request) -> HttpResponse:
    """Save the filter of an address under a name."""
    shown = page.opened(request, _page(request))
    return _edit_segment(request, shown, None)


@require_http_methods(["GET", "HEAD", "POST"])
def segment(request: Request, segment_id: int) -> HttpResponse:
    """Rename or share a saved filter, or save the address's filter over it."""
    shown = page.opened(request, _page(request))
    return _edit_segment(request, shown, segments.segment(segment_id, by=request.actor))


def _edit_segment(request: Request, shown: Opened, known: segments.SegmentRow | None) -> HttpResponse:
    address = shown.address
    if request.method != "POST":
        return render(request, "leads/_segment_dialog.html", _segment_context(request, shown, known))
    takes_filter = known is None or request.POST.get("filter") == "replace"
    draft = Draft(
        name=request.POST.get("name", ""),
        condition=address.condition if takes_filter or known is None else known.condition,
        is_shared=request.POST.get("is_shared") == "on",
        sort=address.sort if takes_filter or known is None else known.sort,
        columns=_shown_columns(request, shown) if takes_filter or known is None else known.columns,
    )
    try:
        number = segments.save_segment(
            draft, by=request.actor, at=timezone.now(), segment_id=known.id if known else None
        )
    except Refused as refused:
        context = _segment_context(request, shown, known) | {"refused": refused.message, "name": draft.name}
        return render(request, "leads/_segment_dialog.html", context, status=422)
    messages.success(request, _("The filter “%(name)s” is saved.") % {"name": draft.name.strip()})
    return _to(request, f"{address.base}?segment={number}")


def _shown_columns(request: Request, shown: Opened) -> list[str]:
    """The columns to keep with a saved filter; none when they are the default ones."""
    keys = [column.key for column in page.columns_of(request, shown)]
    return [] if tuple(keys) == columns.DEFAULT else keys


def _segment_context(request: Request, shown: Opened, known: segments.SegmentRow | None) -> dict[str, Any]:
    name = "leads:segment" if known else "leads:segments"
    base = reverse(name, args=[known.id] if known else [])
    node = shown.address.node
    return {
        "known": known,
        "name": known.name if known else "",
        "is_shared": known.is_shared if known else False,
        "may_share": request.actor.may("segments.share"),
        "said": describe(node, get_language() or "fr", REGISTRY) if node is not None else "",
        "is_changed": shown.is_changed,
        "save_url": shown.address.url(base=base, page=shown.address.base),
        "delete_url": f"{reverse('leads:segment_delete', args=[known.id])}?page={shown.address.base}" if known else "",
    }


@require_POST
def delete_segment(request: Request, segment_id: int) -> HttpResponse:
    """Delete a saved filter; its list stays open, unsaved."""
    known = segments.segment(segment_id, by=request.actor)
    segments.delete_segment(segment_id, by=request.actor, at=timezone.now())
    messages.success(request, _("The filter “%(name)s” is deleted.") % {"name": known.name})
    return _to(request, _page(request))


def _to(request: Request, url: str) -> HttpResponse:
    if web.is_htmx(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url, status=303)
