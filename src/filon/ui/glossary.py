"""Every term and figure of the product in one sentence, with its formula and the page that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise


@dataclass(frozen=True)
class Term:
    """One entry. formula: empty for what is not a figure. url_name: the page that shows it, empty when none does."""

    key: str
    name: Text
    meaning: Text
    formula: Text = ""
    url_name: str = ""

    @property
    def url(self) -> str:
        """The page that shows the term; empty while that page does not exist."""
        try:
            return reverse(self.url_name) if self.url_name else ""
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Chapter:
    """Terms that belong together."""

    title: Text
    terms: Sequence[Term]


CHAPTERS: Final[Sequence[Chapter]] = (
    Chapter(
        _("People and records"),
        (
            Term(
                "lead",
                _("Lead"),
                _(
                    "An identified contact, more or less qualified, with one buying journey: origin, stage, owner, scores."
                ),
                url_name="leads:list",
            ),
            Term(
                "mql",
                _("MQL"),
                _(
                    "A lead whose profile and engagement scores pass the thresholds: marketing proposes it for qualification."
                ),
                url_name="leads:list",
            ),
            Term(
                "sql",
                _("SQL"),
                _(
                    "A lead whose intent an SDR has confirmed and whose entry criteria are filled; sales accept or refuse it."
                ),
                url_name="leads:list",
            ),
        ),
    ),
)

TERMS: Final[dict[str, Term]] = {term.key: term for chapter in CHAPTERS for term in chapter.terms}
