"""What a figure can be split by: how each dimension is asked for, worked out in SQL, and shown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from filon.core.conditions import Words
from filon.kit import sql
from filon.kit.errors import Refused
from filon.kit.text import fold
from filon.leads import fields
from filon.measure.engine import Sql, identifier
from filon.measure.lake.sources import attribute_column

TIMES: Final[Mapping[str, str]] = {
    "day": "strftime(day, '%Y-%m-%d')",
    "week": "strftime(day, '%G-W%V')",
    "month": "strftime(day, '%Y-%m')",
    "quarter": "strftime(day, '%Y-') || 'Q' || quarter(day)",
    "year": "strftime(day, '%Y')",
}
"""Dimensions of time, over the day of a case in the workspace's zone."""

_CODES: Final[Mapping[str, tuple[str, Mapping[str, Words]]]] = {
    "channel": ("channel", fields.CHANNELS),
    "door": ("door", fields.DOORS),
    "route": ("route", fields.ROUTES),
    "class": ("lead_class", fields.CLASSES),
    "motion": ("motion", fields.MOTIONS),
    "stage": ("stage", fields.STAGES),
}
_FOLDED: Final = {"source": "source", "company.sector": "sector", "company.country": "country"}
_TEXTS: Final = {"medium": "medium", "product": "product_line"}
_ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "owner": ("owner_id", "SELECT id, name FROM core_user"),
    "campaign": ("campaign_id", "SELECT id, name FROM leads_campaign"),
    "manager": ("owner_manager_id", "SELECT id, name FROM core_user"),
    "team": ("owner_team_id", "SELECT id, name FROM core_team"),
}
_OFFICE: Final = "owner_office"
_ALIASES: Final = {
    "sector": "company.sector",
    "country": "company.country",
    "seller": "owner",
    "sdr": "owner",
    "product_line": "product",
}
OF_OWNER: Final = frozenset({"manager", "team", "office"})
"""Dimensions that need to know whose owner is whose colleague."""

OF_SOURCE_LEAD: Final = frozenset({"channel", "source", "campaign", "medium", "door", "route", "class", "motion"})
"""Dimensions an opportunity has from its source lead."""

NAMES: Final = (*TIMES, *_CODES, *_FOLDED, *_TEXTS, *_ROWS, "office")
"""Every dimension by name, attributes aside."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to split a figure.

    asked: the name it was asked for by, which names it in the answer. name: its own; `attributes.…` for an attribute.
    key: the SQL of a case's value, a text or NULL, over the columns of `cases`. labels: key → what it is called (codes
    are answered as codes, the same in every language; pages put them in words with `code_labels`).
    """

    asked: str
    name: str
    key: Sql
    labels: Callable[[Sequence[str]], Mapping[str, str]]

    @property
    def is_time(self) -> bool:
        """Whether it splits by when."""
        return self.name in TIMES


def find(asked: str, attributes: frozenset[str]) -> Dimension:
    """The dimension of a name as people write it: `source`, `company.sector`, `Lead Origin`, `attributes.lead_origin`.

    attributes: the attribute columns there are. Raises Refused with the nearest name when there is none.
    """
    name = fold(asked).replace(" ", "_")
    name = _ALIASES.get(name, name)
    if name == "segment":
        raise Refused(_("Figures by segment come with saved segments; until then, filter by a condition."))
    if not name.startswith("attributes.") and name in NAMES:
        return _own(asked, name)
    column = _attribute(asked, attributes)
    if column is None:
        raise Refused(_unknown(asked, attributes), errors=[{"field": "by", "message": _("unknown dimension")}])
    return Dimension(asked, f"attributes.{column[2:]}", Sql(f"nullif({identifier(column)}, '')"), _as_it_is)


def _own(asked: str, name: str) -> Dimension:
    if name in TIMES:
        return Dimension(asked, name, Sql(TIMES[name]), _as_it_is)
    if name in _CODES:
        return Dimension(asked, name, Sql(f"nullif({_CODES[name][0]}, '')"), _as_it_is)
    if name in _FOLDED:
        return Dimension(asked, name, Sql(f"nullif({_FOLDED[name]}_folded, '')"), _as_it_is)
    if name in _ROWS:
        column, statement = _ROWS[name]
        return Dimension(asked, name, Sql(f"{column}::VARCHAR"), _by_id(statement))
    column = _OFFICE if name == "office" else _TEXTS[name]
    return Dimension(asked, name, Sql(f"nullif({column}, '')"), _as_it_is)


def of_opportunities(asked: str, attributes: frozenset[str], of_leads: frozenset[str]) -> Dimension:
    """The same over opportunities: product and stage are theirs, channel and source those of their lead."""
    name = fold(asked).replace(" ", "_")
    name = _ALIASES.get(name, name)
    if name == "product":
        return Dimension(asked, name, Sql("product_id::VARCHAR"), _by_id("SELECT id, name FROM deals_product"))
    if name == "stage":
        return Dimension(asked, name, Sql("stage_id::VARCHAR"), _stages)
    return find(asked, attributes | of_leads)


def folded_column(dimension: Dimension) -> str | None:
    """The text column whose folded twin the dimension splits by; None for the others."""
    return _FOLDED.get(dimension.name)


def code_labels(dimension: Dimension, language: str) -> Mapping[str, str]:
    """What readers of a language call the codes of a dimension; empty when its keys are no codes."""
    found = _CODES.get(dimension.name)
    if found is None or dimension.labels is _stages:
        return {}
    return {code: words.in_language(language) for code, words in found[1].items()}


def _attribute(asked: str, attributes: frozenset[str]) -> str | None:
    """The column of an attribute named in any writing: case, accents, spaces and underscores aside."""
    text = fold(asked)
    for candidate in (text, text.removeprefix("attributes.")):
        if attribute_column(candidate) in attributes:
            return attribute_column(candidate)
        for column in sorted(attributes):
            if _plain(column[2:]) == _plain(candidate):
                return column
    return None


def _plain(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name)


def _unknown(asked: str, attributes: frozenset[str]) -> str:
    known = [*NAMES, *(column[2:] for column in sorted(attributes))]
    close = difflib.get_close_matches(fold(asked), known, n=1, cutoff=0.6)
    if close:
        return _("There is no dimension or attribute “%(asked)s”. Did you mean “%(close)s”?") % {
            "asked": asked[:80],
            "close": close[0],
        }
    return _("There is no dimension or attribute “%(asked)s”. There are: %(known)s.") % {
        "asked": asked[:80],
        "known": ", ".join(known[:40]),
    }


# What people call the keys --------------------------------------------------------------------------------------------


def _as_it_is(keys: Sequence[str]) -> Mapping[str, str]:
    return {key: key for key in keys}


def _by_id(statement: str) -> Callable[[Sequence[str]], Mapping[str, str]]:
    def labels(keys: Sequence[str]) -> Mapping[str, str]:
        where, params = sql.any_of("id", _ids(keys))
        return {str(row_id): name for row_id, name in sql.fetch(f"{statement} WHERE {where}", params)}

    return labels


def _stages(keys: Sequence[str]) -> Mapping[str, str]:
    where, params = sql.any_of("id", _ids(keys))
    rows = sql.fetch(f"SELECT id, code, name FROM deals_stage WHERE {where}", params)
    return {str(row_id): name or code for row_id, code, name in rows}


def _ids(keys: Sequence[str]) -> list[int]:
    """Keys come from addresses too: what is no id names nobody."""
    return [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 19]
