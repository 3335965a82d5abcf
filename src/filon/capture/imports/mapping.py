"""Which column is which field: proposed by preset, by name, by content; and what people say about it.

Pure but for reading a preset's TOML file. Each mistake names what is nearest.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filon.capture.imports.fields import ATTRIBUTE_PREFIX, KINDS, Kind, column_key, field_named, fields_of
from filon.capture.imports.layout import is_unnamed
from filon.capture.imports.values import date_order, decimal_mark
from filon.kit.identifiers import ValueProblem, gettext_noop, normalise_email, normalise_profile_url

IGNORED = "ignored"
OWN_PREFIX = "filon."  # what exports and reject files say for people to read
_PRESETS = Path(__file__).parent / "presets"

REASONS = {
    "preset": gettext_noop("Column of the chosen preset"),
    "name": gettext_noop("Known column name"),
    "content": gettext_noop("Recognised by its values"),
    "attribute": gettext_noop("Kept as a custom attribute"),
    "empty": gettext_noop("Column without name and values"),
    "own": gettext_noop("Written by Filon itself"),
    "chosen": gettext_noop("Your choice"),
}


_MESSAGES = {
    "map_form": gettext_noop("“%(text)s”: write COLUMN=FIELD."),
    "set_form": gettext_noop("“%(text)s”: write FIELD=VALUE."),
    "unknown_field": gettext_noop("There is no field “%(field)s”. Did you mean “%(nearest)s”?"),
    "unknown_column": gettext_noop("The file has no column “%(column)s”. Did you mean “%(nearest)s”?"),
    "unknown_preset": gettext_noop("There is no preset “%(preset)s”. There are: %(presets)s; or give a TOML file."),
    "bad_preset": gettext_noop("The preset “%(preset)s” cannot be read (%(detail)s)."),
    "field_twice": gettext_noop("The field “%(field)s” is given to two columns: “%(column)s” and “%(other)s”."),
}


class MappingError(ValueError):
    """A mapping that cannot be used. `message` is an English msgid for `params`."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code, params)
        self.code = code
        self.message = _MESSAGES[code]
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params


@dataclass(frozen=True)
class ColumnChoice:
    """What a column becomes. `field`: a field's name, `attributes.NAME`, or `ignored`.

    confidence: 0 to 1. reason: a key of REASONS. style: how the column writes its values, decided from samples:
    `day_first`, `month_first`, `decimal_comma`, `decimal_point`, `fraction`, or empty.
    """

    column: str
    field: str
    confidence: float
    reason: str
    style: str = ""


@dataclass(frozen=True)
class Preset:
    """The column names of another system's exports; `system` owns their external ids.

    kinds: its words for kinds of acts (`activities.SORTS`, or codes of ours). files: a column that only one of its
    files has, and which of those words the file's rows are. Both by `column_key`.
    """

    name: str
    label: str
    system: str
    columns: dict[Kind, dict[str, str]]
    kinds: dict[str, str] = dataclasses.field(default_factory=dict)
    files: dict[str, str] = dataclasses.field(default_factory=dict)

    def kind_of_file(self, header: Sequence[str]) -> str:
        """What rows without a kind of their own are, in a file with these columns; empty when no column tells."""
        keys = set(map(column_key, header))
        return next((kind for column, kind in self.files.items() if column in keys), "")


# ---------------------------------------------------------------- proposal


def propose(
    kind: Kind, header: Sequence[str], samples: Sequence[Sequence[str]], preset: Preset | None = None
) -> list[ColumnChoice]:
    """A choice for each column, each field at most once; what no field takes becomes an attribute of its name.

    samples: cells of some rows. A column that is merely empty in the samples keeps its field: later rows may fill it.
    """
    columns = list(zip(*samples, strict=False)) or [() for _ in header]
    chosen: dict[int, ColumnChoice] = {}
    for place, field in _by_preset(kind, header, preset):
        chosen[place] = ColumnChoice(header[place], field, 1.0, "preset")
    for place, field, confidence in _by_name(kind, header, set(chosen), {choice.field for choice in chosen.values()}):
        chosen[place] = ColumnChoice(header[place], field, confidence, "name")
    for place, field in _by_content(kind, columns, set(chosen), {choice.field for choice in chosen.values()}):
        chosen[place] = ColumnChoice(header[place], field, 0.7, "content")
    choices = [
        chosen.get(place) or _left(name, place, columns[place] if place < len(columns) else ())
        for place, name in enumerate(header)
    ]
    return with_styles(kind, choices, samples)


def _left(name: str, place: int, cells: Sequence[str]) -> ColumnChoice:
    if is_unnamed(name, place) and not any(cell.strip() for cell in cells):
        return ColumnChoice(name, IGNORED, 1.0, "empty")
    if name.startswith(OWN_PREFIX):
        return ColumnChoice(name, IGNORED, 1.0, "own")
    return ColumnChoice(name, ATTRIBUTE_PREFIX + name, 0.5, "attribute")


def _by_preset(kind: Kind, header: Sequence[str], preset: Preset | None) -> Iterable[tuple[int, str]]:
    """The preset's order decides when two columns name one field."""
    if preset is None:
        return
    places = {column_key(name): place for place, name in reversed(list(enumerate(header)))}
    taken: set[str] = set()
    for key, field in preset.columns.get(kind, {}).items():
        if key in places and field not in taken:
            taken.add(field)
            yield places[key], field


def _by_name(kind: Kind, header: Sequence[str], used: set[int], taken: set[str]) -> Iterable[tuple[int, str, float]]:
    """Columns whose name is a field's or an alias of one; the surest name wins a field, then the leftmost column."""
    ranks: dict[str, list[tuple[int, str]]] = {}
    for field in fields_of(kind):
        for rank, alias in enumerate(field.aliases):
            ranks.setdefault(alias, []).append((rank, field.name))
    offers: list[tuple[int, int, str]] = []
    for place, name in enumerate(header):
        exact = name.strip().lower()
        if exact.startswith(ATTRIBUTE_PREFIX) and field_named(kind, name.strip()):
            offers.append((-2, place, name.strip()))
        elif field_named(kind, exact):
            offers.append((-1, place, exact))
        offers.extend((rank, place, field) for rank, field in ranks.get(column_key(name), ()))
    places, fields = set(used), set(taken)
    for rank, place, name in sorted(offers):
        if place not in places and name not in fields:
            places.add(place)
            fields.add(name)
            yield place, name, 1.0 if rank <= 0 else 0.9


def _by_content(
    kind: Kind, columns: Sequence[Sequence[str]], used: set[int], taken: set[str]
) -> Iterable[tuple[int, str]]:
    for field, is_one in (("email", _is_email), ("linkedin_url", _is_linkedin)):
        if field in taken or field_named(kind, field) is None:
            continue
        for place, cells in enumerate(columns):
            filled = [cell for cell in cells if cell.strip()][:50]
            if place not in used and filled and sum(map(is_one, filled)) >= 0.8 * len(filled):
                used.add(place)
                yield place, field
                break


def _is_email(text: str) -> bool:
    try:
        return "." in normalise_email(text).rpartition("@")[2]
    except ValueProblem:
        return False


def _is_linkedin(text: str) -> bool:
    try:
        return "linkedin.com/in/" in normalise_profile_url(text)
    except ValueProblem:
        return False


# ---------------------------------------------------------------- how a column writes its values


def with_styles(kind: Kind, choices: Sequence[ColumnChoice], samples: Sequence[Sequence[str]]) -> list[ColumnChoice]:
    """The choices with the style each column shows in the samples. Call it again after fields were changed."""
    styled = []
    for place, choice in enumerate(choices):
        field = field_named(kind, choice.field)
        decide = _STYLES.get(field.type) if field else None
        cells = [row[place] for row in samples if place < len(row)]
        styled.append(replace(choice, style=decide(cells) if decide else ""))
    return styled


def _date_style(cells: list[str]) -> str:
    return {True: "day_first", False: "month_first", None: ""}[date_order(cells)]


def _number_style(cells: list[str]) -> str:
    return {",": "decimal_comma", ".": "decimal_point"}.get(decimal_mark(cells), "")


def _percent_style(cells: list[str]) -> str:
    """Shares of one (0.2) when no value passes 1 and one lies between."""
    filled = [cell.strip().replace(",", ".") for cell in cells if cell.strip()]
    if not filled or not all(re.fullmatch(r"[01](?:\.\d+)?|\.\d+", cell) for cell in filled):
        return _number_style(cells)
    values = [float(cell) for cell in filled]
    return "fraction" if max(values) <= 1 and any(0 < value < 1 for value in values) else ""


_STYLES: dict[str, Callable[[list[str]], str]] = {
    "date": _date_style,
    "moment": _date_style,
    "number": _number_style,
    "integer": _number_style,
    "percent": _percent_style,
}


# ---------------------------------------------------------------- what people say


def parse_map_option(text: str, kind: Kind, header: Sequence[str]) -> tuple[str, str]:
    """`COLUMN=FIELD` → (column as the file has it, field). FIELD may be `ignored`. Raises MappingError."""
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip() or not field.strip():
        raise MappingError("map_form", text=text)
    return _known_column(column.strip(), header), known_field(kind, field.strip())


def parse_set_option(text: str, kind: Kind) -> tuple[str, str]:
    """`FIELD=VALUE` → (field, value as written). Raises MappingError."""
    field, equals, value = text.partition("=")
    if not equals or not field.strip():
        raise MappingError("set_form", text=text)
    return known_field(kind, field.strip(), may_be_ignored=False), value


def known_field(kind: Kind, name: str, *, may_be_ignored: bool = True) -> str:
    """The name of a field of this kind, or MappingError with the nearest one."""
    if may_be_ignored and name == IGNORED:
        return name
    field = field_named(kind, name) or field_named(kind, name.lower())
    if field is None:
        names = [field.name for field in fields_of(kind)]
        raise MappingError("unknown_field", field=name, nearest=_nearest(name, [*names, f"attributes.{name}"]))
    return field.name


def _known_column(name: str, header: Sequence[str]) -> str:
    if name in header:
        return name
    same = [column for column in header if column_key(column) == column_key(name)]
    if len(same) != 1:
        raise MappingError("unknown_column", column=name, nearest=_nearest(name, header))
    return same[0]


def _nearest(name: str, names: Sequence[str]) -> str:
    folded = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.0)
    return folded[close[0]] if close else ""


def override(choices: Sequence[ColumnChoice], pairs: Iterable[tuple[str, str]]) -> list[ColumnChoice]:
    """The choices with what people chose; a column that loses its field becomes an attribute. Raises MappingError."""
    wanted: dict[str, str] = {}
    for column, field in pairs:
        other = next((name for name, taken in wanted.items() if taken == field and name != column), None)
        if other is not None and field != IGNORED:
            raise MappingError("field_twice", field=field, column=other, other=column)
        wanted[column] = field
    fields = set(wanted.values()) - {IGNORED}
    result = []
    for choice in choices:
        if choice.column in wanted:
            result.append(ColumnChoice(choice.column, wanted[choice.column], 1.0, "chosen"))
        elif choice.field in fields:
            result.append(ColumnChoice(choice.column, ATTRIBUTE_PREFIX + choice.column, 0.5, "attribute"))
        else:
            result.append(choice)
    return result


# ---------------------------------------------------------------- presets


def preset_names() -> list[str]:
    """The presets that come with the product."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def load_preset(name_or_path: str) -> Preset:
    """A preset by name, or from a TOML file with one table a kind: `[leads]`, `"Column" = "field"`; of events also
    `[events.kinds]`, `"Word" = "call"`, and `[events.files]`, `"Column" = "Word"`.

    Raises MappingError, which names the field and the nearest one.
    """
    names = preset_names()
    path = _PRESETS / f"{name_or_path}.toml" if name_or_path in names else Path(name_or_path)
    if name_or_path not in names and path.suffix != ".toml":
        raise MappingError("unknown_preset", preset=name_or_path, presets=", ".join(names))
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # a wrong TOML or encoding is a ValueError
        raise MappingError("bad_preset", preset=name_or_path, detail=str(error)) from None
    columns: dict[Kind, dict[str, str]] = {}
    kinds: dict[str, str] = {}
    files: dict[str, str] = {}
    for kind in KINDS:
        table = content.get(kind, {})
        if kind == "events" and isinstance(table, dict):
            kinds, files = (_texts(table.pop(name, {}), name_or_path, f"events.{name}") for name in ("kinds", "files"))
        columns[kind] = {column: known_field(kind, name) for column, name in _texts(table, name_or_path, kind).items()}
    label, system = str(content.get("label", path.stem)), str(content.get("system", path.stem))
    return Preset(path.stem, label, system, columns, kinds, files)


def _texts(table: object, preset: str, name: str) -> dict[str, str]:
    """A table of texts, by `column_key`. Raises MappingError."""
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise MappingError("bad_preset", preset=preset, detail=name)
    return {column_key(key): value for key, value in table.items()}
