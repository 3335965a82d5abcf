"""Filters of the pages of leads, people and companies."""

from __future__ import annotations

import re
from typing import Final

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_JOINT: Final = re.compile(r"(?<=/)(?=\w)|(?=@)")


@register.filter
def breakable(text: object) -> SafeString:
    """An address that may be broken where its parts meet, rather than in the middle of a word."""
    parts = (escape(part) for part in _JOINT.split(str(text)))
    return mark_safe("<wbr>".join(parts))  # noqa: S308 — each part is escaped
