"""What people call the codes and fields that facts speak of, in the language now active."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

import rphonenumbers
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, gettext_lazy

from filon.core.conditions.words import Words, words
from filon.kit.country_names import country_name
from filon.leads import fields
from filon.ui import formats, stages

_LABELS: Final[Mapping[str, Words | str | Promise]] = {
    **{field.name: field.label for field in (*fields.PERSON, *fields.COMPANY, *fields.ORIGIN, *fields.JOURNEY)},
    "person.first_name": gettext_lazy("First name"),
    "person.last_name": gettext_lazy("Last name"),
    "person.country": gettext_lazy("Country"),
    "person.city": gettext_lazy("City"),
    "person.linkedin_url": gettext_lazy("LinkedIn profile"),
    "company.name": gettext_lazy("Name"),
    "company.country": gettext_lazy("Country"),
    "company.city": gettext_lazy("City"),
    "company.owner": gettext_lazy("Account owner"),
}
_MORE_ACTS: Final = {"lead_captured": gettext_lazy("Capture")}
_IDENTIFIERS: Final = {
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "profile": gettext_lazy("Profile"),
}
_CHOICES: Final[Mapping[str, Mapping[str, Words]]] = {
    "channel": fields.CHANNELS,
    "class": fields.CLASSES,
    "motion": fields.MOTIONS,
    "route": fields.ROUTES,
    "door": fields.DOORS,
}


def named(label: object) -> str:
    """A label of the condition language, or any other text, in the active language."""
    return words(label).in_language(get_language() or "fr")


def field_label(of: str, field: str) -> str:
    """What a field of a person, company or lead is called; a field of the workspace's own by its name."""
    if field.startswith("attributes."):
        return field.removeprefix("attributes.")
    if of != "company" and field == "company.name":
        return gettext("Company")
    known = _LABELS.get(field if of == "lead" or field.startswith(f"{of}.") else f"{of}.{field}")
    return named(known) if known is not None else field


def choice(field: str, code: str) -> str:
    """What a code of a field with choices is called; the code itself when nobody knows it."""
    return named(_CHOICES[field].get(code, code))


def act(kind: str) -> str:
    """What a kind of act is called."""
    known = fields.KINDS.get(kind)
    return named(known) if known else str(_MORE_ACTS.get(kind, kind.replace("_", " ")))


def identifier(kind: str, system: str) -> str:
    """What sort of name of a person it is; an id by the system it comes from."""
    if kind == "external":
        return gettext("Id in %(system)s") % {"system": system}
    return str(_IDENTIFIERS.get(kind, kind))


def identifier_value(kind: str, value: str) -> str:
    """A name of a person as people read it."""
    return phone(value) if kind == "phone" else url(value)


@lru_cache(maxsize=4096)
def phone(number: str) -> str:
    """An E.164 number as people write it between countries; anything else as it stands."""
    try:
        parsed = rphonenumbers.parse(number, None)
    except rphonenumbers.NumberParseException:
        return number
    written = rphonenumbers.format_number(parsed, rphonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return str(written).replace(" ", formats.SPACE)


def url(address: str) -> str:
    """A web address without what everyone knows."""
    return address.removeprefix("https://").removeprefix("www.")


def task(code: str) -> str:
    """What people call something that is planned."""
    return named(fields.TASKS.get(code, code))


def outcome(code: str) -> str:
    """What came of a call."""
    return named(fields.OUTCOMES.get(code, code))


def value_of(field: str, value: Any) -> str:
    """A field's value as people read it."""
    if value in (None, ""):
        return formats.MISSING
    if field in _CHOICES:
        return choice(field, str(value))
    if field in {"country", "company.country", "person.country"}:
        return country_name(str(value), get_language() or "fr")
    if field == "stage":
        return stages.label(str(value))
    if field in {"company.employees", "company.revenue"}:
        return number(value)
    return str(value)


def plain(value: Any) -> str:
    """A value as it stands; a dash for none."""
    return formats.MISSING if value is None else str(value)


def number(value: Any) -> str:
    """A number that a fact keeps as text or as a number."""
    try:
        return formats.number(Decimal(str(value)))
    except InvalidOperation:
        return str(value)


def moment(value: Any) -> str:
    """A moment or a day that a fact keeps as text."""
    text = plain(value)
    try:
        return formats.exact(datetime.fromisoformat(text)) if len(text) > 10 else formats.day(date.fromisoformat(text))
    except ValueError:
        return text


def money(value: Any, currency: str) -> str:
    """An amount with its currency."""
    return formats.money(None if value is None else Decimal(str(value)), currency)
