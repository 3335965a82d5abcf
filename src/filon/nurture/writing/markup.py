"""From what people write to the page of a mail: MJML as it is, plain paragraphs in a layout of ours."""

from __future__ import annotations

import re
from html import escape
from typing import Final

import mrml
from django.utils.translation import gettext as _

from filon.nurture.writing.liquid import WrongTemplate

_LINK: Final = re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^)\s]{1,1800})\)")
_ALONE: Final = re.compile(rf"^{_LINK.pattern}$")
_SCRIPT: Final = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|base|meta\s+http-equiv)\b|\son\w+\s*=", re.IGNORECASE
)
_LAYOUT: Final = (
    '<mjml><mj-head><mj-attributes><mj-all font-family="Helvetica, Arial, sans-serif"/>'
    '<mj-text font-size="16px" line-height="1.5" color="#22201d"/>'
    '<mj-button background-color="#9a4f1d" color="#ffffff" border-radius="6px" font-size="16px" align="left"/>'
    '</mj-attributes></mj-head><mj-body width="600px"><mj-section padding="24px 0"><mj-column>{parts}</mj-column>'
    "</mj-section></mj-body></mjml>"
)


def is_mjml(body: str) -> bool:
    """Whether a body is MJML; else it is paragraphs."""
    return body.lstrip().lower().startswith("<mjml")


def to_html(body: str) -> str:
    """The page of a mail, its Liquid still in it. Raises WrongTemplate."""
    mjml = body if is_mjml(body) else _layout(body)
    if found := _SCRIPT.search(mjml):
        message = _("A mail may not hold “%(what)s”: mail programs refuse it.")
        raise WrongTemplate(message % {"what": found[0].strip("< =")}, mjml.count("\n", 0, found.start()) + 1)
    try:
        made = mrml.to_html(mjml)
    except OSError as error:
        raise WrongTemplate(_("This cannot be read as MJML: %(why)s.") % {"why": error}) from error
    content: str = made.content
    if "<mj-body" not in mjml.lower():
        raise WrongTemplate(_("This MJML has no <mj-body>."))
    return content


def _layout(text: str) -> str:
    """Paragraphs, separated by empty lines; `[words](https://…)` is a link, alone in its paragraph a button."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]
    return _LAYOUT.format(parts="".join(_part(paragraph) for paragraph in paragraphs))


def _part(paragraph: str) -> str:
    if alone := _ALONE.match(paragraph):
        return f'<mj-button href="{escape(alone[2])}">{escape(alone[1])}</mj-button>'
    pieces: list[str] = []
    end = 0
    for link in _LINK.finditer(paragraph):
        pieces.append(_words(paragraph[end : link.start()]))
        pieces.append(f'<a href="{escape(link[2])}">{escape(link[1])}</a>')
        end = link.end()
    pieces.append(_words(paragraph[end:]))
    return f"<mj-text>{''.join(pieces)}</mj-text>"


_LIQUID: Final = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)


def _words(text: str) -> str:
    """Text as markup; what Liquid reads is left as it is."""
    parts = _LIQUID.split(text)
    return "".join(
        part if place % 2 else escape(part, quote=False).replace("\n", "<br/>") for place, part in enumerate(parts)
    )
