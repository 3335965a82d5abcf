"""A template made into a message for one person: its words put in, its links stored, what the law asks added."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from liquid.template import BoundTemplate

from filon.kit import plain
from filon.nurture.writing import liquid

_HREF: Final = re.compile(r'(<a\b[^>]*?\bhref=")(https?://[^"]+)(")', re.IGNORECASE)
_LONGEST_URL: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What stands below every message: who writes, from where, why, and how to leave.

    origin: where the address comes from. leave_url: where to object.
    """

    company: str
    postal_address: str
    privacy_url: str
    origin: str
    leave_url: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as its person gets it."""

    subject: str
    html: str
    text: str


@lru_cache(maxsize=256)
def _parsed(text: str, escapes: bool) -> BoundTemplate:
    return liquid.parsed(text, escapes=escapes)


def render(
    *,
    subject: str,
    html: str,
    language: str,
    words: Mapping[str, Any],
    footing: Footing,
    link: Callable[[str], str] | None = None,
    pixel_url: str = "",
) -> Rendered:
    """A message for one person. link: what takes the place of an address in the body; None leaves them as they are.

    Raises WrongTemplate.
    """
    title = " ".join(liquid.rendered(_parsed(subject, escapes=False), words).split())[:300]
    page = liquid.rendered(_parsed(html, escapes=True), words)
    page = page.replace('lang="und"', f'lang="{language}"').replace(
        "<title></title>", f"<title>{markup.escape(title)}</title>"
    )
    if link is not None:
        page = _HREF.sub(lambda found: found[1] + _replaced(found[2], link) + found[3], page)
    with translation.override(language):
        foot = render_to_string("nurture/mail/foot.html", {"foot": footing, "pixel_url": pixel_url})
    head, end, rest = page.rpartition("</body>")
    page = f"{head}{foot}{end}{rest}"
    return Rendered(title, page, plain.to_text(page))


def _replaced(href: str, link: Callable[[str], str]) -> str:
    url = markup.unescape(href)
    return markup.escape(link(url)) if len(url) <= _LONGEST_URL else href
