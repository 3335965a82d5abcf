"""Which field of an entry goes into which column, and when a value may replace another. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from filon.kit.text import fold, fold_common

PERSON: Final[dict[str, tuple[str, int]]] = {
    "first_name": ("first_name", 500),
    "last_name": ("last_name", 500),
    "full_name": ("full_name", 1001),
    "email": ("email", 320),
    "phone": ("phone", 40),
    "job_title": ("job_title", 500),
    "linkedin_url": ("linkedin_url", 500),
    "country": ("country", 500),
    "city": ("city", 500),
    "language": ("language", 20),
}
"""Field of the contract → (column of the person, longest text)."""

COMPANY: Final[dict[str, tuple[str, int]]] = {
    "company.name": ("name", 500),
    "company.domain": ("domain", 255),
    "company.siren": ("siren", 9),
    "company.sector": ("sector", 500),
    "company.employees": ("employees", 0),
    "company.revenue": ("revenue", 0),
    "company.country": ("country", 500),
    "company.city": ("city", 500),
    "company.issues": ("issues", 0),
}

LEAD: Final[dict[str, tuple[str, int]]] = {
    "medium": ("medium", 500),
    "landing_page": ("landing_page", 2000),
    "class": ("lead_class", 10),
    "motion": ("motion", 9),
}

FOLDED: Final = frozenset({"full_name", "job_title", "country", "city", "name", "sector", "issues", "source"})
"""Columns with a folded twin (`<column>_folded`) that conditions and lists compare."""

_RARE: Final = frozenset({"full_name", "name", "issues"})


def may_write(
    field: str, value: Any, before: Any, *, given_before: Mapping[str, Any] | None, edited: list[str]
) -> bool:
    """Whether `value` of `field` may replace `before`.

    given_before: what the same system last gave (text by field), or None when it gave nothing yet. Giving the same
    again never reverts a person's edit; giving something new does replace. Without a known giver, an empty column is
    filled and a filled one is replaced unless a colleague edited it.
    """
    if value in (None, "", before):
        return False
    if given_before is not None and field in given_before:
        return bool(given_before[field] != str(value))
    return before in (None, "") or field not in edited


def with_twin(column: str, value: Any, longest: int) -> dict[str, Any]:
    """The column's new value, cut to its length, and that of its folded twin."""
    text = value[:longest] if longest and isinstance(value, str) else value
    if column not in FOLDED:
        return {column: text}
    folded = fold(text)
    return {column: text, f"{column}_folded": folded[:longest] if longest else folded}


def fill_new(row: dict[str, Any], values: Mapping[str, Any], plan: Mapping[str, tuple[str, int]]) -> None:
    """Write an entry's values into a row that has none of its own yet: the path most rows of an import take."""
    for field, (column, longest) in plan.items():
        value = values.get(field)
        if value is None or value == "" or row[column]:
            continue
        text = value[:longest] if longest and isinstance(value, str) else value
        row[column] = text
        if column in FOLDED:
            folded = fold(text) if column in _RARE else fold_common(text)
            row[f"{column}_folded"] = folded[:longest] if longest else folded


def full_name(first: str, last: str) -> str:
    """The name as people say it, from its parts."""
    return f"{first} {last}".strip()


def fold_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes by folded name with folded values: what conditions compare."""
    return {fold(name): fold(value) for name, value in attributes.items()}
