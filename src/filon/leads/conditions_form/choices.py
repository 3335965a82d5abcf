"""What the form offers: fields in groups, comparisons by kind of field, and the boxes for their values.

A comparison has a code of its own here, for people do not speak as the language does: “in the last 7 days” is
`>= now - 7 days`. A code that begins with `!` is the exact complement of the one after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from filon.core.conditions import Field, Registry, Row, Words
from filon.leads import fields

COUNT: Final = "count:"
"""Before the kind of act in the code of a row that counts acts."""
UNITS: Final = {
    "minutes": _("minutes"),
    "hours": _("hours"),
    "days": _("days"),
    "weeks": _("weeks"),
    "months": _("months"),
}
_MOVING: Final = re.compile(r"now (?P<sign>[+-]) (?P<amount>[0-9]+) (?P<unit>minutes|hours|days|weeks|months)\Z")

_LABELS: Final[dict[str, str | Promise]] = {
    "=": _("is"),
    "!=": _("is another than"),
    "contains": _("contains"),
    "starts_with": _("starts with"),
    "ends_with": _("ends with"),
    "in": _("is one of"),
    "empty": _("is empty"),
    "!empty": _("is filled in"),
    "!contains": _("does not contain"),
    "!in": _("is none of"),
    "true": pgettext_lazy("condition", "yes"),
    "false": pgettext_lazy("condition", "no"),
    "within": _("in the last"),
    "older": _("more than … ago"),
    "ahead": _("within the next"),
    "past": _("is past"),
    "to_come": _("is to come"),
}
_NUMBERS: Final[dict[str, str | Promise]] = {
    "=": pgettext_lazy("number", "is"),
    "!=": pgettext_lazy("number", "is not"),
    "<": _("is less than"),
    "<=": _("is at most"),
    ">": _("is more than"),
    ">=": _("is at least"),
}
_MOMENTS: Final[dict[str, str | Promise]] = {
    "=": pgettext_lazy("date", "is on"),
    "!=": pgettext_lazy("date", "is not on"),
    "<": pgettext_lazy("date", "is before"),
    "<=": pgettext_lazy("date", "is on or before"),
    ">": pgettext_lazy("date", "is after"),
    ">=": pgettext_lazy("date", "is on or after"),
}
TIMES: Final[dict[str, str | Promise]] = {
    ">=": _("at least"),
    ">": _("more than"),
    "=": _("exactly"),
    "<=": _("at most"),
    "<": _("fewer than"),
    "!=": _("any number but"),
}
_TEXTS: Final = ("=", "!=", "contains", "!contains", "starts_with", "ends_with", "in", "!in", "empty", "!empty")
_OFFERED: Final[dict[str, Sequence[str]]] = {
    "text": _TEXTS,
    "code": _TEXTS,
    "reference": _TEXTS,
    "attribute": (*_TEXTS[:8], "<", "<=", ">", ">=", *_TEXTS[8:]),
    "choice": ("=", "!=", "in", "!in", "empty", "!empty"),
    "boolean": ("true", "false", "empty", "!empty"),
    "number": ("=", "!=", "<", "<=", ">", ">=", "empty", "!empty"),
    "datetime": (
        "within",
        "older",
        "ahead",
        "past",
        "to_come",
        "=",
        "<",
        "<=",
        ">",
        ">=",
        "empty",
        "!empty",
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its code, what people read, whether it is chosen."""

    code: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Chooser:
    """Choices under a heading."""

    label: str
    choices: Sequence[Choice]


def said(words: Words) -> str:
    """Words in the reader's language."""
    return words.in_language(get_language() or "fr")


# Fields ---------------------------------------------------------------------------------------------------------------


def field_groups(chosen: str, attributes: Sequence[str], registry: Registry) -> list[Chooser]:
    """Every field that a row can be about, with the one chosen even if nobody offers it."""
    groups = [
        Chooser(str(label), _of_fields([field for field in known if field.name in registry.lead.fields], chosen))
        for label, known in (
            (_("Journey"), fields.JOURNEY),
            (_("Person"), fields.PERSON),
            (_("Company"), fields.COMPANY),
            (_("Origin"), fields.ORIGIN),
            (_("Scores"), fields.SCORES),
        )
    ]
    acts = [(f"{COUNT}any", str(_("any act"))), *((f"{COUNT}{kind}", said(w)) for kind, w in registry.kinds.items())]
    groups.append(Chooser(str(_("Behaviour")), [Choice(code, label, code == chosen) for code, label in acts]))
    own = [Choice(f"attributes.{name}", name, f"attributes.{name}" == chosen) for name in attributes]
    known = {choice.code for group in groups for choice in group.choices} | {choice.code for choice in own}
    if chosen and chosen not in known:
        own.append(Choice(chosen, chosen, is_chosen=True))
    return [*groups, Chooser(str(_("Custom fields")), own)] if own else groups


def act_fields(chosen: str, registry: Registry) -> list[Choice]:
    """The fields of an act, for the rows that say which acts are counted."""
    return _of_fields([field for field in registry.act.fields.values() if field.name != "kind"], chosen)


def _of_fields(known: Sequence[Field], chosen: str) -> list[Choice]:
    return [Choice(field.name, said(field.label_words()), field.name == chosen) for field in known]


# Comparisons ----------------------------------------------------------------------------------------------------------


def operators(field: Field, chosen: str) -> list[Choice]:
    """The comparisons of a field, with the one chosen even if it is rare."""
    offered = [code for code in _OFFERED[field.kind] if _takes(field, code)]
    if chosen not in offered:
        offered.append(chosen)
    return [Choice(code, operator_label(code, field.kind), code == chosen) for code in offered]


def default_operator(field: Field) -> str:
    """What a new row of this field compares by."""
    return {"text": "contains", "code": "contains", "number": ">="}.get(field.kind, _OFFERED[field.kind][0])


def operator_label(code: str, kind: str) -> str:
    """What people read for a comparison."""
    own = _MOMENTS if kind == "datetime" else _NUMBERS if kind == "number" or code[:1] in "<>" else {}
    label = own.get(code) or _LABELS.get(code)
    if label is None:
        return str(_("except when: %(comparison)s")) % {"comparison": operator_label(code.removeprefix("!"), kind)}
    return str(label)


def _takes(field: Field, code: str) -> bool:
    plain = code if code == "!=" else code.removeprefix("!")
    return (
        plain in {"empty", "true", "false", "within", "older", "ahead", "past", "to_come"} or plain in field.operators
    )


# Rows -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """A row as people type it: a comparison of ours and what stands in its boxes."""

    operator: str
    values: tuple[str, ...] = ()
    unit: str = "days"


def typed(row: Row, field: Field) -> Typed:
    """How a row of the language reads in the form."""
    mark = "!" if row.negated else ""
    if field.kind == "boolean" and row.operator == "=":
        return Typed(f"{mark}{row.values[0]}")
    if field.kind == "datetime" and not row.negated and len(row.values) == 1:
        moving = _moving(row.operator, row.values[0])
        if moving is not None:
            return moving
    return Typed(f"{mark}{row.operator}", row.values)


def _moving(operator: str, value: str) -> Typed | None:
    if value == "now":
        code = {"<": "past", ">": "to_come"}.get(operator)
        return Typed(code) if code else None
    match = _MOVING.match(value)
    if match is None:
        return None
    code = {(">=", "-"): "within", ("<=", "-"): "older", ("<=", "+"): "ahead"}.get((operator, match["sign"]))
    return Typed(code, (match["amount"],), match["unit"]) if code else None


def row_of(name: str, given: Typed) -> Row:
    """The row of the language that was typed."""
    code = given.operator
    amount = " ".join(given.values).strip()
    moving = {
        "past": ("<", "now"),
        "to_come": (">", "now"),
        "within": (">=", f"now - {amount} {given.unit}"),
        "older": ("<=", f"now - {amount} {given.unit}"),
        "ahead": ("<=", f"now + {amount} {given.unit}"),
    }.get(code)
    if moving is not None:
        return Row(name, moving[0], (moving[1],))
    is_negated = code.startswith("!") and code != "!="
    plain = code.removeprefix("!") if is_negated else code
    if plain in {"true", "false"}:
        return Row(name, "=", (plain,), is_negated)
    return Row(name, plain, () if plain == "empty" else given.values, is_negated)


def box_of(field: Field, code: str) -> str:
    """What the value is typed in: none, choice, choices, lines, span, number, date or text."""
    plain = code if code == "!=" else code.removeprefix("!")
    if plain in {"empty", "true", "false", "past", "to_come"}:
        return "none"
    if plain in {"within", "older", "ahead"}:
        return "span"
    if field.kind == "choice":
        return "choices" if plain == "in" else "choice"
    if plain == "in":
        return "lines"
    return {"number": "number", "datetime": "date"}.get(field.kind, "text")
