"""Tags of lists and boards of leads: addresses, cells, due times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from django import template
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.kit.country_names import country_name
from filon.leads import fields, reasons
from filon.leads.listing.columns import Column
from filon.leads.listing.rows import LeadRow
from filon.ui import formats
from filon.ui.templatetags import ui

register = template.Library()

_MISSING: Final = mark_safe('<span class="faint">–</span>')


@register.simple_tag
def lead_url(lead_id: int) -> str:
    """`{% lead_url row.id %}`: the page of a lead."""
    return f"{_leads()}/{lead_id}"


@cache
def _leads() -> str:
    """The address of the list, under which each lead has its page: one look-up for the hundreds a page needs."""
    return reverse("leads:list")


@register.simple_tag
def due_chip(due_at: datetime, now: datetime) -> SafeString:
    """A promise as a chip: red and in words once it is late."""
    words = formats.ago(due_at, now)
    if due_at < now:
        said = _("late, since %(when)s") % {"when": formats.duration(now - due_at)}
        return _chip(due_at, said, "bad")
    return _chip(due_at, words, "warn" if (due_at - now).total_seconds() < 3600 else "")


def _chip(at: datetime, words: str, css: str) -> SafeString:
    return format_html(
        '<time class="chip {}" datetime="{}" title="{}">{}{}</time>',
        css,
        at.isoformat(),
        formats.exact(at),
        ui.icon("timer", "small"),
        words,
    )


# Cells ----------------------------------------------------------------------------------------------------------------


_SELF_EVIDENT: Final = frozenset({"company", "stage", "grade", "email", "phone"})
"""Columns that need no label on a phone, where each lead is a card."""


@register.simple_tag
def lead_cell(
    row: LeadRow, column: Column, attributes: Mapping[int, Mapping[str, Any]] | str, now: datetime
) -> SafeString:
    """`{% lead_cell row column attributes now %}`: the `<td>` of a column.

    Written here and not in a template, for a page has hundreds of them.
    """
    if column.attribute:
        own = attributes.get(row.id, {}) if isinstance(attributes, Mapping) else {}
        inner: Any = own.get(column.attribute) or _MISSING
    else:
        inner = _CELLS[column.key](row, now)
    css = f"leads-{column.key}" if not column.attribute else "leads-attribute"
    if inner is _MISSING:
        css += " none"
    label = "" if column.key in _SELF_EVIDENT else format_html(' data-label="{}"', column.label)
    return format_html('<td class="{} {}"{}>{}</td>', css, column.css, label, inner)


def _stage(row: LeadRow, _now: datetime) -> str:
    return get_template("ui/stage_chip.html").render(ui.stage_chip(row.stage))


def _moment(at: datetime | None, now: datetime) -> Any:
    if at is None:
        return _MISSING
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', at.isoformat(), formats.exact(at), formats.ago(at, now)
    )


def _owner(row: LeadRow, _now: datetime) -> Any:
    if not row.owner:
        return _MISSING
    return format_html(
        '<span><span class="avatar small plain" aria-hidden="true">{}</span>{}</span>',
        ui.initials(row.owner),
        format_html('<span class="clip" title="{}">{}</span>', row.owner, _short(row.owner)),
    )


def _short(name: str) -> str:
    """ "Thomas Girard" → "Thomas G.": a column of colleagues is read by first names."""
    first, _space, rest = name.partition(" ")
    return f"{first} {rest[0]}." if rest else name


def _named(words: Mapping[str, Any], code: str) -> Any:
    known = words.get(code)
    return known.in_language(get_language() or "fr") if known else _MISSING


def _last_act(row: LeadRow, now: datetime) -> Any:
    known = fields.KINDS.get(row.last_act)
    if row.last_act_at is None or known is None:
        return _moment(row.last_act_at, now)
    said = known.in_language(get_language() or "fr")
    return format_html('{}<span class="sub">{}</span>', _moment(row.last_act_at, now), said)


def _company(row: LeadRow, _now: datetime) -> Any:
    if not row.company:
        return _MISSING
    return _clipped(row.company)


def _clipped(text: str) -> SafeString:
    """A text that may be cut at the end of its cell; whole on hover."""
    return format_html('<span class="clip" title="{}">{}</span>', text, text)


_CELLS: Final[dict[str, Any]] = {
    "company": _company,
    "stage": _stage,
    "grade": lambda row, _now: ui.grade_chip(row.grade) if row.grade else _MISSING,
    "source": lambda row, _now: _clipped(row.source) if row.source else _named(fields.CHANNELS, row.channel),
    "owner": _owner,
    "captured_at": lambda row, now: _moment(row.captured_at, now),
    "last_act_at": _last_act,
    "due_at": lambda row, now: due_chip(row.promised_by, now) if row.promised_by else _MISSING,
    "fit": lambda row, _now: formats.number(row.fit) if row.fit is not None else _MISSING,
    "probability": lambda row, _now: formats.percent(row.probability) if row.probability is not None else _MISSING,
    "route": lambda row, _now: _named(fields.ROUTES, row.route),
    "channel": lambda row, _now: _named(fields.CHANNELS, row.channel),
    "campaign": lambda row, _now: _clipped(row.campaign) if row.campaign else _MISSING,
    "stage_since": lambda row, now: _moment(row.stage_since, now),
    "reason": lambda row, _now: reasons.label(row.stage, row.reason) or _MISSING,
    "email": lambda row, _now: _clipped(row.email) if row.email else _MISSING,
    "phone": lambda row, _now: row.phone or _MISSING,
    "city": lambda row, _now: _clipped(row.city) if row.city else _MISSING,
    "country": lambda row, _now: (
        _clipped(country_name(row.country, get_language() or "fr")) if row.country else _MISSING
    ),
    "sector": lambda row, _now: _clipped(row.sector) if row.sector else _MISSING,
    "employees": lambda row, _now: formats.number(row.employees) if row.employees is not None else _MISSING,
}
