"""The language of templates: Liquid without files, without a way around escaping, and with an end to everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from liquid import DictLoader, Environment
from liquid.exceptions import LiquidError
from liquid.template import BoundTemplate

WORDS: Final[Mapping[str, frozenset[str]]] = {
    "person": frozenset({"first_name", "last_name", "full_name", "job_title", "city", "country", "email"}),
    "company": frozenset({"name", "sector", "employees", "city", "country", "domain"}),
    "lead": frozenset({"source", "campaign", "product_line", "attributes"}),
    "owner": frozenset({"name", "email"}),
    "sender": frozenset({"name", "email", "company"}),
}
"""What a template may speak of; `lead.attributes` has fields of the workspace's own."""


class WrongTemplate(Exception):
    """A template cannot be read. `message` says why, in the reader's language; line counts from 1, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Bounded(Environment):
    loop_iteration_limit = 10_000
    output_stream_limit = 400_000
    local_namespace_limit = 50_000
    context_depth_limit = 20


def _environment(*, escapes: bool) -> Environment:
    made = _Bounded(autoescape=escapes, loader=DictLoader({}))
    for name in ("safe", "escapejs"):  # what a person typed into a form must never become markup
        del made.filters[name]
    for name in ("include", "render"):
        del made.tags[name]
    return made


_HTML: Final = _environment(escapes=True)
_TEXT: Final = _environment(escapes=False)


def parsed(text: str, *, escapes: bool) -> BoundTemplate:
    """A template ready to render. escapes: for HTML. Raises WrongTemplate: syntax, unknown words or filters."""
    environment = _HTML if escapes else _TEXT
    try:
        template = environment.from_string(text)
        found = template.analyze()
    except LiquidError as error:
        raise _told(error) from error
    for name in found.filters:
        if name not in environment.filters:
            raise WrongTemplate(_("There is no filter “%(name)s”.") % {"name": name})
    for root, uses in found.globals.items():
        for use in uses:
            _check_word(root, [str(part) for part in use.segments], text.count("\n", 0, use.span.index) + 1)
    return template


def _check_word(root: str, segments: list[str], line: int) -> None:
    known = WORDS.get(root)
    if known is None or len(segments) < 2 or segments[1] not in known:
        places = ", ".join(f"{name}.{word}" for name, words in WORDS.items() for word in sorted(words))
        message = _("There is no “%(word)s”. A template may say: %(places)s.")
        raise WrongTemplate(message % {"word": ".".join(segments), "places": places}, line)


def rendered(template: BoundTemplate, words: Mapping[str, Any]) -> str:
    """A template with its words put in. Raises WrongTemplate when it does something impossible with them."""
    try:
        return str(template.render(**words))
    except LiquidError as error:
        raise _told(error) from error


def _told(error: LiquidError) -> WrongTemplate:
    context = error.context()
    line = int(context[0]) if context else 0
    first = str(error.args[0] if error.args else error).splitlines()[0]
    return WrongTemplate(_("This cannot be read as a template: %(why)s.") % {"why": first}, line)
