"""The fields of a person, company or lead as pages show them, each edited where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.models import User
from filon.kit.errors import not_found
from filon.leads import fields, fills
from filon.leads.card import words
from filon.leads.card.facts import About, Kinds, facts
from filon.leads.card.wording import sentence
from filon.leads.customs.known import Custom, custom, customs
from filon.leads.customs.values import YES_NO, read
from filon.leads.editing import is_field, shown
from filon.leads.models import Campaign, Company, Lead, Person
from filon.ui import formats

MODELS: Final = {"person": Person, "company": Company, "lead": Lead}
_LONG: Final = frozenset({"company.issues"})
_INPUTS: Final = {"email": "email", "phone": "tel", "linkedin_url": "url"}
_SELECTED: Final = frozenset({"owner", "campaign"})
"""Fields that refer to a record of ours; its name is the value of `<field>_name` in the row."""

_MOST_CHOICES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One field. value: as it is edited, and as `seen` compares it; text: as it is read; href: where it leads.

    input: an HTML input type, `textarea`, or `select` with its choices (none yet when they must be fetched).
    typed, error, is_stale, changed_by: of an edit that was refused; stale: somebody else gave it `text` meanwhile.
    """

    of: str
    record_id: int
    field: str
    label: str
    value: str
    text: str
    href: str = ""
    input: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    may_edit: bool = False
    is_open: bool = False
    typed: str = ""
    error: str = ""
    is_stale: bool = False
    changed_by: str = ""

    @property
    def id(self) -> str:
        """Its place on a page."""
        return f"{self.of}-{self.record_id}-{self.field.replace('.', '-')}"


def properties(of: str, row: Mapping[str, Any], names: Sequence[str], *, may_edit: bool) -> list[Property]:
    """These fields of a record. No statement."""
    return [prop(of, row, name, may_edit=may_edit) for name in names]


def attributes(of: str, row: Mapping[str, Any], *, may_edit: bool) -> list[Property]:
    """The workspace's own fields of a record: those that were made, filled or not, then what else it holds."""
    made = [field.name for field in customs(of)]
    others = sorted(set(row["attributes"]) - set(made))
    return [prop(of, row, f"attributes.{name}", may_edit=may_edit) for name in (*made, *others)]


def prop(of: str, row: Mapping[str, Any], name: str, *, may_edit: bool, **more: Any) -> Property:
    """One field of a record."""
    value = value_of(of, row, name)
    return Property(
        of=of,
        record_id=row["id"],
        field=name,
        label=words.field_label(of, name),
        value=shown(value),
        text=_text(row, name, value, _custom(of, name)),
        href=_href(name, value),
        input=_input(of, name),
        choices=_choices(of, name),
        may_edit=may_edit and is_field(of, name),
        **more,
    )


def value_of(of: str, row: Mapping[str, Any], name: str) -> Any:
    """What a field of a row says; the name of the account a person belongs to."""
    if name.startswith("attributes."):
        return row["attributes"].get(name.removeprefix("attributes."))
    if name in _SELECTED:
        return row[f"{name}_id"]
    if of == "person" and name == "company.name":
        return row.get("company", "")
    plan = {"person": fills.PERSON, "company": fills.COMPANY, "lead": fills.LEAD}[of]
    return row[plan[name][0] if name in plan else name]


def _text(row: Mapping[str, Any], name: str, value: Any, own: Custom | None) -> str:
    if value in (None, ""):
        return ""
    if name in _SELECTED:
        return str(row.get(f"{name}_name") or "")
    if own is not None:
        return _own_text(own, str(value))
    if name == "phone":
        return words.phone(str(value))
    if name == "linkedin_url":
        return words.url(str(value))
    if name == "company.revenue":
        return formats.money(value, settings.FILON_CURRENCY, places=0)
    if name == "company.siren":
        return f"{value[:3]}{formats.SPACE}{value[3:6]}{formats.SPACE}{value[6:]}"
    return words.value_of(name, value)


def _own_text(own: Custom, value: str) -> str:
    """A value of a custom field as it is read; one that its kind cannot hold, from before, as it stands."""
    if own.kind == "number" and read(own.kind, value) == value:
        return formats.number(Decimal(value))
    if own.kind == "date" and read(own.kind, value) == value:
        return formats.day(date.fromisoformat(value))
    if own.kind == "yes_no" and value in YES_NO:
        return _("Yes") if value == "yes" else _("No")
    return value


def _href(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name == "email":
        return f"mailto:{value}"
    if name == "phone":
        return f"tel:{value}"
    if name == "company.domain":
        return f"https://{value}"
    return str(value) if name in {"linkedin_url", "landing_page"} and str(value).startswith("https://") else ""


def _input(of: str, name: str) -> str:
    if (own := _custom(of, name)) is not None:
        return "select" if own.kind in {"choice", "yes_no"} else "text"
    if name in _LONG:
        return "textarea"
    if name in _SELECTED or name in {"channel", "class", "motion"}:
        return "select"
    return _INPUTS.get(name, "text")


def _custom(of: str, name: str) -> Custom | None:
    """The custom field of a name; None for one of ours, and for one nobody made."""
    return custom(of, name.removeprefix("attributes.")) if name.startswith("attributes.") else None


def _choices(of: str, name: str) -> Sequence[tuple[str, str]]:
    if (own := _custom(of, name)) is not None:
        return _own_choices(own)
    named = {"channel": fields.CHANNELS, "class": fields.CLASSES, "motion": fields.MOTIONS}.get(name)
    if named is None:
        return ()
    language = get_language() or "fr"
    empty = [] if name == "channel" else [("", formats.MISSING)]
    return [*empty, *((code, label.in_language(language)) for code, label in named.items())]


def _own_choices(own: Custom) -> Sequence[tuple[str, str]]:
    if own.kind == "yes_no":
        return [("", formats.MISSING), ("yes", _("Yes")), ("no", _("No"))]
    return [("", formats.MISSING), *((choice, choice) for choice in own.choices)] if own.kind == "choice" else ()


# One field, on its own ------------------------------------------------------------------------------------------------


def fetched(of: str, record_id: int, name: str, *, may_edit: bool, **more: Any) -> Property:
    """One field of a record as it is now, with the choices it may be given. Three statements at the most.

    No permission is checked: the caller has. Raises Refused (not found).
    """
    if of not in MODELS or not is_field(of, name):
        raise not_found(_("Field"))
    row = _row(of, record_id)
    found = prop(of, row, name, may_edit=may_edit, **more)
    return found if name not in _SELECTED else _with_records(found, name)


def _row(of: str, record_id: int) -> dict[str, Any]:
    model = MODELS[of]
    row = model._default_manager.filter(pk=record_id).values().first()
    if row is None:
        raise not_found(_("Record"))
    if of == "person":
        row["company"] = _name(Company, row["company_id"])
    if of == "company":
        row["owner_name"] = _name(User, row["owner_id"])
    if of == "lead":
        row["campaign_name"] = _name(Campaign, row["campaign_id"])
    return dict(row)


def _name(model: Any, row_id: int | None) -> str:
    return str(model.objects.filter(pk=row_id).values_list("name", flat=True).first() or "") if row_id else ""


def _with_records(found: Property, name: str) -> Property:
    records = (
        Campaign.objects.order_by("-id").values_list("pk", "name")
        if name == "campaign"
        else User.objects.filter(is_active=True).order_by("name_folded").values_list("pk", "name")
    )
    chosen = [(str(pk), text) for pk, text in records[:_MOST_CHOICES]]
    known = [(found.value, found.text)] if found.value and found.value not in dict(chosen) else []
    return replace(found, choices=[("", formats.MISSING), *known, *chosen])


def changed_by(of: str, record_id: int, name: str, *, by: Actor, at: datetime) -> str:
    """Who last changed a field of a record, and when: “Léa, 2 min ago”. Four statements at the most."""
    about = {"person": About(person_id=record_id), "company": About(company_id=record_id)}
    page = facts(about.get(of, About(lead_ids=[record_id])), by=by, kinds=Kinds({"fields_changed"}))
    for fact in page.facts:
        if fact.get("of") == of and name in fact.get("fields", ()):
            return f"{sentence(fact, page.names).who}, {formats.ago(fact.at, at)}"
    return ""
