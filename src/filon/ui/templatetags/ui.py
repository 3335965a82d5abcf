"""Tags and filters of every page: icons, figures, moments, chips, plots, glossary words, query strings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.template import RequestContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from filon.ui import assets, formats, glossary, stages

register = template.Library()

_GRADE = re.compile(r"[A-D][1-4]?")


@register.simple_tag
def asset(name: str) -> str:
    """Address of a file of `static/built/`, marked by its content: `{% asset "app.css" %}`."""
    return assets.url(name)


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """An icon listed in frontend/icons.json, drawn inline. css: "small" or "large". label: when it stands alone."""
    shapes = mark_safe(assets.icon(name))  # noqa: S308 — read from our own build
    about = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon {}" viewBox="0 0 24 24" {}>{}</svg>', css, about, shapes)


# Figures


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """`{{ 1234.5|number }}` → "1 234,5"."""
    return formats.number(_figure(value), places)


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """`{{ 0.312|percent }}` → "31,2 %"; a missing rate → "–"."""
    return formats.percent(_figure(value), places)


@register.filter
def money(value: Any, currency: str = "") -> str:
    """`{{ amount|money:"EUR" }}` → "1 234,50 €"; the workspace's currency when none is given."""
    return formats.money(_figure(value), currency or _currency())


@register.filter
def money_whole(value: Any, currency: str = "") -> str:
    """Money without cents: "1 235 €"."""
    return formats.money(_figure(value), currency or _currency(), places=0)


@register.filter
def money_short(value: Any, currency: str = "") -> str:
    """Money for tiles and cards: "184 k€"."""
    return formats.money_short(_figure(value), currency or _currency())


@register.filter
def duration(value: timedelta | None) -> str:
    """`{{ delay|duration }}` → "2 h 10"."""
    return formats.duration(value)


@register.filter
def magnitude(value: Any) -> formats.Number | None:
    """A figure without its sign, where an arrow tells the direction."""
    exact = _figure(value)
    return -exact if exact is not None and exact < 0 else exact


@register.filter
def signed(value: Any) -> str:
    """`{{ 12|signed }}` → "+12"."""
    exact = _figure(value)
    return ("+" if exact is not None and exact > 0 else "") + formats.number(exact)


@register.simple_tag
def signed_bar(points: Any, lines: Sequence[Any]) -> SafeString:
    """The bar of one line of a score, drawn on the scale that fits all `lines` (each with `points`).

    Gains go right of zero, losses left of it; zero stands at the left edge when nothing is lost.
    """
    every = [float(line["points"] if isinstance(line, Mapping) else line.points) for line in lines]
    least, most = min([0.0, *every]), max([0.0, *every])
    scale = 100 / ((most - least) or 1)
    zero, end = abs(least) * scale, (float(points) - least) * scale
    axis = '<line x1="{0}" y1="0" x2="{0}" y2="8" vector-effect="non-scaling-stroke"/>' if least < 0 else ""
    return format_html(
        '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect x="{}" y="0" width="{}" height="8"/>{}</svg>',
        f"{min(zero, end):.2f}",
        f"{abs(end - zero):.2f}",
        format_html(axis, f"{zero:.2f}") if axis else "",
    )


# Moments


@register.filter
def ago(at: datetime | None) -> str:
    """`{{ lead.captured_at|ago }}` → "il y a 2 h", the exact time on hover."""
    if at is None:
        return formats.MISSING
    words = formats.ago(at, timezone.now())
    return format_html('<time datetime="{}" title="{}" data-ago>{}</time>', at.isoformat(), formats.exact(at), words)


@register.filter
def exact(at: datetime | None) -> str:
    """ "lundi 23 novembre 2026 à 14 h 05"."""
    if at is None:
        return formats.MISSING
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formats.exact(at))


@register.filter
def day(at: datetime | date | None) -> str:
    """ "12 mars", with the year when it is another one."""
    if at is None:
        return formats.MISSING
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formats.day(at, timezone.now()))


@register.filter
def clock(at: datetime | None) -> str:
    """ "14:05", for entries that stand under their day; the exact time on hover."""
    if at is None:
        return ""
    hour = f"{timezone.localtime(at):%H:%M}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), formats.exact(at), hour)


# Chips


@register.inclusion_tag("ui/stage_chip.html")
def stage_chip(stage: str) -> dict[str, Any]:
    """`{% stage_chip lead.stage %}`: a circle that fills along the journey, and the name."""
    around = 12.5664  # circumference of the r=2 circle whose stroke is the filled part
    return {
        "stage": stage,
        "label": stages.label(stage),
        "dash": f"{stages.FILLED.get(stage, 0) * around:.2f} {around}",
    }


@register.filter
def stage_label(stage: str) -> str:
    """The stage's name alone."""
    return stages.label(stage)


@register.simple_tag
def grade_chip(grade: str | None) -> str:
    """`{% grade_chip lead.grade %}`: A1 to D4, told apart by its text and its tone."""
    if not grade or not _GRADE.fullmatch(grade):
        return formats.MISSING
    label = _("Grade %(grade)s") % {"grade": grade}
    return format_html('<span class="grade {}" title="{}">{}</span>', grade[0].lower(), label, grade)


# Glossary


@register.inclusion_tag("ui/definition.html")
def definition(key: str, label: str = "") -> dict[str, Any]:
    """`{% definition "cac" %}`: the term's name, or `label`, explained on hover, focus and touch. Unknown: KeyError."""
    term = glossary.TERMS[key]
    return {"term": term, "label": label or term.name, "glossary_url": _glossary_url()}


# Plots


@register.inclusion_tag("ui/plot.html", takes_context=True)
def plot(context: RequestContext, plot_id: str, spec: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """`{% plot "sources" spec table %}`: the picture and its table, one figure. The README describes both dicts.

    Marks the request, so that base.html loads charts.js after it.
    """
    request = context.get("request")
    if request is not None:
        request.has_plots = True
    data = {key: value for key, value in spec.items() if key not in {"title", "note", "size", "term"}}
    return {"id": plot_id, "spec": spec, "data": _plain(data), "table": table}


# Addresses


@register.simple_tag(takes_context=True)
def qs(context: RequestContext, **changes: Any) -> str:
    """The page's query string with changes, None takes a key away: `{% qs sort="-amount" after=None %}`."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    _change(query, changes)
    return f"?{query.urlencode()}" if query else request.path


@register.inclusion_tag("ui/sort_header.html", takes_context=True)
def sort_header(context: RequestContext, field: str, label: str, css: str = "", term: str = "") -> dict[str, Any]:
    """`{% sort_header "amount" _("Amount") "num" %}`: a `<th>` that sorts by `?sort=field`, then `-field`, then not."""
    sort = context["request"].GET.get("sort", "")
    order = {field: "ascending", f"-{field}": "descending"}.get(sort, "")
    following = {"": field, "ascending": f"-{field}", "descending": None}[order]
    return {
        "label": label,
        "css": css,
        "order": order,
        "url": qs(context, sort=following, after=None, before=None),
        "term": glossary.TERMS[term] if term else None,
        "glossary_url": _glossary_url(),
    }


@register.filter
def initials(name: Any) -> str:
    """ "Léa Martin" → "LM", for avatars."""
    words = [word for word in re.split(r"[\s.@_-]+", str(name)) if word]
    return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)).upper() or "?"


def _change(query: QueryDict, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        elif isinstance(value, (list, tuple)):
            query.setlist(key, [str(one) for one in value])
        else:
            query[key] = str(value)


def _figure(value: Any) -> formats.Number | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, (int, float, Decimal)) else Decimal(str(value))


def _currency() -> str:
    return str(getattr(settings, "FILON_CURRENCY", "EUR"))


def _glossary_url() -> str:
    try:
        return reverse("glossary")
    except NoReverseMatch:
        return ""


def _plain(value: Any) -> Any:
    """What JSON can hold: exact decimals become floats (a picture needs no more), lazy texts their words."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value if isinstance(value, (bool, int, float, str)) or value is None else str(value)
