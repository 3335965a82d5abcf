"""The filter of a list as people handle it: chips they take away, quick filters they put on. It is one condition.

The address holds the condition (`?filter=`) and the words (`?q=`). Shorthands of other pages (`?stage=mql&owner=me`)
are conditions too: they are written out when the list is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from filon.core.conditions import Node, Words, describe, parse, unparse
from filon.core.conditions.tokens import written
from filon.core.conditions.tree import And, Compare, Empty, Not, OneOf, Or
from filon.leads import fields
from filon.leads.fields import REGISTRY

SHORTHANDS: Final = ("stage", "owner", "channel", "grade")


@dataclass(frozen=True, slots=True)
class Address:
    """What an address asks a list for, and how to write others like it. base: the path of the page."""

    base: str
    condition: str = ""
    words: str = ""
    sort: str = ""
    segment: int | None = None
    columns: str = ""
    node: Node | None = None

    def url(self, **changes: object) -> str:
        """The same list with changes, from its beginning. Empty values are left out."""
        values = {
            "segment": self.segment,
            "filter": self.condition,
            "q": self.words,
            "sort": self.sort,
            "columns": self.columns,
            **changes,
        }
        path = str(values.pop("base", self.base))
        query = urlencode({name: value for name, value in values.items() if value not in (None, "")})
        return f"{path}?{query}" if query else path


def written_out(condition: str, given: Mapping[str, Sequence[str]], *, reader_id: int | None) -> str:
    """The condition with the shorthands of an address added to it: `stage`, `owner` (me, none, an id), `channel`…"""
    parts = []
    for name in SHORTHANDS:
        values = [value for value in given.get(name, ()) if value]
        if values:
            parts.append(_shorthand(name, values, reader_id))
    if not parts:
        return condition
    if condition.strip():
        parts.insert(0, f"({condition})")
    return " and ".join(parts)


def _shorthand(name: str, values: Sequence[str], reader_id: int | None) -> str:
    if name == "owner" and values[0] == "none":
        return "owner is empty"
    if name == "owner" and values[0] == "me":
        return f"owner = {reader_id}" if reader_id is not None else "owner is empty"
    if name == "owner" and values[0].isdecimal():
        return f"owner = {values[0]}"
    if name == "grade":
        return f"grade starts_with {written(values[0])}"
    if len(values) == 1:
        return f"{name} = {written(values[0])}"
    return f"{name} in ({', '.join(written(value) for value in values)})"


# Chips ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of the filter in words, and the address without it."""

    label: str
    value: str
    remove_url: str


def chips(address: Address, owners: Mapping[int, str]) -> list[Chip]:
    """The parts of a filter that all must hold, each to be taken away by itself. owners: names by id."""
    items = _items(address.node)
    found = []
    for index, item in enumerate(items):
        rest = _joined([*items[:index], *items[index + 1 :]])
        label, value = _said(item, owners)
        found.append(Chip(label, value, address.url(filter=rest)))
    if address.words:
        found.append(Chip(_("Search"), address.words, address.url(q="")))
    return found


def _said(item: Node, owners: Mapping[int, str]) -> tuple[str, str]:
    """A part as (field, value), or ("", phrase) when it is no plain comparison."""
    language = get_language() or "fr"
    if isinstance(item, Compare | OneOf):
        values = (item.value,) if isinstance(item, Compare) else item.values
        known = REGISTRY.lead.get(item.field)
        is_plain = isinstance(item, OneOf) or item.operator == "="
        label = known.label_words().in_language(language)
        if is_plain and known.kind == "choice":
            return label, ", ".join(known.choice_words(str(value)).in_language(language) for value in values)
        if is_plain and item.field == "owner" and all(isinstance(value, int) for value in values):
            return label, ", ".join(owners.get(int(str(value)), f"#{value}") for value in values)
        if is_plain and all(isinstance(value, str) for value in values):
            return label, ", ".join(str(value) for value in values)
    if item == _NOBODY:
        return _("Owner"), pgettext("owner", "nobody")
    return "", describe(item, language, REGISTRY)


def _items(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, And) else (node,)


def _joined(items: Iterable[Node]) -> str:
    kept = tuple(items)
    return "" if not kept else unparse(kept[0] if len(kept) == 1 else And(kept))


# Quick filters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; the address has it put on, or taken away when it is on."""

    label: str
    url: str
    is_on: bool
    stage: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Quick:
    """A menu of options about one field. is_on: any is chosen."""

    name: str
    label: str
    options: Sequence[Option]

    @property
    def is_on(self) -> bool:
        """Whether any of its options is chosen."""
        return any(option.is_on for option in self.options)


_NOBODY: Final = Empty("owner")
_GRADES: Final[Mapping[str, str | Promise]] = {
    "A": gettext_lazy("A: fits very well"),
    "B": gettext_lazy("B: fits well"),
    "C": gettext_lazy("C: fits a little"),
    "D": gettext_lazy("D: does not fit"),
}
_SINCE: Final[Mapping[str, str | Promise]] = {
    "captured_at >= now - 1 days": gettext_lazy("In the last 24 hours"),
    "captured_at >= now - 7 days": gettext_lazy("In the last 7 days"),
    "captured_at >= now - 30 days": gettext_lazy("In the last 30 days"),
    "captured_at >= now - 90 days": gettext_lazy("In the last 90 days"),
}
_WORK: Final[Mapping[str, str | Promise]] = {
    "is_open": gettext_lazy("Open leads"),
    "due_at < now and responded_at is empty and is_open": gettext_lazy("First contact overdue"),
    "due_at > now and responded_at is empty and is_open": gettext_lazy("First contact due"),
    "is_open and owner is not empty and stage in (captured, qualifying, mql) and next_at is empty and "
    "(due_at is empty or responded_at is not empty)": gettext_lazy("Without a next action"),
    "asked_at is not empty and is_open": gettext_lazy("Waiting for our answer"),
    "last_act_at >= now - 7 days": gettext_lazy("Active in the last 7 days"),
    "last_act_at <= now - 30 days and is_open": gettext_lazy("Silent for 30 days"),
}


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may own leads."""

    id: int
    name: str


@dataclass(slots=True)
class _Menu:
    """Options that each are a condition of their own."""

    address: Address
    items: tuple[Node, ...]
    options: list[Option] = field(default_factory=list)

    def add(self, label: str, text: str, replaces: Iterable[str]) -> None:
        """An option that is on when all its parts are, and takes the place of the other conditions in `replaces`."""
        wanted = _items(parse(text, REGISTRY))
        is_on = all(part in self.items for part in wanted)
        others = {part for other in replaces for part in _items(parse(other, REGISTRY))} | set(wanted)
        kept = [item for item in self.items if item not in others]
        chosen = kept if is_on else [*kept, *wanted]
        self.options.append(Option(label, self.address.url(filter=_joined(chosen)), is_on))


def quick_filters(address: Address, colleagues: Sequence[Colleague], *, reader_id: int | None) -> list[Quick]:
    """The menus above a list. A choice among stages or channels adds to those chosen, the others replace each other."""
    return [
        Quick("stage", _("Stage"), _choice(address, "stage", fields.STAGES)),
        Quick("owner", _("Owner"), _owners(address, colleagues, reader_id)),
        Quick("channel", _("Channel"), _choice(address, "channel", fields.CHANNELS)),
        Quick(
            "grade",
            _("Grade"),
            _exclusive(address, {f"grade starts_with {key}": label for key, label in _GRADES.items()}),
        ),
        Quick("captured", _("Captured"), _exclusive(address, _SINCE)),
        Quick("work", _("Follow-up"), _exclusive(address, _WORK)),
    ]


def _exclusive(address: Address, conditions: Mapping[str, str | Promise]) -> list[Option]:
    menu = _Menu(address, _items(address.node))
    for text, label in conditions.items():
        menu.add(str(label), text, conditions)
    return menu.options


def _owners(address: Address, colleagues: Sequence[Colleague], reader_id: int | None) -> list[Option]:
    names = {f"owner = {each.id}": each.name for each in colleagues if each.id != reader_id}
    own = {f"owner = {reader_id}": _("Mine")} if reader_id is not None else {}
    return _exclusive(address, {**own, "owner is empty": _("Without owner"), **names})


def _choice(address: Address, name: str, choices: Mapping[str, Words]) -> list[Option]:
    """Several codes of one field may be chosen: `stage in (mql, sql)`."""
    items = _items(address.node)
    mine = [item for item in items if isinstance(item, OneOf | Compare) and item.field == name and _is_equality(item)]
    chosen = {str(value) for item in mine for value in (item.values if isinstance(item, OneOf) else (item.value,))}
    kept = [item for item in items if item not in mine]
    language = get_language() or "fr"
    options = []
    for code, words in choices.items():
        codes = [each for each in choices if (each in chosen) != (each == code)]
        after = [*kept, *_one_of(name, codes)]
        options.append(
            Option(
                words.in_language(language),
                address.url(filter=_joined(after)),
                code in chosen,
                stage=code if name == "stage" else "",
            )
        )
    return options


def _is_equality(item: OneOf | Compare) -> bool:
    return isinstance(item, OneOf) or item.operator == "="


def _one_of(name: str, codes: Sequence[str]) -> list[Node]:
    if not codes:
        return []
    return [Compare(name, "=", codes[0])] if len(codes) == 1 else [OneOf(name, tuple(codes))]


# For the record -------------------------------------------------------------------------------------------------------

_PERSONAL: Final = frozenset({"person.full_name", "person.email", "person.phone", "person.linkedin_url"})


def impersonal(node: Node | None) -> str:
    """The condition as text for the audit log, which cannot forget: what it says of people by name is left out."""
    return "" if node is None else unparse(_impersonal(node))


def _impersonal(node: Node) -> Node:
    if isinstance(node, And | Or):
        return type(node)(tuple(_impersonal(item) for item in node.items))
    if isinstance(node, Not):
        return Not(_impersonal(node.item))
    if isinstance(node, Compare) and node.field in _PERSONAL:
        return Compare(node.field, node.operator, "…")
    if isinstance(node, OneOf) and node.field in _PERSONAL:
        return OneOf(node.field, ("…",))
    return node
