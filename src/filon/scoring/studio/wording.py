"""How rules, differences and lines are said to people, in their language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from filon.core.conditions import ConditionError, Field, describe, describe_act
from filon.core.conditions.tree import ANY_KIND
from filon.leads.fields import KINDS, REGISTRY
from filon.scoring.judging import language
from filon.scoring.rules import Cap, EngagementRule, FitRule
from filon.scoring.studio.diff import Change
from filon.ui import formats

ASPECTS: Final[dict[str, str | Promise]] = {
    "name": gettext_lazy("Name"),
    "condition": gettext_lazy("Condition"),
    "points": gettext_lazy("Points"),
    "kind": gettext_lazy("Act"),
    "where": gettext_lazy("Condition on the act"),
    "cap": gettext_lazy("Cap"),
    "half_life_days": gettext_lazy("Half-life in days"),
    "fit_a": gettext_lazy("A from"),
    "fit_b": gettext_lazy("B from"),
    "fit_c": gettext_lazy("C from"),
    "engagement_1": gettext_lazy("1 from"),
    "engagement_2": gettext_lazy("2 from"),
    "engagement_3": gettext_lazy("3 from"),
    "mql_fit": gettext_lazy("Fit of an MQL from"),
    "mql_engagement": gettext_lazy("Engagement of an MQL from"),
}
"""What the things a version can change are called."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as the studio lists it. mark: added, changed, removed or nothing, against what is in force.

    url: the leads it is about, empty while there is no list of them. cap: in words.
    """

    id: str
    name: str
    text: str
    points: Decimal
    mark: str
    url: str
    cap: str = ""
    is_broken: bool = False


def fit_rows(rules: Sequence[FitRule], in_force: Sequence[FitRule]) -> list[RuleRow]:
    """Fit rules for the studio; those that the draft removes come last."""
    return [
        RuleRow(rule.id, rule.name, text, rule.points, mark, leads_url(rule.condition), is_broken=is_broken)
        for rule, mark in _marked(rules, in_force)
        for text, is_broken in [fit_text(rule.condition)]
    ]


def engagement_rows(rules: Sequence[EngagementRule], in_force: Sequence[EngagementRule]) -> list[RuleRow]:
    """Engagement rules for the studio; those that the draft removes come last."""
    rows = []
    for rule, mark in _marked(rules, in_force):
        text, is_broken = act_text(rule.kind, rule.where)
        url = leads_url(f"count({rule.kind}{f' where {rule.where}' if rule.where.strip() else ''}) >= 1")
        rows.append(RuleRow(rule.id, rule.name, text, rule.points, mark, url, cap_text(rule.cap), is_broken))
    return rows


def _marked(rules: Sequence[Any], in_force: Sequence[Any]) -> Iterable[tuple[Any, str]]:
    known = {rule.id: rule for rule in in_force}
    for rule in rules:
        before = known.pop(rule.id, None)
        yield rule, "added" if before is None else "changed" if before != rule else ""
    for rule in known.values():
        yield rule, "removed"


def fit_text(condition: str) -> tuple[str, bool]:
    """A fit rule's condition as a sentence, and whether it cannot be understood (then as it was written)."""
    try:
        return describe(language.fit_condition(condition), _language(), REGISTRY), False
    except ConditionError:
        return condition, True


def act_text(kind: str, where: str) -> tuple[str, bool]:
    """What acts a rule is about as a sentence, and whether it cannot be understood."""
    try:
        node = language.act_condition(kind, where)
    except ConditionError:
        return f"{kind} {where}".strip(), True
    if node.where is None:
        return kind_label(kind), False
    said = describe_act(node.where, _language(), REGISTRY)
    return (said if kind == ANY_KIND else _("%(kind)s: %(where)s") % {"kind": kind_label(kind), "where": said}), False


def kind_label(kind: str) -> str:
    """What people call a kind of act."""
    return _("Any act") if kind == ANY_KIND else KINDS[kind].in_language(_language()) if kind in KINDS else kind


def kind_choices() -> list[tuple[str, str]]:
    """Kinds of act to choose from: any, then by name."""
    named = sorted(((kind, kind_label(kind)) for kind in KINDS), key=lambda choice: choice[1])
    return [(ANY_KIND, kind_label(ANY_KIND)), *named]


def cap_text(cap: Cap | None) -> str:
    """“3 in 7 days at the most”."""
    if cap is None:
        return ""
    days = ngettext("%(days)s day", "%(days)s days", cap.days) % {"days": cap.days}
    return _("%(acts)s in %(days)s at the most") % {"acts": cap.acts, "days": days}


def leads_url(condition: str) -> str:
    """The list of the leads that meet a condition; empty while there is no such list."""
    try:
        return f"{reverse('leads:list')}?{urlencode({'filter': condition})}"
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class SaidChange:
    """A difference in words: its kind (added, removed, changed), what it is about, and each (what, before, after)."""

    kind: str
    name: str
    aspects: tuple[tuple[str, str, str], ...]


def said(changes: Iterable[Change]) -> list[SaidChange]:
    """Differences as people read them."""
    return [
        SaidChange(
            change.kind,
            change.name or _("Thresholds and half-life"),
            tuple(
                (str(ASPECTS[one.code]), _value(one.code, one.before), _value(one.code, one.after))
                for one in change.aspects
            ),
        )
        for change in changes
    ]


def _value(code: str, value: Any) -> str:
    if code == "cap":
        return cap_text(value) or _("none")
    if code == "kind":
        return kind_label(value)
    if isinstance(value, int | Decimal):
        return formats.number(value)
    return str(value) or _("none")


@dataclass(frozen=True, slots=True)
class FieldHelp:
    """A field that a condition may name: how it is written, what people call it, what it can be compared with."""

    name: str
    label: str
    operators: str
    choices: tuple[tuple[str, str], ...]


def fit_fields() -> list[FieldHelp]:
    """What a fit rule may ask."""
    return [_help(field) for name, field in REGISTRY.lead.fields.items() if name not in language.UNSTABLE]


def act_fields() -> list[FieldHelp]:
    """What a condition on an act may ask."""
    return [_help(field) for field in REGISTRY.act.fields.values()]


def _help(field: Field) -> FieldHelp:
    return FieldHelp(
        field.name,
        field.label_words().in_language(_language()),
        ", ".join((*field.operators, "is empty")),
        tuple((code, field.choice_words(code).in_language(_language())) for code in field.choices),
    )


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """Leads of one grade, by the grade they would have: a cell is (count, better, same or worse)."""

    grade: str
    total: int
    cells: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Grades before (rows) and after (columns); those nobody has are left out."""

    after: tuple[str, ...]
    rows: tuple[MatrixRow, ...]


def matrix(grades: Mapping[tuple[str, str], int]) -> Matrix:
    """How leads move between grades, or between letters or figures alone."""
    after = tuple(sorted({pair[1] for pair in grades}))
    rows = []
    for before in sorted({pair[0] for pair in grades}):
        cells = tuple((grades.get((before, grade), 0), _direction(before, grade)) for grade in after)
        rows.append(MatrixRow(before, sum(count for count, _direction_of in cells), cells))
    return Matrix(after, tuple(rows))


def matrix_of(grades: Mapping[tuple[str, str], int], position: int) -> Matrix:
    """How leads move between letters (position 0) or between figures (1)."""
    parts: Counter[tuple[str, str]] = Counter()
    for (before, after), count in grades.items():
        parts[before[position], after[position]] += count
    return matrix(parts)


def _direction(before: str, after: str) -> str:
    gain = sum(ord(old) - ord(new) for old, new in zip(before, after, strict=True))
    return "same" if before == after else "better" if gain > 0 else "worse" if gain < 0 else "other"


def is_french() -> bool:
    """Whether the reader reads French."""
    return _language().startswith("fr")


def _language() -> str:
    return get_language() or "fr"
