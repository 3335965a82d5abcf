"""The fields that imports map to, per kind of file: names, types, labels and the column names that mean them.

The names are promises (`contract.md`). Aliases are in `aliases.toml`, compared by `column_key`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filon.kit.identifiers import gettext_noop
from filon.kit.text import fold

Kind = Literal["leads", "companies", "opportunities", "events", "costs", "products", "users"]
KINDS: tuple[Kind, ...] = ("leads", "companies", "opportunities", "events", "costs", "products", "users")

Type = Literal[
    "text", "id", "email", "phone", "profile", "domain", "siren", "country", "channel", "currency",
    "number", "integer", "percent", "date", "moment", "truth", "outcome", "rich",
]  # fmt: skip

ATTRIBUTE_PREFIX = "attributes."

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[\W_]+")
_EMAIL_WORD = re.compile(r"\b(?:e mails?|emails)\b")


@dataclass(frozen=True)
class Field:
    """One field of a kind.

    label: English msgid. aliases: `column_key`s, the surest first. is_strict: a value that cannot be understood
    rejects the row; otherwise it is kept as an attribute, with a finding.
    """

    name: str
    type: Type
    label: str
    aliases: tuple[str, ...]
    is_strict: bool = False


def column_key(name: str) -> str:
    """The form in which column names are compared: `firstName`, `First_Name` and `FIRST NAME` are one, and so are
    `E-mail`, `eMail` and `Emails`."""
    return _EMAIL_WORD.sub("email", " ".join(_NOT_WORD.sub(" ", fold(_CAMEL.sub(" ", name))).split()))


_STRICT: frozenset[Type] = frozenset(["id", "email", "number", "date", "moment"])
_ALIASES: dict[str, dict[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "aliases.toml").read_text(encoding="utf-8")
)

_FieldText = tuple[str, Type, str]
_ID: _FieldText = ("external_id", "id", gettext_noop("External id"))
_LEAD_ID: _FieldText = ("lead.external_id", "id", gettext_noop("Lead's external id"))
_EMAIL: _FieldText = ("email", "email", gettext_noop("E-mail"))
_PHONE: _FieldText = ("phone", "phone", gettext_noop("Phone"))
_PERSON: tuple[_FieldText, ...] = (
    _EMAIL,
    _PHONE,
    ("first_name", "text", gettext_noop("First name")),
    ("last_name", "text", gettext_noop("Last name")),
    ("full_name", "text", gettext_noop("Full name")),
    ("job_title", "text", gettext_noop("Job title")),
    ("linkedin_url", "profile", gettext_noop("LinkedIn profile")),
    ("country", "country", gettext_noop("Country")),
    ("city", "text", gettext_noop("City")),
    ("language", "text", gettext_noop("Language")),
)
_COMPANY: tuple[_FieldText, ...] = (
    ("company.name", "text", gettext_noop("Company")),
    ("company.domain", "domain", gettext_noop("Company domain")),
    ("company.siren", "siren", gettext_noop("SIREN")),
    ("company.sector", "text", gettext_noop("Sector")),
    ("company.employees", "integer", gettext_noop("Employees")),
    ("company.revenue", "number", gettext_noop("Revenue")),
    ("company.country", "country", gettext_noop("Company country")),
    ("company.city", "text", gettext_noop("Company city")),
    ("company.issues", "text", gettext_noop("Stakes")),
)
_CHANNEL: _FieldText = ("channel", "channel", gettext_noop("Channel"))
_SOURCE: _FieldText = ("source", "text", gettext_noop("Source"))
_CAMPAIGN: _FieldText = ("campaign", "text", gettext_noop("Campaign"))
_STAGE: _FieldText = ("stage", "text", gettext_noop("Stage"))
_OUTCOME: _FieldText = ("outcome", "outcome", gettext_noop("Outcome"))
_REASON: _FieldText = ("reason", "text", gettext_noop("Reason"))
_OWNER: _FieldText = ("owner", "text", gettext_noop("Owner"))
_NAME: _FieldText = ("name", "text", gettext_noop("Name"))
_AMOUNT: _FieldText = ("amount", "number", gettext_noop("Amount"))
_CURRENCY: _FieldText = ("currency", "currency", gettext_noop("Currency"))
_KIND: _FieldText = ("kind", "text", gettext_noop("Kind"))

_TEXTS: dict[Kind, tuple[_FieldText, ...]] = {
    "leads": (
        _ID,
        *_PERSON,
        *_COMPANY,
        ("captured_at", "moment", gettext_noop("Captured on")),
        _CHANNEL,
        _SOURCE,
        _CAMPAIGN,
        ("medium", "text", gettext_noop("Medium")),
        ("landing_page", "text", gettext_noop("Landing page")),
        _STAGE,
        _OUTCOME,
        ("outcome_at", "moment", gettext_noop("Outcome on")),
        _REASON,
        _OWNER,
        ("class", "text", gettext_noop("Class")),
        ("motion", "text", gettext_noop("Motion")),
        ("consent.email", "truth", gettext_noop("Consent to e-mail")),
        ("basis", "text", gettext_noop("Legal basis")),
    ),
    "companies": (_ID, *_COMPANY, _OWNER),
    "opportunities": (
        _ID,
        _LEAD_ID,
        _EMAIL,
        _PHONE,
        *_COMPANY[:3],
        _NAME,
        _AMOUNT,
        _CURRENCY,
        ("pipeline", "text", gettext_noop("Pipeline")),
        _STAGE,
        ("probability", "percent", gettext_noop("Probability")),
        ("created_at", "moment", gettext_noop("Created on")),
        ("close_date", "date", gettext_noop("Close date")),
        ("won_at", "moment", gettext_noop("Won on")),
        ("lost_at", "moment", gettext_noop("Lost on")),
        ("product", "text", gettext_noop("Product")),
        _SOURCE,
        _CAMPAIGN,
        _CHANNEL,
        _OUTCOME,
        _REASON,
        _OWNER,
    ),
    "events": (
        _ID,
        ("at", "moment", gettext_noop("Happened on")),
        _KIND,
        _LEAD_ID,
        _EMAIL,
        ("path", "text", gettext_noop("Page")),
        _CHANNEL,
        _SOURCE,
        _CAMPAIGN,
        ("value", "number", gettext_noop("Value")),
        ("title", "text", gettext_noop("Title")),
        ("text", "rich", gettext_noop("Text")),
        ("direction", "text", gettext_noop("Direction")),
        ("outcome", "text", gettext_noop("Outcome")),
        ("state", "text", gettext_noop("State")),
        ("due", "date", gettext_noop("Due on")),
        ("created_at", "moment", gettext_noop("Created on")),
    ),
    "costs": (
        _ID,
        ("date", "date", gettext_noop("Date")),
        ("from", "date", gettext_noop("From")),
        ("to", "date", gettext_noop("To")),
        _CHANNEL,
        _CAMPAIGN,
        _KIND,
        _AMOUNT,
        _CURRENCY,
    ),
    "products": (
        _ID,
        _NAME,
        ("series", "text", gettext_noop("Series")),
        ("price", "number", gettext_noop("Price")),
        _CURRENCY,
    ),
    "users": (
        _NAME,
        _EMAIL,
        ("role", "text", gettext_noop("Role")),
        ("team", "text", gettext_noop("Team")),
        ("manager", "text", gettext_noop("Manager")),
        ("office", "text", gettext_noop("Office")),
    ),
}


def _is_strict(kind: Kind, name: str, type_: Type) -> bool:
    """Of a lead, a wrong fact about its company is no reason to lose the lead; of a company it is."""
    if name.startswith("company.") and kind != "companies":
        return False
    return type_ in _STRICT or (type_ in {"siren", "domain"} and kind == "companies") or name == "probability"


def _field(kind: Kind, name: str, type_: Type, label: str) -> Field:
    aliases = _ALIASES.get(kind, {}).get(name) or _ALIASES["all"].get(name, [])
    keys = dict.fromkeys(map(column_key, [name, *aliases]))
    return Field(name, type_, label, tuple(keys), _is_strict(kind, name, type_))


_FIELDS: dict[Kind, tuple[Field, ...]] = {
    kind: tuple(_field(kind, *text) for text in texts) for kind, texts in _TEXTS.items()
}

IDENTIFYING: dict[Kind, tuple[str, ...]] = {
    "leads": ("external_id", "email", "phone", "linkedin_url"),
    "companies": ("external_id", "company.name", "company.domain", "company.siren"),
    "opportunities": ("external_id", "name", "company.name", "lead.external_id", "email"),
    "events": ("lead.external_id", "email"),
    "costs": ("amount",),
    "products": ("name", "external_id"),
    "users": ("name", "email"),
}
"""A row with none of these says nothing about anybody, and is rejected."""

_BY_NAME: dict[Kind, dict[str, Field]] = {
    kind: {field.name: field for field in fields} for kind, fields in _FIELDS.items()
}


def fields_of(kind: Kind) -> tuple[Field, ...]:
    """The fields of a kind, in the order people expect them."""
    return _FIELDS[kind]


def field_named(kind: Kind, name: str) -> Field | None:
    """The field, an attribute as a text field, or None."""
    if name.startswith(ATTRIBUTE_PREFIX) and len(name) > len(ATTRIBUTE_PREFIX):
        return Field(name, "text", name.removeprefix(ATTRIBUTE_PREFIX), ())
    return _BY_NAME[kind].get(name)
