"""What people allow and refuse: who may say so, what stands, and the texts they agreed to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from filon.core.access import SYSTEM
from filon.core.line import Batch, Item, Rows
from filon.kit import sql
from filon.leads import giving_back
from filon.leads.events import ConsentGiven, ConsentRefused
from filon.leads.models import CONSENT_PURPOSES, Consent, ConsentText, Person

_OWN_DOORS: Final = frozenset({"form", "mail"})
"""Doors through which the person themselves speaks: a form they fill in, a link in a message to them."""
_PROVED_DOORS: Final = frozenset({"mail"})
"""Those through which only they can speak: anybody can type somebody's address into a form."""

_SAID: Final[Mapping[str, Consent.State]] = {
    ConsentGiven.kind: Consent.State.GIVEN,
    ConsentRefused.kind: Consent.State.REFUSED,
}
"""What the facts of consent say."""


def field_of(purpose: str) -> str:
    """The field of an entry in which consent to a purpose is told; that of the words shown is `text_of`."""
    return f"consent.{purpose}"


def text_of(purpose: str) -> str:
    """The field of an entry that names the `ConsentText` under which consent was given."""
    return f"consent.{purpose}.text_id"


def replaces(said: bool, *, known: str | None, is_own_act: bool, is_proved: bool = False) -> bool:
    """Whether what is said now stands in the place of what is known (`given`, `refused` or None).

    A person's own act counts, the same said again with its newer proof; what a file or a program says of somebody is
    the stricter of two such sayings. A refusal becomes a consent only by an act that nobody but they could do
    (is_proved): the link in a message to them.
    """
    if said and known == Consent.State.REFUSED:
        return is_proved
    return is_own_act or known is None or (known == Consent.State.GIVEN and not said)


def record_consents(batch: Batch) -> None:
    """Keep what entries say of consent, and tell it. Two statements when any says something."""
    said = [
        (item, purpose)
        for item in batch.going()
        for purpose in CONSENT_PURPOSES
        if isinstance(item.entry.values.get(field_of(purpose)), bool) and item.person
    ]
    if not said:
        return
    rows = batch.rows(Consent)
    where, params = sql.any_of("person_id", sorted({item.person["id"] for item, _ in said if item.person}))
    known = {(row["person_id"], row["purpose"]): row for row in rows.load(where, params, lock=True)}
    for item, purpose in said:
        _record(batch, item, purpose, known)
    rows.number()


_Known = dict[tuple[int, str], dict[str, Any]]


def _record(batch: Batch, item: Item, purpose: str, known: _Known) -> None:
    person, entry = item.person, item.entry
    assert person is not None  # noqa: S101 — chosen by it
    is_given: bool = entry.values[field_of(purpose)]
    before = known.get((person["id"], purpose))
    is_own_act, is_proved = entry.door in _OWN_DOORS, entry.door in _PROVED_DOORS
    state = before["state"] if before else None
    if not replaces(is_given, known=state, is_own_act=is_own_act, is_proved=is_proved):
        return
    at: datetime = entry.values.get("captured_at") or entry.at
    if before is not None and before["state"] == Consent.State.REFUSED and before["at"] > at:
        return  # said before the refusal and taken in after it: the refusal stands
    cells = {
        "state": str(Consent.State.GIVEN if is_given else Consent.State.REFUSED),
        "text_id": entry.values.get(text_of(purpose)),
        "door": entry.door,
        "at": at,
    }
    rows = batch.rows(Consent)
    if before is None:
        new = {"person_id": person["id"], "purpose": purpose, "import_id": batch.import_id}
        known[person["id"], purpose] = rows.add(**new, **cells)
    else:
        for column, value in (cells | {"import_id": batch.import_id}).items():
            rows.change(before, column, value)
    item.is_changed = True
    _tell(batch, item, purpose, cells)


def _tell(batch: Batch, item: Item, purpose: str, cells: Mapping[str, Any]) -> None:
    person = item.person
    assert person is not None  # noqa: S101 — as above
    kind = ConsentGiven if cells["state"] == Consent.State.GIVEN else ConsentRefused
    batch.tell(
        kind(
            at=cells["at"],
            person_id=person["id"],
            company_id=person["company_id"],
            purpose=purpose,
            text_id=cells["text_id"],
            door=item.entry.door,
            path=item.entry.values.get("path", ""),
        )
    )


def keep_text(text: str, *, at: datetime) -> int | None:
    """The id of a consent text, kept once however many forms use it; None for none."""
    if not text:
        return None
    digest = hashlib.sha256(text.encode()).hexdigest()
    kept, _is_new = ConsentText.objects.get_or_create(digest=digest, defaults={"text": text, "created_at": at})
    return int(kept.pk)


def state_of(person_id: int, purpose: str) -> str:
    """What a person says of a purpose: given, refused, or empty when never asked. One statement."""
    states = Consent.objects.filter(person_id=person_id, purpose=purpose).values_list("state", flat=True)
    return str(states.first() or "")


def give_back(import_id: int, *, at: datetime) -> None:
    """Return what an import that is undone said of consents to what people say without it.

    That is the last saying of each purpose that still counts, with its proof; none leaves the purpose as never asked.
    In pages, each a transaction; a row that has gone back is no row of the import, so it may run twice.
    """
    while True:
        with transaction.atomic():
            ids = list(Consent.objects.filter(import_id=import_id).values_list("pk", flat=True)[: giving_back.PAGE])
            if not ids:
                return
            _return(ids)


def _return(ids: list[int]) -> None:
    """Three statements and one a kind of change."""
    rows = Rows(Consent)
    rows.load_ids(ids, lock=True)
    told = giving_back.changes_of("person", {row["person_id"] for row in rows.by_id.values()}, _SAID)
    never_asked = []
    for row in rows.by_id.values():
        said = [
            fact for fact in told.get(row["person_id"], []) if fact.counts and fact.payload["purpose"] == row["purpose"]
        ]
        if not said:
            never_asked.append(row["id"])
            continue
        for column, value in _as_said(said[-1]).items():
            rows.change(row, column, value)
    rows.write()
    sql.delete_rows(Consent, never_asked)


def _as_said(fact: giving_back.Told) -> dict[str, Any]:
    return {
        "state": str(_SAID[fact.kind]),
        "text_id": fact.payload.get("text_id"),
        "door": fact.door,
        "at": fact.at,
        "import_id": fact.import_id,
    }


@transaction.atomic
def refuse(person_id: int, purpose: str, *, door: str, at: datetime) -> None:
    """A person takes a consent back themselves. Emits ConsentRefused, unless they have refused already."""
    batch = Batch([], by=SYSTEM, at=at)
    batch.rows(Person).load_ids([person_id], lock=True)
    person = batch.rows(Person).by_id.get(person_id)
    if person is None:
        return
    rows = batch.rows(Consent)
    known = rows.load("person_id = %s AND purpose = %s", [person_id, purpose], lock=True)
    cells = {"state": str(Consent.State.REFUSED), "text_id": None, "door": door, "at": at, "import_id": None}
    if not known:
        rows.add(person_id=person_id, purpose=purpose, **cells)
    elif known[0]["state"] == Consent.State.REFUSED:
        return
    else:
        for column, value in cells.items():
            rows.change(known[0], column, value)
    batch.tell(ConsentRefused(at=at, person_id=person_id, company_id=person["company_id"], purpose=purpose, door=door))
    batch.write()
