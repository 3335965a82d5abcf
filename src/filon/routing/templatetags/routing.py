"""Filters that name the codes of routing."""

from __future__ import annotations

from typing import Any

from django import template

from filon.routing import labels

register = template.Library()
register.filter("route_label", labels.route)
register.filter("minutes", labels.minutes)
register.filter("time_left", labels.left)


@register.filter
def why_label(outcome: Any) -> str:
    """Why a lead went where it went; takes anything with `why`, `rule` and `rule_name`."""
    return labels.why(outcome.why, outcome.rule, outcome.rule_name)


@register.filter
def why_code(code: str) -> str:
    """The same, of a code alone."""
    return labels.why(code)


@register.filter
def receiver_label(row: Any) -> str:
    """Who gets the leads of a rule row."""
    return labels.receiver(row.rule, row.receiver)


@register.filter
def state_label(state: str) -> str:
    """What became of a promise."""
    return str(labels.STATES.get(state, state))


@register.filter
def region_label(region: str) -> str:
    """A calendar's holidays."""
    return str(labels.REGIONS.get(region, region))
