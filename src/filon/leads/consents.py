"""What people allow and refuse: who may say so, what stands, and the texts they agreed to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.leads.events import ConsentGiven, ConsentRefused
from filon.leads.models import Consent, ConsentText

_FIELD: Final = "consent.email"
_PURPOSE: Final = "email"


def replaces(said: bool, *, known: str | None, is_own_act: bool) -> bool:
    """Whether what is said now stands in the place of what is known (`given`, `refused` or None).

    A person's own act always counts, the same said again with its newer proof. What a file or a program says of
    somebody never turns a refusal into a consent: of two such sayings the stricter one stands.
    """
    return is_own_act or known is None or (known == Consent.State.GIVEN and not said)


def record_consents(batch: Batch) -> None:
    """Keep what entries say of consent, and tell it. Two statements when any says something."""
    said = [item for item in batch.going() if isinstance(item.entry.values.get(_FIELD), bool) and item.person]
    if not said:
        return
    rows = batch.rows(Consent)
    where, params = sql.any_of("person_id", sorted({item.person["id"] for item in said if item.person}))
    known = {row["person_id"]: row for row in rows.load(f"{where} AND purpose = '{_PURPOSE}'", params, lock=True)}
    for item in said:
        _record(batch, item, known)
    rows.number()


def _record(batch: Batch, item: Item, known: dict[int, dict[str, Any]]) -> None:
    person, entry = item.person, item.entry
    assert person is not None  # noqa: S101 — chosen by it
    is_given: bool = entry.values[_FIELD]
    before = known.get(person["id"])
    if not replaces(is_given, known=before["state"] if before else None, is_own_act=entry.door == "form"):
        return
    at: datetime = entry.values.get("captured_at") or entry.at
    cells = {
        "state": str(Consent.State.GIVEN if is_given else Consent.State.REFUSED),
        "text_id": entry.values.get("consent.text_id"),
        "door": entry.door,
        "at": at,
    }
    rows = batch.rows(Consent)
    if before is None:
        known[person["id"]] = rows.add(person_id=person["id"], purpose=_PURPOSE, import_id=batch.import_id, **cells)
    else:
        for column, value in (cells | {"import_id": batch.import_id}).items():
            rows.change(before, column, value)
    item.is_changed = True
    _tell(batch, item, cells)


def _tell(batch: Batch, item: Item, cells: Mapping[str, Any]) -> None:
    person = item.person
    assert person is not None  # noqa: S101 — as above
    kind = ConsentGiven if cells["state"] == Consent.State.GIVEN else ConsentRefused
    batch.tell(
        kind(
            at=cells["at"],
            person_id=person["id"],
            company_id=person["company_id"],
            purpose=_PURPOSE,
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
