"""Editing people, companies and leads by hand. What a colleague says stands against what systems give again.

An edit is an entry of the line like any other: `check_edits` reads and judges it, unify lets the record take its new
names, `apply_edits` writes, scoring judges anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from filon.core import line
from filon.core.access import Actor
from filon.core.line import Batch, Entry, Item
from filon.core.models import User
from filon.kit import identifiers, sql
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.identifiers import ValueProblem
from filon.leads import fills, rules
from filon.leads.customs.known import custom
from filon.leads.customs.values import read
from filon.leads.events import FieldsChanged
from filon.leads.models import Campaign, Company, Lead, Person
from filon.leads.sight import seen_by

_MODELS: Final[dict[str, type[models.Model]]] = {"person": Person, "company": Company, "lead": Lead}
_LONGEST_TEXT: Final = 20_000
_LARGEST: Final = Decimal(10) ** 15

FIELDS: Final[dict[str, frozenset[str]]] = {
    "person": frozenset({*fills.PERSON, "company.name"}),
    "company": frozenset({*fills.COMPANY, "owner"}),
    "lead": frozenset({*fills.LEAD, "channel", "source", "campaign"}),
}
"""What may be edited of each kind of record, beside `attributes.NAME` of leads and companies.

`company.name` of a person is the account they belong to; `owner` and `campaign` are ids of ours.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What someone wants of one record (`of`: person, company or lead). None or "" empties a field.

    seen: what they saw in these fields, as `shown` writes it; an edit of a field that says something else by now is
    refused. version: the one of the lead that they saw. Both are left out by who does not care. lets_go: fields that no
    longer stand against imports afterwards, as this takes an earlier edit back.
    """

    of: str
    id: int
    values: Mapping[str, Any]
    seen: Mapping[str, str] | None = None
    version: int | None = None
    lets_go: frozenset[str] = frozenset()


# Commands -------------------------------------------------------------------------------------------------------------


def edit_records(edits: Sequence[Edit], *, by: Actor, at: datetime, door: str = "manual") -> list[Refused | None]:
    """Edit records, one answer an edit: None, or why not. A constant number of statements. Needs `leads.change`.

    A field that was edited is left alone by imports that give again what they gave. Emits FieldsChanged with old and
    new values. Refused are: what the author may not see, stale edits, values that cannot be, an e-mail, profile,
    domain or SIREN that names another record (conflict; its errors hold that record's id).
    """
    by.require("leads.change")

    def make() -> Batch:
        entries = [
            Entry(
                kind="edit",
                door=door,
                at=at,
                values={
                    "of": edit.of,
                    "id": edit.id,
                    "fields": dict(edit.values),
                    "seen": edit.seen,
                    "version": edit.version,
                    "lets_go": edit.lets_go,
                },
            )
            for edit in edits
        ]
        return Batch(entries, by=by, at=at)

    return [item.refusal for item in line.run_with_retries(make).items] if edits else []


def edit_together(edits: Sequence[Edit], *, by: Actor, at: datetime, door: str = "manual") -> None:
    """Edit records, all or none of them. Raises the first Refused; see `edit_records`."""
    with transaction.atomic():
        for refusal in edit_records(edits, by=by, at=at, door=door):
            if refusal is not None:
                raise refusal


def edit_person(
    person_id: int, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: Mapping[str, str] | None = None
) -> None:
    """Edit one person. Raises Refused; see `edit_records`."""
    edit_together([Edit(of="person", id=person_id, values=values, seen=seen)], by=by, at=at)


def edit_company(
    company_id: int, values: Mapping[str, Any], *, by: Actor, at: datetime, seen: Mapping[str, str] | None = None
) -> None:
    """Edit one company. Raises Refused; see `edit_records`."""
    edit_together([Edit(of="company", id=company_id, values=values, seen=seen)], by=by, at=at)


def edit_lead(
    lead_id: int,
    values: Mapping[str, Any],
    *,
    by: Actor,
    at: datetime,
    seen: Mapping[str, str] | None = None,
    version: int | None = None,
) -> None:
    """Edit one lead. Raises Refused; see `edit_records`."""
    edit_together([Edit(of="lead", id=lead_id, values=values, seen=seen, version=version)], by=by, at=at)


def is_field(of: str, field: str) -> bool:
    """Whether there is such a field to edit."""
    is_attribute = field.startswith("attributes.") and len(field) > len("attributes.") and "\0" not in field
    return field in FIELDS[of] or (is_attribute and of != "person")


def shown(value: Any) -> str:
    """A field's value as `seen` compares it: decimals without needless zeros, nothing for None."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


# Judging --------------------------------------------------------------------------------------------------------------


def check_edits(batch: Batch) -> None:
    """Find the records and refuse what cannot be: unknown, not seen by the author, stale, or no value of its field.

    Six statements at the most. Values are normalised in place.
    """
    wanted: dict[str, set[int]] = {of: set() for of in _MODELS}
    for item in batch.going():
        wanted[item.entry.values["of"]].add(item.entry.values["id"])
    wanted["lead"] = set(seen_by(batch.by, wanted["lead"]))
    for of, ids in wanted.items():
        batch.rows(_MODELS[of]).load_ids(ids, lock=True)
    _load_references(batch)
    for item in batch.going():
        said = item.entry.values
        row = batch.rows(_MODELS[said["of"]]).by_id.get(said["id"])
        if row is None or said["id"] not in wanted[said["of"]]:
            _refuse(item, not_found(_NOT_FOUND[said["of"]]()))
            continue
        setattr(item, said["of"], row)
        try:
            _check_stale(batch, said, row)
            said["fields"] = _normalised(batch, said["of"], said["fields"], row)
        except Refused as refused:
            _refuse(item, refused)


_NOT_FOUND: Final[dict[str, Callable[[], str]]] = {
    "person": lambda: _("Person"),
    "company": lambda: _("Company"),
    "lead": lambda: _("Lead"),
}


_REFERENCES: Final[Sequence[tuple[str, str, str, type[models.Model]]]] = (
    ("owner", "company", "owner_id", User),
    ("campaign", "lead", "campaign_id", Campaign),
    ("company.name", "person", "company_id", Company),
)
"""(field, kind of record, its column, what it refers to)."""


def _load_references(batch: Batch) -> None:
    """What edits refer to, and what the records they change refer to now."""
    for field, of, column, model in _REFERENCES:
        ids: set[Any] = set()
        for item in batch.going():
            said = item.entry.values
            if said["of"] == of and field in said["fields"]:
                row = batch.rows(_MODELS[of]).by_id.get(said["id"])
                ids |= {row[column] if row else None, said["fields"][field]}
        batch.rows(model).load_ids({one for one in ids if isinstance(one, int)})


def _refuse(item: Item, refused: Refused) -> None:
    item.outcome, item.refusal = "rejected", refused


def _check_stale(batch: Batch, said: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    if said["version"] is not None and said["version"] != row["version"]:
        raise Refused(
            _("Someone changed this lead while you were looking at it. Reload and try again."), Kind.STALE, code="stale"
        )
    for field, seen in (said["seen"] or {}).items():
        if field not in said["fields"]:
            continue
        now = current(batch, said["of"], field, row)
        if shown(now) != seen:
            message = _("Someone changed this field while you were looking at it.")
            raise Refused(message, Kind.STALE, [{"field": field, "message": message, "current": shown(now)}], "stale")


def current(batch: Batch, of: str, field: str, row: Mapping[str, Any]) -> Any:
    """What a field of a loaded record says now: text or number; the name of the account a person belongs to."""
    if field.startswith("attributes."):
        return row["attributes"].get(field.removeprefix("attributes."))
    if of == "person" and field == "company.name":
        return batch.rows(Company).by_id[row["company_id"]]["name"] if row["company_id"] else ""
    return row[column_of(of, field)]


_MORE_COLUMNS: Final = {
    "owner": "owner_id",
    "campaign": "campaign_id",
    "channel": "channel",
    "source": "source",
    "company.name": "name",
}
_LONGEST: Final = {"source": 500}


def column_of(of: str, field: str) -> str:
    """The column that holds a field of a kind of record."""
    plan = {"person": fills.PERSON, "company": fills.COMPANY, "lead": fills.LEAD}[of]
    return plan[field][0] if field in plan else _MORE_COLUMNS[field]


# Values ---------------------------------------------------------------------------------------------------------------

_NORMALISERS: Final[dict[str, Callable[[str], str]]] = {
    "email": identifiers.normalise_email,
    "linkedin_url": identifiers.normalise_profile_url,
    "country": identifiers.normalise_country,
    "company.country": identifiers.normalise_country,
    "company.domain": identifiers.normalise_domain,
    "company.siren": identifiers.normalise_siren,
}
_CHOICES: Final[dict[str, Sequence[str]]] = {
    "channel": rules.CHANNELS,
    "class": ("", *rules.CLASSES),
    "motion": ("", *rules.MOTIONS),
}


def _normalised(batch: Batch, of: str, fields: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """The values as columns take them. Raises Refused naming the field that is wrong."""
    found: dict[str, Any] = {}
    for field, value in fields.items():
        if not is_field(of, field):
            raise _invalid(field, _("There is no such field."))
        found[field] = (
            _reference(batch, field, value) if field in {"owner", "campaign"} else _value(of, field, value, row)
        )
    if of == "company" and found.get("company.name") == "":
        raise _invalid("company.name", _("A company needs a name."))
    return found


def _reference(batch: Batch, field: str, value: Any) -> int | None:
    if value in (None, ""):
        return None
    rows = batch.rows(User if field == "owner" else Campaign)
    if not isinstance(value, int) or value not in rows.by_id:
        raise _invalid(field, _("There is no such record."))
    return value


def _value(of: str, field: str, value: Any, row: Mapping[str, Any]) -> Any:
    if field == "company.employees":
        return _whole(field, value)
    if field == "company.revenue":
        return _amount(field, value)
    text = "" if value is None else str(value).replace("\0", "").strip()
    if field in _CHOICES and text not in _CHOICES[field]:
        choices = ", ".join(filter(None, _CHOICES[field]))
        raise _invalid(field, _("Choose one of: %(choices)s.") % {"choices": choices})
    if text:
        text = _phone(text, row) if field == "phone" else _one_writing(field, text)
    if field.startswith("attributes."):
        text = _own(of, field, text)
    if len(text) > _longest(field):
        raise _invalid(field, _("At most %(count)s characters.") % {"count": _longest(field)})
    return text


_OWN: Final[Mapping[str, Callable[[], str]]] = {
    "number": lambda: _("Write a number, such as 1250 or 12,5."),
    "date": lambda: _("Write a day, such as 31/12/2026."),
    "yes_no": lambda: _("Say yes or no."),
}


def _own(of: str, field: str, text: str) -> str:
    """A value of a custom field as its kind keeps it; what nobody made a field of takes any text."""
    own = custom(of, field.removeprefix("attributes."))
    if own is None:
        return text
    found = read(own.kind, text, own.choices)
    if found is None:
        if own.kind == "choice":
            raise _invalid(field, _("Choose one of: %(choices)s.") % {"choices": ", ".join(own.choices)})
        raise _invalid(field, _OWN[own.kind]())
    return found


def _one_writing(field: str, text: str) -> str:
    try:
        return _NORMALISERS[field](text) if field in _NORMALISERS else text
    except ValueProblem as problem:
        raise _invalid(field, _(problem.message) % problem.params) from problem


def _longest(field: str) -> int:
    for plan in (fills.PERSON, fills.COMPANY, fills.LEAD):
        if field in plan and plan[field][1]:
            return plan[field][1]
    return _LONGEST.get(field, _LONGEST_TEXT)


def _phone(text: str, row: Mapping[str, Any]) -> str:
    country = row["country"] if len(row["country"]) == 2 else "FR"
    number = identifiers.normalise_phone(text, country)
    if number is None:
        raise _invalid("phone", _("“%(value)s” is not a phone number.") % {"value": text})
    return number


def _whole(field: str, value: Any) -> int | None:
    number = _amount(field, value)
    if number is not None and (number != number.to_integral_value() or number > 100_000_000):
        raise _invalid(field, _("Give a whole number."))
    return None if number is None else int(number)


def _amount(field: str, value: Any) -> Decimal | None:
    text = "" if value is None else "".join(str(value).split()).replace(",", ".")
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise _invalid(field, _("Give a number.")) from error
    if not number.is_finite() or not 0 <= number < _LARGEST:
        raise _invalid(field, _("This number is out of range."))
    return number.quantize(Decimal("0.01"))


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")


# Writing --------------------------------------------------------------------------------------------------------------


def apply_edits(batch: Batch) -> None:
    """Write what is left of the edits and tell it. Two statements at the most."""
    _load_leads_of_people(batch)
    for item in batch.going():
        said = item.entry.values
        row = batch.rows(_MODELS[said["of"]]).by_id[said["id"]]
        changes = _Changes(batch, said["of"], row, said["lets_go"])
        for field, value in said["fields"].items():
            if said["of"] == "person" and field == "company.name":
                _join_company(batch, changes, item if value else None)
            else:
                changes.set(field, value)
        if said["of"] == "person":
            _keep_full_name(changes)
        item.outcome = "updated" if changes.tell() else "unchanged"


class _Changes:
    """The fields of one record that take another value."""

    def __init__(self, batch: Batch, of: str, row: dict[str, Any], lets_go: frozenset[str] = frozenset()) -> None:
        self.batch, self.of, self.row, self.lets_go = batch, of, row, lets_go
        self.rows = batch.rows(_MODELS[of])
        self.before = dict(row)
        self.old: dict[str, Any] = {}
        self.new: dict[str, Any] = {}

    def set(self, field: str, value: Any) -> None:
        """Give a field another value."""
        if field.startswith("attributes."):
            self._set_attribute(field, value)
            return
        column = column_of(self.of, field)
        before = self.row[column]
        if before == value:
            return
        for name, cell in fills.with_twin(column, value, 0).items():
            self.rows.change(self.row, name, cell)
        self.note(field, self._said(field, before), self._said(field, value))

    def note(self, field: str, old: Any, new: Any) -> None:
        """Remember that a field was changed."""
        self.old[field], self.new[field] = old, new

    def _set_attribute(self, field: str, value: Any) -> None:
        name = field.removeprefix("attributes.")
        before = self.row["attributes"].get(name)
        if (before or "") == value:
            return
        attributes = {key: said for key, said in self.row["attributes"].items() if key != name}
        if value:
            attributes[name] = value
        self.rows.change(self.row, "attributes", attributes)
        self.rows.change(self.row, "attributes_folded", fills.fold_attributes(attributes))
        self.note(field, before, value)

    def _said(self, field: str, value: Any) -> Any:
        """A value as the fact keeps it: colleagues and campaigns by their names."""
        if field in {"owner", "campaign"}:
            rows = self.batch.rows(User if field == "owner" else Campaign)
            return rows.by_id[value]["name"] if value in rows.by_id else None
        return value

    def tell(self) -> bool:
        """Mark what was edited and tell it; False when nothing was."""
        if not self.new:
            return False
        batch, row = self.batch, self.row
        self.rows.change(row, "edited", sorted({*row["edited"], *self.new} - self.lets_go))
        self.rows.change(row, "updated_at", batch.at)
        for lead in _leads_of(batch, self.of, row):
            batch.rows(Lead).change(lead, "version", lead["version"] + 1)
        batch.tell(
            FieldsChanged(
                at=batch.at,
                of=self.of,
                fields=sorted(self.new),
                old=self.old,
                new=self.new,
                **{f"{self.of}_id": row["id"]},
            )
        )
        return True


def _leads_of(batch: Batch, of: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    """The leads whose version an edit moves on: the lead itself, those of the person."""
    if of == "lead":
        return [row]
    if of == "company":
        return []
    return [lead for lead in batch.rows(Lead).by_id.values() if lead["person_id"] == row["id"]]


def _load_leads_of_people(batch: Batch) -> None:
    people = sorted({item.person["id"] for item in batch.going() if item.person is not None})
    if people:
        batch.rows(Lead).load(*sql.any_of("person_id", people), lock=True)


def _join_company(batch: Batch, changes: _Changes, item: Item | None) -> None:
    """Let a person, and their open leads, belong to the company of the item, or to none."""
    company = item.company if item is not None else None
    before = changes.row["company_id"]
    if before == (company["id"] if company else None):
        return
    old = batch.rows(Company).by_id[before]["name"] if before in batch.rows(Company).by_id else None
    batch.rows(Person).change(changes.row, "company_id", company["id"] if company else None)
    changes.note("company.name", old, company["name"] if company else None)
    for lead in _leads_of(batch, "person", changes.row):
        if lead["is_open"] and batch.rows(Lead).change(lead, "company_id", company["id"] if company else None):
            followed = _Changes(batch, "lead", lead)
            followed.note("company.name", old, company["name"] if company else None)
            followed.tell()


def _keep_full_name(changes: _Changes) -> None:
    """The name as people say it follows its parts, unless it was written on its own."""
    before, row = changes.before, changes.row
    if "full_name" in changes.new or not {"first_name", "last_name"} & set(changes.new):
        return
    if before["full_name"] in ("", fills.full_name(before["first_name"], before["last_name"])):
        changes.set("full_name", fills.full_name(row["first_name"], row["last_name"]))
