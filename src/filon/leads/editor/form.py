"""The lines of a condition in a page's form: read from what was posted, changed by its buttons, laid out to show."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.http import QueryDict

from filon.core.conditions import ConditionError, Field, Node, Words, unparse
from filon.leads.editor.lines import (
    ALL,
    ANY,
    COMPARISONS,
    COUNT,
    UNITS,
    Block,
    Comparison,
    Line,
    Offer,
    WrongLine,
    to_block,
    to_node,
)

ROWS: Final = "rows"
TEXT: Final = "text"
PREFIX: Final = "line"

Path = tuple[int, ...]

WORDS: Final[Mapping[str, Words]] = {
    "all": Words("All of these", "Toutes ces conditions"),
    "any": Words("Any of these", "Au moins une de ces conditions"),
    "join": Words("How many must hold", "Combien doivent être vraies"),
    "field": Words("Field", "Champ"),
    "comparison": Words("Comparison", "Comparaison"),
    "value": Words("Value", "Valeur"),
    "values": Words("Values, separated by commas", "Valeurs séparées par des virgules"),
    "day": Words("A day such as 2026-03-01", "Un jour comme 2026-03-01"),
    "attribute": Words("Name of the attribute", "Nom de l’attribut"),
    "add": Words("Add a line", "Ajouter une ligne"),
    "group": Words("Add a group", "Ajouter un groupe"),
    "remove": Words("Remove this line", "Retirer cette ligne"),
    "remove_group": Words("Remove this group", "Retirer ce groupe"),
    "choose": Words("Choose", "Choisir"),
    "as_text": Words("Write it as text", "Écrire en texte"),
    "as_rows": Words("Edit line by line", "Modifier ligne par ligne"),
    "too_deep": Words(
        "This condition is nested deeper than the lines can show: it stays text.",
        "Cette condition est plus imbriquée que les lignes ne le montrent : elle reste en texte.",
    ),
    "times": Words("times in the last", "fois depuis"),
    "ever": Words("ever", "toujours"),
    "how_often": Words("How often", "Combien de fois"),
    "how_long": Words("How long", "Durée"),
    "unit": Words("Unit", "Unité"),
    "yes": Words("yes", "oui"),
    "no": Words("no", "non"),
}
_ATTRIBUTES: Final[Mapping[str, Words]] = {
    "attributes.": Words("Attribute of the lead…", "Attribut du lead…"),
    "company.attributes.": Words("Attribute of the company…", "Attribut du compte…"),
}
_GROUPS: Final[Mapping[str, Words]] = {
    "lead": Words("Lead", "Lead"),
    "person": Words("Person", "Contact"),
    "company": Words("Company", "Compte"),
    "fact": Words("Act", "Activité"),
    "attributes": Words("Custom attributes", "Attributs personnalisés"),
    "counts": Words("Behaviour", "Comportement"),
}
_ANY_ACT: Final = Words("Any act", "Toute activité")


@dataclass(frozen=True, slots=True)
class Editor:
    """A condition being edited, as lines (`block`) or as text when `block` is None. error: (path, words) of a line."""

    block: Block | None
    text: str
    error: tuple[Path, Words] | None = None
    note: Words | None = None

    @property
    def mode(self) -> str:
        """`rows` or `text`."""
        return TEXT if self.block is None else ROWS


def of_text(text: str, offer: Offer, node: Node | None) -> Editor:
    """The editor of a condition: lines when it is empty or `node` (its tree) can be shown so, else its text."""
    if not text.strip():
        return Editor(Block(), text)
    return Editor(to_block(node, offer) if node is not None else None, text)


def of_post(data: QueryDict, offer: Offer, *, text_name: str) -> Editor:
    """What was posted: lines turned into text, or the text as typed (field `text_name`)."""
    if data.get("mode") != ROWS:
        return Editor(None, data.get(text_name, ""))
    return _with_text(_posted(data), offer)


def _with_text(block: Block, offer: Offer) -> Editor:
    if not block.lines:
        return Editor(block, "")
    try:
        return Editor(block, unparse(to_node(block, offer)))
    except WrongLine as wrong:
        return Editor(block, "", (wrong.path, wrong.words))


def acted(editor: Editor, do: str, offer: Offer, parse: Callable[[str], Node]) -> Editor:
    """What a button makes of it. do: add, add:PATH, group, remove:PATH, text, rows, or nothing (a field was chosen).

    parse: text → tree, raises ConditionError. A line still being written is not called wrong; only turning wrong lines
    into text is refused.
    """
    if do == TEXT:
        return _as_text(editor, offer)
    if do == ROWS:
        return _as_rows(editor, offer, parse)
    if editor.block is None:
        return editor
    action, _, where = do.partition(":")
    path = tuple(int(part) for part in where.split(".") if part.isdigit())
    block = editor.block
    if action == "add":
        block = _added(block, path, offer.new_line())
    elif action == "group":
        block = _added(block, (), Block(ANY, (offer.new_line(),)))
    elif action == "remove":
        block = _removed(block, path)
    return replace(_with_text(block, offer), error=None)


def _as_text(editor: Editor, offer: Offer) -> Editor:
    """The text of the lines; a line without a value says nothing yet and is left out, a wrong one is refused."""
    if editor.block is None or editor.error is None:
        return Editor(None, editor.text)
    said = _with_text(_written(editor.block), offer)
    return Editor(None, said.text) if said.error is None else editor


def _written(block: Block) -> Block:
    """The lines that have what their comparison asks for, or wrong values."""
    kept: list[Line | Block] = []
    for part in block.lines:
        if isinstance(part, Block):
            inner = _written(part)
            kept += [inner] if inner.lines else []
        elif any(value.strip() for value in part.values) or not _asks(part):
            kept.append(part)
    return replace(block, lines=tuple(kept))


def _asks(line: Line) -> bool:
    one = COMPARISONS.get(line.comparison)
    return one is None or one.has_value or one.is_span or one.is_times


def _as_rows(editor: Editor, offer: Offer, parse: Callable[[str], Node]) -> Editor:
    if not editor.text.strip():
        return Editor(Block(), "")
    try:
        block = to_block(parse(editor.text), offer)
    except ConditionError:
        return editor  # the check below the text says what is wrong
    return replace(editor, block=block, note=None if block is not None else WORDS["too_deep"])


def _added(block: Block, path: Path, part: Line | Block) -> Block:
    if not path:
        return replace(block, lines=(*block.lines, part))
    index = path[0]
    inner = block.lines[index] if index < len(block.lines) else None
    if not isinstance(inner, Block):
        return block
    return replace(block, lines=(*block.lines[:index], _added(inner, path[1:], part), *block.lines[index + 1 :]))


def _removed(block: Block, path: Path) -> Block:
    if not path or path[0] >= len(block.lines):
        return block
    index, rest = path[0], path[1:]
    inner = block.lines[index]
    kept: tuple[Line | Block, ...] = ()
    if rest and isinstance(inner, Block):
        left = _removed(inner, rest)
        kept = (left,) if left.lines else ()
    return replace(block, lines=(*block.lines[:index], *kept, *block.lines[index + 1 :]))


# As posted ------------------------------------------------------------------------------------------------------------


def _posted(data: QueryDict) -> Block:
    """The lines of a form: `line-0-field`, `line-1.0-value`…, `join` and `join-1`."""
    paths: set[Path] = set()
    for key in data:
        parts = key.split("-")
        if len(parts) == 3 and parts[0] == PREFIX and parts[2] == "field":
            numbers = parts[1].split(".")
            if all(number.isdigit() for number in numbers) and len(numbers) <= 2:
                paths.add(tuple(int(number) for number in numbers))
    outer: list[Line | Block] = []
    for first in sorted({path[0] for path in paths}):
        if (first,) in paths:
            outer.append(_posted_line(data, (first,)))
        else:
            inner = tuple(_posted_line(data, path) for path in sorted(paths) if path[0] == first)
            outer.append(Block(_posted_join(data, f"join-{first}"), inner))
    return Block(_posted_join(data, "join"), tuple(outer))


def _posted_join(data: QueryDict, name: str) -> str:
    return ANY if data.get(name) == ANY else ALL


def _posted_line(data: QueryDict, path: Path) -> Line:
    name = f"{PREFIX}-{'.'.join(map(str, path))}"
    comparison = data.get(f"{name}-comparison", "")
    one = COMPARISONS.get(comparison)
    given = data.getlist(f"{name}-value")
    values = tuple(given)
    if one is not None and one.is_many and not data.get(f"{name}-is-choice") and len(given) == 1:
        values = tuple(_separated(given[0]))
    return Line(data.get(f"{name}-field", ""), comparison, values, data.get(f"{name}-name", "").strip())


def _separated(text: str) -> list[str]:
    """Values separated by commas; one that holds a comma stands in double quotes."""
    row: list[str] = next(csv.reader([" ".join(text.split())], skipinitialspace=True), [])
    return [value.strip() for value in row if value.strip()]


def _together(values: Iterable[str]) -> str:
    return ", ".join(_quoted(value) for value in values)


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


# For showing ----------------------------------------------------------------------------------------------------------


def laid_out(editor: Editor, offer: Offer, language: str) -> dict[str, Any]:
    """What `leads/_condition_editor.html` shows."""
    words = {code: text.in_language(language) for code, text in WORDS.items()}
    context: dict[str, Any] = {"editor": editor, "words": words, "is_rows": editor.block is not None}
    if editor.note is not None:
        context["note"] = editor.note.in_language(language)
    if editor.block is not None:
        context["join"] = editor.block.join
        context["parts"] = [
            _part(part, (index,), editor, offer, language) for index, part in enumerate(editor.block.lines)
        ]
        if editor.error is not None and not editor.error[0]:
            context["note"] = editor.error[1].in_language(language)
    return context


def _part(part: Line | Block, path: Path, editor: Editor, offer: Offer, language: str) -> dict[str, Any]:
    shown_path = ".".join(map(str, path))
    if isinstance(part, Block):
        lines = [_part(line, (*path, index), editor, offer, language) for index, line in enumerate(part.lines)]
        return {"is_group": True, "path": shown_path, "join": part.join, "lines": lines}
    found = offer.scope.find(part.full_field)
    codes = offer.comparisons(part)
    code = part.comparison if part.comparison in codes else codes[0]
    one = COMPARISONS[code]
    choices = _choices(found, language)
    error = editor.error[1].in_language(language) if editor.error and editor.error[0] == path else ""
    return {
        "is_group": False,
        "path": shown_path,
        "name": f"{PREFIX}-{shown_path}",
        "field": part.field,
        "attribute": part.name,
        "is_attribute": part.field.endswith("."),
        "fields": _choices_of_fields(offer, part.field, language),
        "comparison": code,
        "comparisons": [(key, COMPARISONS[key].label.in_language(language)) for key in codes],
        "has_value": one.has_value,
        "is_many": one.is_many,
        "value": _together(part.values) if one.is_many else _one_value(part, one),
        "values": part.values,
        "choices": choices,
        "chosen": ", ".join(label for key, label in choices if key in part.values),
        "is_boolean": found is not None and found.kind == "boolean",
        "is_number": found is not None and found.kind == "number",
        "is_day": found is not None and found.kind == "datetime",
        "error": error,
        **_measured(part, one, language),
    }


def _one_value(line: Line, one: Comparison) -> str:
    """The value of a box of one; what was typed as a length of time is no value of another box."""
    value = line.values[0] if line.values else ""
    return "" if len(line.values) > 1 and not one.is_many else value


def _measured(line: Line, one: Comparison, language: str) -> dict[str, Any]:
    """The boxes of a length of time, and of how often something happened."""
    if not (one.is_span or one.is_times):
        return {}
    number, amount, unit, *_others = (*(line.values if one.is_times else ("", *line.values)), "", "", "")
    units = [(code, words.in_language(language), code == (unit or "days")) for code, words in UNITS.items()]
    amount = amount if amount.isascii() and (amount.isdecimal() or not amount) else ""
    return {"is_span": one.is_span, "is_times": one.is_times, "number": number, "amount": amount, "units": units}


def _choices(found: Field | None, language: str) -> list[tuple[str, str]]:
    if found is None or found.kind != "choice":
        return []
    return [(code, found.choice_words(code).in_language(language)) for code in found.choices]


def _choices_of_fields(offer: Offer, chosen: str, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Fields to choose from, by whose they are; one that is no longer offered stays choosable where it is used."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in offer.fields():
        table = one.name.partition(".")[0] if "." in one.name else one.table
        groups.setdefault(table, []).append((one.name, one.label_words().in_language(language)))
    shown = [(_GROUPS[table].in_language(language), listed) for table, listed in groups.items()]
    prefixes = [(f"{prefix}.", _ATTRIBUTES[f"{prefix}."].in_language(language)) for prefix in offer.scope.attributes]
    if prefixes:
        shown.append((_GROUPS["attributes"].in_language(language), prefixes))
    if offer.counts:
        kinds = [(f"{COUNT}{kind}", words.in_language(language)) for kind, words in offer.registry.kinds.items()]
        shown.append(
            (_GROUPS["counts"].in_language(language), [(f"{COUNT}any", _ANY_ACT.in_language(language)), *kinds])
        )
    if not any(chosen == name for _, listed in shown for name, _ in listed):
        shown.append(("", [(chosen, chosen)]))
    return shown
