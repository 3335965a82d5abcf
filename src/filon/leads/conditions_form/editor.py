"""A condition being edited: from its text to rows, through what people type and press, and back to text.

A page includes `leads/conditions/editor.html` with `editor=shown(…)`; `Editing.of_data(request.POST).condition()`
reads what the form sends. Every input's name begins with `c-`; `c-key` names the rows in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

from django.http import QueryDict
from django.utils.translation import gettext as _

from filon.core.conditions import (
    ConditionError,
    CountRow,
    Field,
    Group,
    Registry,
    Row,
    from_rows,
    parse,
    to_rows,
    unparse,
)
from filon.core.conditions.rows import Join
from filon.leads.conditions_form import choices
from filon.leads.conditions_form.choices import COUNT, Choice, Chooser, Typed
from filon.leads.fields import REGISTRY

GROUP: Final = "group"
"""What stands for a field in a row that holds rows."""
MOST_ROWS: Final = 100
_FIRST_FIELD: Final = "stage"
_FIRST_ACT_FIELD: Final = "path"


@dataclass(slots=True)
class Draft:
    """A row as it is typed: about a field, a count of acts (`count:…`, with rows about the act), or a group of rows."""

    field: str
    typed: Typed
    number: str = "1"
    window: str = "30"
    join: Join = "all"
    rows: list[Draft] = field(default_factory=list)
    error: str = ""

    @property
    def is_group(self) -> bool:
        """Whether it holds rows and nothing of its own."""
        return self.field == GROUP

    @property
    def is_count(self) -> bool:
        """Whether it counts acts."""
        return self.field.startswith(COUNT)


@dataclass(slots=True)
class Editing:
    """The whole form: rows, or text (`is_text`) when it is deeper than rows can show or somebody would rather write."""

    text: str = ""
    is_text: bool = False
    join: Join = "all"
    rows: list[Draft] = field(default_factory=list)
    error: ConditionError | None = None

    @classmethod
    def of_text(cls, text: str) -> Editing:
        """The form of a condition; as text when it cannot be read or shown in rows."""
        if not text.strip():
            return cls()
        try:
            group = to_rows(parse(text, REGISTRY), REGISTRY)
        except ConditionError as error:
            return cls(text, is_text=True, error=error)
        if group is None:
            return cls(text, is_text=True)
        return cls(text, join=group.join, rows=[_draft(row) for row in group.rows])

    @classmethod
    def of_data(cls, data: QueryDict) -> Editing:
        """What the form sent, with what was pressed done to it."""
        editing = cls(
            data.get("c-text", ""),
            is_text=data.get("c-mode") == "text",
            join=_join(data.get("c-join", "")),
            rows=_read(data),
        )
        return editing.pressed(data.get("c-do", ""))

    def pressed(self, action: str) -> Editing:
        """After a button: `add`, `add:KEY`, `group`, `remove:KEY`, `text`, `rows`. Others change nothing."""
        name, _colon, key = action.partition(":")
        if name == "text" and not self.is_text:
            return self._as_text()
        if name == "rows" and self.is_text:
            shown = Editing.of_text(self.text)
            return shown if not shown.is_text else replace(shown, text=self.text)
        if sum(1 for _row in _all(self.rows)) < MOST_ROWS:
            self._add(name, key)
        if name == "remove":
            _remove(self.rows, key)
        return self

    def _add(self, name: str, key: str) -> None:
        if name == GROUP:
            self.rows.append(Draft(GROUP, Typed(""), join="any" if self.join == "all" else "all", rows=[_new()]))
        elif name == "add":
            parent = _find(self.rows, key) if key else None
            if parent is None:
                self.rows.append(_new())
            else:
                parent.rows.append(_new_about_act() if parent.is_count else _new())

    def _as_text(self) -> Editing:
        try:
            return Editing(self.condition(), is_text=True)
        except ConditionError:
            return self  # its row says what is missing

    def condition(self) -> str:
        """The condition as text, empty when nothing is asked. Raises ConditionError, after marking the row at fault."""
        try:
            if self.is_text:
                text = self.text.strip()
                return unparse(parse(text, REGISTRY)) if text else ""
            if not self.rows:
                return ""
            return unparse(from_rows(Group(self.join, tuple(_row(row, REGISTRY) for row in self.rows)), REGISTRY))
        except ConditionError as error:
            self.error = error
            _mark(self.rows, error)
            raise


# From rows ------------------------------------------------------------------------------------------------------------


def _draft(row: Row | CountRow | Group) -> Draft:
    if isinstance(row, Group):
        return Draft(GROUP, Typed(""), join=row.join, rows=[_draft(inner) for inner in row.rows])
    if isinstance(row, CountRow):
        amount, _space, unit = row.window.partition(" ")
        mark = "!" if row.negated else ""
        return Draft(
            f"{COUNT}{row.kind}",
            Typed(f"{mark}{row.operator}", unit=unit or "days"),
            row.number,
            amount,
            row.where_join,
            [Draft(part.field, choices.typed(part, REGISTRY.act.get(part.field))) for part in row.where],
        )
    return Draft(row.field, choices.typed(row, REGISTRY.lead.get(row.field)))


def _row(draft: Draft, registry: Registry) -> Row | CountRow | Group:
    if draft.is_group:
        return Group(draft.join, tuple(_row(inner, registry) for inner in draft.rows))
    if not draft.is_count:
        return choices.row_of(draft.field, draft.typed)
    operator = draft.typed.operator
    is_negated = operator.startswith("!") and operator != "!="
    return CountRow(
        draft.field.removeprefix(COUNT),
        operator.removeprefix("!") if is_negated else operator,
        draft.number,
        tuple(choices.row_of(inner.field, inner.typed) for inner in draft.rows),
        draft.join,
        f"{draft.window.strip()} {draft.typed.unit}" if draft.window.strip() else "",
        is_negated,
    )


def _mark(rows: Sequence[Draft], error: ConditionError) -> None:
    """Put the mistake on the row that it is in."""
    found: Draft | None = None
    for index in error.row:
        if not 0 <= index < len(rows):
            break
        found = rows[index]
        rows = found.rows
    if found is not None:
        found.error = choices.said(error.words)


# From what the form sent ----------------------------------------------------------------------------------------------


def _read(data: QueryDict) -> list[Draft]:
    """The rows sent, each under the one whose key its own begins with."""
    rows: list[Draft] = []
    by_key: dict[str, Draft] = {}
    for key in data.getlist("c-key")[:MOST_ROWS]:
        parent = by_key.get(key.rpartition(".")[0]) if "." in key else None
        if "." in key and parent is None:
            continue
        is_about_act = parent is not None and parent.is_count
        draft = by_key[key] = _read_row(data, key, is_about_act=is_about_act)
        (rows if parent is None else parent.rows).append(draft)
    return rows


def _read_row(data: QueryDict, key: str, *, is_about_act: bool) -> Draft:
    def sent(name: str, default: str = "") -> str:
        return data.get(f"c-{key}-{name}", default)

    name, before = sent("field"), sent("was")
    join = _join(sent("join"))
    if name == GROUP:
        return Draft(GROUP, Typed(""), join=join)
    if name.startswith(COUNT):
        if not before.startswith(COUNT):
            return _new_count(name)
        return Draft(name, Typed(sent("op", ">="), unit=_unit(sent("unit"))), sent("number"), sent("window"), join)
    known = _field(name, is_about_act=is_about_act)
    if name != before:
        return Draft(known.name, Typed(choices.default_operator(known)))
    operator = sent("op", choices.default_operator(known))
    box = choices.box_of(known, operator)
    values = tuple(data.getlist(f"c-{key}-value")) if box == sent("box") else ()
    if box == "lines":
        values = tuple(line.strip() for value in values for line in value.splitlines() if line.strip())
    return Draft(known.name, Typed(operator, values, _unit(sent("unit"))))


def _field(name: str, *, is_about_act: bool) -> Field:
    """The field of a row; the first one there is for a name that nobody offers."""
    scope = REGISTRY.act if is_about_act else REGISTRY.lead
    return scope.find(name) or scope.get(_FIRST_ACT_FIELD if is_about_act else _FIRST_FIELD)


def _join(text: str) -> Join:
    return cast(Join, text) if text in {"all", "any"} else "all"


def _unit(text: str) -> str:
    return text if text in choices.UNITS else "days"


# Adding and removing --------------------------------------------------------------------------------------------------


def _new() -> Draft:
    return Draft(_FIRST_FIELD, Typed("="))


def _new_count(name: str) -> Draft:
    return Draft(name, Typed(">="))


def _new_about_act() -> Draft:
    return Draft(_FIRST_ACT_FIELD, Typed("starts_with"))


def _all(rows: Iterable[Draft]) -> Iterator[Draft]:
    for row in rows:
        yield row
        yield from _all(row.rows)


def _find(rows: Sequence[Draft], key: str) -> Draft | None:
    """The row of a key such as `2` or `2.0`."""
    found: Draft | None = None
    for part in key.split("."):
        if not (part.isascii() and part.isdecimal() and int(part) < len(rows)):
            return None
        found = rows[int(part)]
        rows = found.rows
    return found


def _remove(rows: list[Draft], key: str) -> None:
    """Take a row away; a group that loses its last row goes with it."""
    row, (outer, _dot, _last) = _find(rows, key), key.rpartition(".")
    if row is None:
        return
    parent = _find(rows, outer) if outer else None
    (rows if parent is None else parent.rows).remove(row)
    if parent is not None and parent.is_group and not parent.rows:
        _remove(rows, outer)


# Shown ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as its template prints it."""

    key: str
    draft: Draft
    groups: Sequence[Chooser] = ()
    fields: Sequence[Choice] = ()
    operators: Sequence[Choice] = ()
    box: str = "none"
    value: str = ""
    values: Sequence[Choice] = ()
    units: Sequence[Choice] = ()
    suggests: str = ""
    is_plain_date: bool = False
    rows: Sequence[ShownRow] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The form as its template prints it."""

    editing: Editing
    rows: Sequence[ShownRow]
    error: dict[str, str] | None

    @property
    def is_text(self) -> bool:
        """Whether the condition is edited as text."""
        return self.editing.is_text


_SUGGESTED: Final = frozenset({"owner", "source", "campaign", "company.sector"})


def shown(editing: Editing, attributes: Sequence[str] = ()) -> Shown:
    """The form for its template. attributes: names of custom fields to offer."""
    rows = [_shown(row, str(index), attributes) for index, row in enumerate(editing.rows)]
    error = error_in(editing.text, editing.error) if editing.is_text and editing.error else None
    return Shown(editing, rows, error)


def error_in(text: str, error: ConditionError) -> dict[str, str]:
    """A mistake for `ui/condition_error.html`: the condition's text cut around it."""
    start, end = error.position, error.position + max(error.length, 0)
    return {
        "message": choices.said(error.words),
        "before": text[:start],
        "at": text[start:end],
        "after": text[end:],
    }


def _shown(draft: Draft, key: str, attributes: Sequence[str]) -> ShownRow:
    if draft.is_group:
        return ShownRow(key, draft, rows=[_shown(row, f"{key}.{at}", attributes) for at, row in enumerate(draft.rows)])
    groups = choices.field_groups(draft.field, attributes, REGISTRY)
    if draft.is_count:
        times = [Choice(code, str(label), code == draft.typed.operator) for code, label in choices.TIMES.items()]
        if not any(each.is_chosen for each in times):
            times.append(Choice(draft.typed.operator, _except(draft.typed.operator), is_chosen=True))
        rows = [_shown_about_act(row, f"{key}.{at}") for at, row in enumerate(draft.rows)]
        return ShownRow(key, draft, groups, operators=times, units=_units(draft), rows=rows)
    known = _field(draft.field, is_about_act=False)
    return _with_box(ShownRow(key, draft, groups), known)


def _except(operator: str) -> str:
    label = choices.TIMES.get(operator.removeprefix("!"), operator)
    return _("except when: %(comparison)s") % {"comparison": label}


def _shown_about_act(draft: Draft, key: str) -> ShownRow:
    known = _field(draft.field, is_about_act=True)
    return _with_box(ShownRow(key, draft, fields=choices.act_fields(draft.field, REGISTRY)), known)


def _with_box(row: ShownRow, known: Field) -> ShownRow:
    given = row.draft.typed
    box = choices.box_of(known, given.operator)
    more: dict[str, Any] = {}
    if box in {"choice", "choices"}:
        more["values"] = [
            Choice(code, choices.said(known.choice_words(code)), code in given.values) for code in known.choices
        ]
    elif box == "date":
        more["is_plain_date"] = not given.values or _is_day(given.values[0])
    value = "\n".join(given.values) if box == "lines" else " ".join(given.values)
    suggests = known.name if box == "text" and known.name in _SUGGESTED else ""
    return replace(
        row,
        operators=choices.operators(known, given.operator),
        box=box,
        value=value,
        units=_units(row.draft),
        suggests=suggests,
        **more,
    )


def _units(draft: Draft) -> list[Choice]:
    return [Choice(code, str(label), code == draft.typed.unit) for code, label in choices.UNITS.items()]


def _is_day(text: str) -> bool:
    return not text or (len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdecimal())
