"""What an address of the list or the board asks for, and what both pages show around their leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from filon.core.conditions import ConditionError, parse
from filon.core.web import Request
from filon.leads.fields import REGISTRY
from filon.leads.listing import columns, filters, orders, segments, suggestions
from filon.leads.listing.columns import Column
from filon.leads.listing.filters import SHORTHANDS, Address
from filon.leads.listing.queries import Ask
from filon.leads.listing.segments import SegmentRow
from filon.ui import formats

SESSION_COLUMNS: Final = "leads_columns"


@dataclass(frozen=True, slots=True)
class Opened:
    """An address as it was understood. error: what is wrong with its condition, for `ui/condition_error.html`."""

    address: Address
    segment: SegmentRow | None
    error: dict[str, str] | None

    @property
    def is_filtered(self) -> bool:
        """Whether it shows less than every lead."""
        return bool(self.address.condition.strip() or self.address.words)

    @property
    def is_changed(self) -> bool:
        """Whether the filter is another than the saved one that was opened."""
        return self.segment is not None and self.address.condition != self.segment.condition


def opened(request: Request, base: str, given: QueryDict | None = None) -> Opened:
    """Understand an address of the page at `base`: the request's own, or the query string given.

    One statement for a saved filter. Raises Refused for one that is gone.
    """
    given = request.GET if given is None else given
    number = given.get("segment", "")
    segment = segments.segment(int(number), by=request.actor) if is_id(number) else None
    condition = given.get("filter", segment.condition if segment and "filter" not in given else "")
    shorthands = {name: given.getlist(name) for name in SHORTHANDS}
    reader_id = request.actor.id if request.actor.kind == "user" else None
    condition = filters.written_out(condition, shorthands, reader_id=reader_id)
    address = Address(
        base,
        condition,
        given.get("q", "").strip(),
        given.get("sort", ""),
        segment.id if segment else None,
        given.get("columns", ""),
    )
    if not condition.strip():
        return Opened(address, segment, None)
    try:
        return Opened(replace(address, node=parse(condition, REGISTRY)), segment, None)
    except ConditionError as error:
        return Opened(address, segment, error_in(condition, error))


def error_in(text: str, error: ConditionError) -> dict[str, str]:
    """A mistake as a page shows it: the condition's text cut around it."""
    start, end = error.position, error.position + error.length
    return {
        "message": error.words.in_language(get_language() or "fr"),
        "before": text[:start],
        "at": text[start:end],
        "after": text[end:],
    }


def ask_of(request: Request, shown: Opened) -> Ask:
    """What to read for this address. A saved filter brings its own order."""
    sort = shown.address.sort or (shown.segment.sort if shown.segment else "") or orders.DEFAULT
    return Ask(
        condition=shown.address.condition,
        words=shown.address.words,
        sort=sort,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )


def columns_of(request: Request, shown: Opened) -> list[Column]:
    """The columns of the address, else of the saved filter, else those this reader chose last."""
    if shown.address.columns:
        return columns.chosen(columns.read(shown.address.columns))
    if shown.segment and shown.segment.columns:
        return columns.chosen(shown.segment.columns)
    return columns.chosen(request.session.get(SESSION_COLUMNS, ()))


def around(request: Request, shown: Opened) -> dict[str, Any]:
    """What stands around the leads: tabs, views, quick filters, chips. Two statements."""
    actor = request.actor
    address = shown.address
    colleagues = suggestions.colleagues(by=actor)
    reader_id = actor.id if actor.kind == "user" else None
    names = {each.id: each.name for each in colleagues}
    return {
        "shown": shown,
        "address": address,
        "tabs": _tabs(request, shown),
        "views": _views(address),
        "quick": filters.quick_filters(address, colleagues, reader_id=reader_id) if shown.error is None else (),
        "chips": filters.chips(address, names) if shown.error is None else (),
        "error": shown.error,
        "clear_url": address.url(filter="", q="", segment="") if shown.is_filtered else "",
        "filter_url": address.url(base=reverse("leads:filter"), page=address.base),
        "save_url": address.url(base=reverse("leads:segments"), page=address.base),
        "may_share": actor.may("segments.share"),
        "may_move": actor.may("leads.move"),
        "new_url": _address_of("leads:new") if actor.may("leads.create") else "",
        "import_url": _address_of("imports:new") if actor.may("imports.run") else "",
        "demo_url": _address_of("demo") if actor.may("demo.run") else "",
    }


def _tabs(request: Request, shown: Opened) -> list[dict[str, Any]]:
    base = shown.address.base
    found = segments.segments(by=request.actor)
    if shown.segment is not None and all(each.id != shown.segment.id for each in found):
        found.append(shown.segment)  # somebody else's, opened by its address
    current = shown.segment.id if shown.segment else None
    every = {"label": pgettext("leads", "All"), "url": base, "current": current is None, "count": None}
    return [
        every,
        *(
            {"label": each.name, "url": f"{base}?segment={each.id}", "current": each.id == current, "count": None}
            for each in found
        ),
    ]


def _views(address: Address) -> list[dict[str, Any]]:
    places = (("leads:list", _("List"), "table-2"), ("leads:board", _("Board"), "kanban"))
    return [
        {"label": label, "url": address.url(base=reverse(name)), "current": reverse(name) == address.base, "icon": icon}
        for name, label, icon in places
    ]


def _address_of(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def is_id(text: str) -> bool:
    """Whether a text is the number of a record."""
    return text.isascii() and text.isdecimal() and len(text) < 18


def count_words(count: int, bound: int) -> str:
    """ "128 leads", "more than 10,000 leads"."""
    if count > bound:
        return _("more than %(count)s leads") % {"count": formats.number(bound)}
    return ngettext("%(count)s lead", "%(count)s leads", count) % {"count": formats.number(count)}


def bounded(count: int, bound: int) -> str:
    """ "128", "500+"."""
    return f"{formats.number(bound)}+" if count > bound else formats.number(count)


def headers(shown_columns: Sequence[Column]) -> list[Column]:
    """The heads of a table: the name first."""
    return [columns.NAME, *shown_columns]
