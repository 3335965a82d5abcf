"""What conditions may speak of: fields of the lead, kinds of acts, fields of an act. Slices offer them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal, TypeAlias

from filon.core.conditions.words import Words, words
from filon.kit.text import fold

Kind: TypeAlias = Literal["text", "code", "number", "boolean", "datetime", "choice", "reference", "attribute"]

_IDENTIFIER: Final = re.compile(r"[a-z_][a-z0-9_]*\Z")
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")
_EQUALITY: Final = ("=", "!=", "in")
_ORDER: Final = ("=", "!=", "<", "<=", ">", ">=")
_KIND: Final = Words("Act", "Activité")
_TEXT: Final = ("=", "!=", "contains", "starts_with", "ends_with", "in")
OPERATORS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": _TEXT,
    "code": _TEXT,
    "number": (*_ORDER, "in"),
    "boolean": ("=", "!="),
    "datetime": _ORDER,
    "choice": _EQUALITY,
    "reference": _TEXT,
    "attribute": (*_ORDER, "contains", "starts_with", "ends_with", "in"),
}
"""The operators of each kind of field, beside `is empty`, which every field has."""


@dataclass(frozen=True, slots=True)
class Field:
    """A thing that a condition can compare, and where its value stands: `table` is an alias, `column` one of it.

    kind: `text` (compared in its `folded_column`, which is required), `code` (machine text without a folded column,
    such as a path or an address: compared as stored, but for the case of A–Z), `number`, `boolean`, `datetime` (aware
    UTC), `choice` (one of `choices`: codes, or codes with labels), `reference` (an integer id in `column`; compared
    with a text through `by_name`, the text field of the name it refers to). `attribute` is made by the registry.
    json_key: the value stands in the JSON object in `column`, under this key; values of another JSON type are empty.
    many: the column holds a JSON array of texts (`text`, `code`, `choice`); the field matches when any of them does.
    required: the column is NOT NULL and of the base table, so no NULL has to be guarded against.
    threshold: the column holds an increasing function of the number people see, which may move with time; this gives
    the column's value for a number at a moment (engagement is kept as a logarithm). `number` only.
    Raises ValueError when these do not go together.
    """

    name: str
    kind: Kind
    table: str
    column: str
    folded_column: str | None = None
    choices: Mapping[str, Words | str] | Sequence[str] = ()
    label: Words | str = ""
    by_name: Field | None = None
    json_key: str | None = None
    many: bool = False
    required: bool = False
    threshold: Callable[[float, datetime], float] | None = None

    def __post_init__(self) -> None:
        if self.kind != "attribute" and not _NAME.match(self.name):
            raise ValueError(f"{self.name!r} is no field name: write it like person.job_title")
        for identifier in (self.table, self.column, self.folded_column or self.column):
            if not _IDENTIFIER.match(identifier):
                raise ValueError(f"{self.name}: {identifier!r} is no identifier of a table or column")
        for is_wrong, why in self._mistakes():
            if is_wrong:
                raise ValueError(f"{self.name}: {why}")

    def _mistakes(self) -> Iterable[tuple[bool, str]]:
        in_json = self.json_key is not None
        return (
            (self.kind == "text" and self.folded_column is None, "a text needs its folded_column, or is a code"),
            (self.kind != "text" and self.folded_column is not None, "only a text has a folded_column"),
            ((self.kind == "choice") != bool(self.choices), "a choice, and only a choice, has choices"),
            (self.by_name is not None and self.kind != "reference", "only a reference has by_name"),
            (self.by_name is not None and self.by_name.kind != "text", "by_name is a text field"),
            (self.many and self.kind not in {"text", "code", "choice"}, "only texts, codes and choices are many"),
            (self.many and (in_json or self.required), "many is neither in a JSON object nor required"),
            (in_json and self.kind in {"text", "datetime", "reference"}, f"a {self.kind} is not kept in JSON"),
            (in_json and self.required, "a value in JSON is never required"),
            (self.threshold is not None and self.kind != "number", "only a number has a threshold"),
            (self.threshold is not None and in_json, "a number in JSON has no threshold"),
        )

    @property
    def compared_column(self) -> str:
        """The column that comparisons read."""
        return self.folded_column or self.column

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators this field takes, beside `is empty`."""
        if self.kind == "reference" and self.by_name is None:
            return _EQUALITY
        return OPERATORS[self.kind]

    def label_words(self) -> Words:
        """What people call it; its name when nobody said."""
        return words(self.label) if self.label else words(self.name)

    def choice_words(self, code: str) -> Words:
        """What people call one of its choices."""
        return words(self.choices[code]) if isinstance(self.choices, Mapping) else words(code)

    def choice_of(self, text: str) -> str | None:
        """The code a text means: the code itself or its label in either language, folded; None when it is none."""
        return _by_every_name({code: self.choice_words(code) for code in self.choices}).get(fold(text))


@dataclass(frozen=True, slots=True)
class Attributes:
    """Custom attributes of a table: the columns with a JSON object name → text, as given and with both sides folded."""

    table: str
    column: str = "attributes"
    folded_column: str = "attributes_folded"


class Scope:
    """The names that can be used in one place: about the lead, or about an act inside `count(… where …)`."""

    def __init__(self, fields: Iterable[Field], attributes: Mapping[str, Attributes]) -> None:
        self.fields: dict[str, Field] = {}
        self.attributes = dict(attributes)
        for field in fields:
            if field.name in self.fields:
                raise ValueError(f"the field {field.name} is offered twice")
            self.fields[field.name] = field
        clashing = [name for prefix in attributes for name in self.fields if name.startswith(f"{prefix}.")]
        if clashing:
            raise ValueError(f"{clashing[0]} is both a field and an attribute")

    def find(self, name: str) -> Field | None:
        """The field of a name, in any case, or the attribute after a known prefix; None when there is none."""
        found = self.fields.get(name) or self.fields.get(name.lower())
        if found is not None:
            return found
        split = self.split(name)
        if split is None:
            return None
        prefix, attribute = split
        place = self.attributes[prefix]
        key = fold(attribute)
        if not key:
            return None
        canonical = f"{prefix}.{attribute}"
        return Field(canonical, "attribute", place.table, place.folded_column, label=attribute, json_key=key)

    def get(self, name: str) -> Field:
        """The field of a name in a tree already parsed. Raises LookupError when it is no longer offered."""
        found = self.find(name)
        if found is None:
            raise LookupError(f"no field {name} is offered to conditions")
        return found

    def split(self, name: str) -> tuple[str, str] | None:
        """An attribute's name as (prefix, name); None when it does not begin with a prefix and a point."""
        lowered = name.lower()
        for prefix in self.attributes:
            if lowered.startswith(f"{prefix}."):
                return prefix, name[len(prefix) + 1 :]
        return None

    def nearest(self, name: str) -> str | None:
        """The known name most like `name`, by name, last part or label; None when nothing is like it."""
        known = {name: field.label_words() for name, field in self.fields.items()}
        return nearest(name, known)


class Registry:
    """Everything conditions may speak of.

    kinds: kinds of acts with their labels. act_fields: fields of an act, table `fact`, or an alias that `act_joins`
    brings in; `kind` is there by itself. act_joins: alias → the JOIN of `count`'s subquery that makes it. zone: where
    a date without a time begins. Names are checked here: raises ValueError for a name offered twice.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        *,
        kinds: Mapping[str, Words | str] | Sequence[str] = (),
        act_fields: Iterable[Field] = (),
        attributes: Mapping[str, Attributes] | None = None,
        act_joins: Mapping[str, str] | None = None,
        zone: tzinfo = UTC,
    ) -> None:
        self.lead = Scope(fields, attributes or {})
        labels = kinds if isinstance(kinds, Mapping) else {kind: kind for kind in kinds}
        self.kinds = {kind: words(label) for kind, label in labels.items()}
        kind = (
            Field("kind", "choice", "fact", "kind", choices=dict(labels), label=_KIND, required=True)
            if labels
            else None
        )
        self.act = Scope([*([kind] if kind else []), *act_fields], {})
        self.act_joins = dict(act_joins or {})
        self.zone = zone
        for field in self.act.fields.values():
            for table in {field.table, field.by_name.table if field.by_name else field.table}:
                if table != "fact" and table not in self.act_joins:
                    raise ValueError(f"{field.name}: no join brings in {table}")


def nearest(name: str, known: Mapping[str, Words]) -> str | None:
    """The code in `known` (code → label) whose name is most like `name`; None when nothing is like it."""
    by_name = _by_every_name(known)
    close = difflib.get_close_matches(fold(name)[:80], by_name, n=1, cutoff=0.6)
    return by_name[close[0]] if close else None


def _by_every_name(known: Mapping[str, Words]) -> dict[str, str]:
    """Folded names → code: labels, then the part after the last point, then codes; the latter win."""
    names = {fold(text): code for code, label in known.items() for text in label}
    names |= {fold(code.rpartition(".")[2]): code for code in known}
    return names | {fold(code): code for code in known}
