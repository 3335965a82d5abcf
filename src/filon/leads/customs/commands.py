"""Making, changing and retiring custom fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.line import Batch
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.text import fold
from filon.leads.customs import known
from filon.leads.customs.values import KINDS
from filon.leads.events import CustomFieldSaved
from filon.leads.models import CustomField

MOST: Final = 200
MOST_CHOICES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a custom field shall be. choices: of a choice, in order."""

    of: str
    name: str
    kind: str
    choices: Sequence[str] = ()
    hint: str = ""


@transaction.atomic
def make(draft: Draft, *, by: Actor, at: datetime) -> CustomField:
    """Make a field of leads or accounts. Values that records have under this name already are its own from now on.

    Needs `fields.change`. Emits CustomFieldSaved. Raises Refused naming what is wrong.
    """
    by.require("fields.change")
    name = " ".join(draft.name.replace("\0", "").split())[:120]
    if not name:
        raise _wrong("name", _("Give the field a name."))
    if draft.of not in {"lead", "company"} or draft.kind not in KINDS:
        raise _wrong("kind", _("Choose one of these."))
    if CustomField.objects.filter(of=draft.of, name_folded=fold(name)).exists():
        raise _wrong("name", _("There is a field of this name."))
    if CustomField.objects.count() >= MOST:
        raise _wrong("name", _("There are too many fields: retire some first."))
    made = CustomField.objects.create(
        of=draft.of,
        name=name,
        name_folded=fold(name),
        kind=draft.kind,
        choices=_choices(draft),
        hint=draft.hint.strip()[:300],
        created_at=at,
    )
    _tell(made, by, at)
    return made


@transaction.atomic
def change(field_id: int, *, choices: Sequence[str], hint: str, is_retired: bool, by: Actor, at: datetime) -> None:
    """Change what a field offers, its hint, or whether it is offered at all; values that records have stay.

    Needs `fields.change`. Emits CustomFieldSaved. Raises Refused.
    """
    by.require("fields.change")
    field = CustomField.objects.select_for_update().filter(pk=field_id).first()
    if field is None:
        raise not_found(_("Field"))
    draft = Draft(of=field.of, name=field.name, kind=field.kind, choices=choices)
    field.choices, field.hint, field.is_retired = _choices(draft), hint.strip()[:300], is_retired
    field.save(update_fields=["choices", "hint", "is_retired"])
    _tell(field, by, at)


def _choices(draft: Draft) -> list[str]:
    if draft.kind != "choice":
        return []
    found: dict[str, str] = {}
    for line in draft.choices:
        if one := " ".join(line.replace("\0", "").split())[:120]:
            found.setdefault(fold(one), one)
    if len(found) < 2:
        raise _wrong("choices", _("Give at least two choices, one a line."))
    return list(found.values())[:MOST_CHOICES]


def _tell(field: CustomField, by: Actor, at: datetime) -> None:
    batch = Batch([], by=by, at=at)
    batch.tell(
        CustomFieldSaved(at=at, field_id=field.pk, of=field.of, kind_of_value=field.kind, is_retired=field.is_retired)
    )
    batch.write()
    transaction.on_commit(known.forget)
    known.forget()


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, Kind.INVALID, [{"field": field, "message": message}], "invalid")
