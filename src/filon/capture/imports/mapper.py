"""From the cells of a row to typed values, by a plan that is compiled once a file. Runs in a child process: quick, and
what goes in and comes out can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson

from filon.capture.imports.fields import ATTRIBUTE_PREFIX, IDENTIFYING, Field, Kind, field_named
from filon.capture.imports.layout import Layout, Row
from filon.capture.imports.mapping import IGNORED, ColumnChoice
from filon.capture.imports.values import (
    clean_text,
    is_placeholder,
    parse_datetime,
    parse_number,
    parse_outcome,
    parse_truth,
    plain_text,
)
from filon.kit.identifiers import (
    ValueProblem,
    gettext_noop,
    normalise_country,
    normalise_domain,
    normalise_email,
    normalise_phone,
    normalise_profile_url,
    normalise_siren,
)
from filon.kit.text import fold
from filon.leads.rules import CHANNELS
from filon.leads.spelling import country_meant, sector_meant

FINDINGS = {
    "placeholder": gettext_noop("“%(value)s” says that nothing was chosen: taken as missing."),
    "phone": gettext_noop("“%(value)s” is not one valid phone number: kept as text."),
    "unknown_country": gettext_noop("“%(value)s” is not a known country: kept as written."),
    "misspelt_sector": gettext_noop("“%(value)s” looks misspelt: kept as written."),
    "unknown_channel": gettext_noop("“%(value)s” is not a channel: stored as unknown."),
    "door_as_channel": gettext_noop("“%(value)s” is a door, not a channel: stored as unknown."),
    "currency": gettext_noop("“%(value)s” is not a currency code: kept as text."),
}
"""What is worth telling of a row that is taken. Other codes are those of ValueProblem, with its message."""

_MESSAGES = {
    "integer": gettext_noop("“%(value)s” is not a whole number."),
    "percent": gettext_noop("“%(value)s” is not a percentage between 0 and 100."),
}
_NAMES_NOBODY: dict[Kind, str] = {
    "leads": gettext_noop("The row has no external id, e-mail, phone or LinkedIn profile."),
    "companies": gettext_noop("The row has no external id, company name, domain or SIREN."),
    "opportunities": gettext_noop("The row has no external id, name, company, lead's external id or e-mail."),
    "events": gettext_noop("The row has no lead's external id or e-mail."),
    "costs": gettext_noop("The row has no amount."),
    "products": gettext_noop("The row has no name or external id."),
    "users": gettext_noop("The row has no name or e-mail."),
}
"""Of a row with none of `IDENTIFYING`."""
_DOORS = frozenset(["import", "api"])
_CURRENCIES = {"€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "us$": "USD", "£": "GBP"}
_OUTER = " \t\r\n\u00a0"  # as clean_text


class Finding(NamedTuple):
    """Something odd about a row that is taken; `code` is in FINDINGS or a ValueProblem's."""

    code: str
    column: str
    value: str


class Mapped(NamedTuple):
    """A row as values: field → str, int, bool, Decimal, date or datetime in UTC; attributes as text."""

    number: int
    line: int
    values: dict[str, Any]
    attributes: dict[str, str]
    findings: list[Finding]


_Convert = Callable[[str], Any]


class _Column(NamedTuple):
    place: int
    name: str  # of the field, or of the attribute
    column: str
    convert: _Convert | None
    is_attribute: bool
    is_strict: bool


def make_mapper(
    kind: Kind,
    layout: Layout,
    choices: Sequence[ColumnChoice],
    sets: Mapping[str, str],
    *,
    zone: tzinfo,
    country: str,
    day_first: bool = True,
) -> Callable[[Row], Mapped | list[ValueProblem]]:
    """A function from a row to its values, or to the problems (each with its column) that reject it.

    choices: one a column of the layout. sets: field → value as written, for rows that have none of their own.
    zone: where times without an offset are meant. country: ISO code for phones of rows without a country. day_first:
    for date columns that do not show it. Raises ValueProblem, with the field as its column, for a wrong value of
    `sets`, and ValueError when the choices are not the layout's.
    """
    if [choice.column for choice in choices] != layout.header:
        raise ValueError("the choices are not those of this file's columns")
    make = _Converters(zone, day_first=day_first)
    columns = [column for place, choice in enumerate(choices) if (column := _column(kind, make, place, choice))]
    defaults = [_default(kind, make, name, text) for name, text in sets.items() if clean_text(text)]
    identifying = IDENTIFYING[kind]
    missing = ValueProblem("no_identifier", _NAMES_NOBODY[kind])

    def map_row(row: Row) -> Mapped | list[ValueProblem]:
        mapped = Mapped(row.number, row.line, {}, {}, [])
        problems = _fill(mapped, columns, row.cells)
        if problems and not (kind == "leads" and all(problem.code.startswith("email_") for problem in problems)):
            return problems
        for is_attribute, name, value in defaults:
            (mapped.attributes if is_attribute else mapped.values).setdefault(name, value)
        _finish(mapped, country)
        if problems and "phone" not in mapped.values and "linkedin_url" not in mapped.values:
            return problems  # nobody could reach this person
        return mapped if any(name in mapped.values for name in identifying) else [missing]

    return map_row


def _fill(mapped: Mapped, columns: list[_Column], cells: list[str]) -> list[ValueProblem]:
    """Each cell into its field or attribute; returns the problems that reject the row, unless it is kept all the same:
    a wrong value is an attribute with a finding then."""
    _, _, values, attributes, findings = mapped
    problems: list[ValueProblem] = []
    for place, name, column, convert, is_attribute, is_strict in columns:
        text = cells[place].strip(_OUTER)
        if not text or ("\0" in text and not (text := clean_text(text))):
            continue
        if len(text) < 30 and is_placeholder(text):
            findings.append(Finding("placeholder", column, text))
        elif is_attribute:
            attributes[name] = text
        else:
            try:
                values[name] = convert(text) if convert else text
            except ValueProblem as problem:
                attributes[name] = text
                findings.append(Finding(problem.code, column, text))
                if is_strict:
                    problems.append(ValueProblem(problem.code, problem.message, problem.params, column))
    return problems


def _finish(mapped: Mapped, home: str) -> None:
    """What depends on more than one cell: a phone is dialled from the row's country; odd countries are told."""
    _, _, values, attributes, findings = mapped
    if (written := values.get("phone")) is not None:
        country = values.get("country") or values.get("company.country") or ""
        number = normalise_phone(written, country if len(country) == 2 else home)
        if number is None:
            del values["phone"]
            attributes["phone"] = written
            findings.append(Finding("phone", "phone", written))
        else:
            values["phone"] = number
    for name in ("country", "company.country"):
        code = values.get(name)
        if code is not None and not (len(code) == 2 and code.isupper()):
            meant = country_meant(code)
            findings.append(Finding("unknown_country", name, f"{code} → {meant}" if meant else code))
    if (sector := values.get("company.sector")) is not None and (meant := sector_meant(sector)) is not None:
        findings.append(Finding("misspelt_sector", "company.sector", f"{sector} → {meant}"))
    if "channel" in attributes:
        values.setdefault("channel", "unknown")


def _column(kind: Kind, make: _Converters, place: int, choice: ColumnChoice) -> _Column | None:
    """A column ready to use; None for an ignored one. One ignored for being empty keeps what later rows may hold."""
    name = choice.field
    if name == IGNORED:
        if choice.reason != "empty":
            return None
        name = ATTRIBUTE_PREFIX + choice.column
    if name.startswith(ATTRIBUTE_PREFIX):
        return _Column(place, name.removeprefix(ATTRIBUTE_PREFIX), choice.column, None, True, False)
    field = _known(kind, name)
    return _Column(place, name, choice.column, make.converter(field, choice.style), False, field.is_strict)


def _default(kind: Kind, make: _Converters, name: str, written: str) -> tuple[bool, str, Any]:
    """Whether it is an attribute, its name, and the value that rows without one get."""
    text = clean_text(written)
    if name.startswith(ATTRIBUTE_PREFIX):
        return True, name.removeprefix(ATTRIBUTE_PREFIX), text
    convert = make.converter(_known(kind, name), "")
    try:
        return False, name, convert(text) if convert else text
    except ValueProblem as problem:
        raise ValueProblem(problem.code, problem.message, problem.params, name) from None


def _known(kind: Kind, name: str) -> Field:
    field = field_named(kind, name)
    if field is None:
        raise ValueError(f"{kind} have no field {name}")
    return field


# ---------------------------------------------------------------- one converter a type


class _Converters:
    """The function for a field's type; None for text kept as it is, and for a phone, which needs its row's country."""

    def __init__(self, zone: tzinfo, *, day_first: bool) -> None:
        self._zone = zone
        self._day_first = day_first

    def converter(self, field: Field, style: str) -> _Convert | None:
        """For a field whose column writes its values in this style (see ColumnChoice)."""
        if field.type in {"date", "moment"}:
            day_first = {"day_first": True, "month_first": False}.get(style, self._day_first)
            return (_moment if field.type == "moment" else _date)(self._zone, day_first=day_first)
        if field.type in {"number", "integer", "percent"}:
            return _number(field.type, style)
        return _PLAIN.get(field.type)


def _moment(zone: tzinfo, *, day_first: bool) -> _Convert:
    @lru_cache(maxsize=16384)
    def convert(text: str) -> datetime:
        found = parse_datetime(text, zone=zone, day_first=day_first)
        if isinstance(found, datetime):
            return found
        return datetime.combine(found or date.min, time(), zone).astimezone(UTC)

    return convert


def _date(zone: tzinfo, *, day_first: bool) -> _Convert:
    @lru_cache(maxsize=16384)
    def convert(text: str) -> date | None:
        found = parse_datetime(text, zone=zone, day_first=day_first)
        return found.astimezone(zone).date() if isinstance(found, datetime) else found

    return convert


def _number(type_: str, style: str) -> _Convert:
    decimal = {"decimal_comma": ",", "decimal_point": "."}.get(style, "")

    def number(text: str) -> Decimal:
        return parse_number(text, decimal=decimal)

    def integer(text: str) -> int:
        value = parse_number(text, decimal=decimal)
        if value != value.to_integral_value() or abs(value) >= 10**15:
            raise ValueProblem("integer", _MESSAGES["integer"], {"value": text[:200]})
        return int(value)

    def percent(text: str) -> Decimal:
        value = parse_number(text, decimal=decimal)
        if style == "fraction" and "%" not in text:
            value *= 100
        if not 0 <= value <= 100:
            raise ValueProblem("percent", _MESSAGES["percent"], {"value": text[:200]})
        return value

    kinds: dict[str, _Convert] = {"number": number, "integer": integer, "percent": percent}
    return kinds[type_]


@lru_cache(maxsize=1024)
def _channel(text: str) -> str:
    code = "_".join(fold(text).replace("-", " ").replace("_", " ").split())
    if code in CHANNELS:
        return code
    name = "door_as_channel" if code in _DOORS else "unknown_channel"
    raise ValueProblem(name, FINDINGS[name], {"value": text[:200]})


@lru_cache(maxsize=1024)
def _currency(text: str) -> str:
    code = _CURRENCIES.get(fold(text), text.upper())
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    raise ValueProblem("currency", FINDINGS["currency"], {"value": text[:200]})


_PLAIN: dict[str, _Convert] = {
    "email": normalise_email,
    "profile": normalise_profile_url,
    "domain": normalise_domain,
    "siren": normalise_siren,
    "country": normalise_country,
    "channel": _channel,
    "currency": _currency,
    "truth": parse_truth,
    "outcome": parse_outcome,
    "rich": plain_text,
}


# ---------------------------------------------------------------- identity of a row


def digest(mapped: Mapped) -> bytes:
    """16 bytes that two rows share when their values and attributes are equal (1.0 and 1.00 are)."""
    content = orjson.dumps([mapped.values, mapped.attributes], default=_plain, option=orjson.OPT_SORT_KEYS)
    return blake2b(content, digest_size=16).digest()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    raise TypeError(f"{type(value).__name__} is no value of a row")
