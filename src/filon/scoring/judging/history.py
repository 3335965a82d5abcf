"""The acts of leads as the ledger tells them, in the order they happened."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from filon.core.conditions import LIVE_FACT_SQL
from filon.core.ledger import Event
from filon.core.models import Fact
from filon.kit import sql
from filon.scoring.judging.compiled import Act

_COLUMNS: Final = (
    "lead_id",
    "id",
    "kind",
    "at",
    "learnt_at",
    "door",
    "channel",
    "source",
    "campaign_id",
    "path",
    "value",
    "payload",
)
_SELECT: Final = f"SELECT {', '.join(f'fact.{name}' for name in _COLUMNS)} FROM core_fact fact WHERE "
_KNOWN: Final = (
    "fact.learnt_at <= %s "
    "AND NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id AND r.learnt_at <= %s) "
    "AND NOT EXISTS (SELECT 1 FROM core_fact u "
    "WHERE u.import_id = fact.import_id AND u.kind = 'import_undone' AND u.learnt_at <= %s)"
)


def acts_of(
    lead_ids: Collection[int], kinds: Collection[str], *, known_at: datetime | None = None
) -> dict[int, list[Act]]:
    """The acts of these kinds by lead, neither revoked nor by machines, in order. One statement.

    known_at: what was known at that moment (aware UTC); everything known by now when None.
    """
    if not lead_ids or not kinds:
        return {}
    of_leads, lead_params = sql.any_of("fact.lead_id", sorted(lead_ids))
    of_kinds, kind_params = sql.any_of("fact.kind", sorted(kinds))
    is_known, known_params = LIVE_FACT_SQL, list[Any]()
    if known_at is not None:
        is_known, known_params = _KNOWN, [connection.ops.adapt_datetimefield_value(known_at)] * 3
    rows = sql.fetch(
        f"{_SELECT}{of_leads} AND {of_kinds} AND NOT fact.is_machine AND {is_known}",
        [*lead_params, *kind_params, *known_params],
    )
    readers = sql.readers(Fact, _COLUMNS)
    found: dict[int, list[Act]] = {}
    for cells in rows:
        act = dict(zip(_COLUMNS, cells, strict=True))
        for position, reader in readers:
            if cells[position] is not None:
                act[_COLUMNS[position]] = reader(cells[position])
        act["at"] = min(act["at"], act["learnt_at"])
        found.setdefault(act["lead_id"], []).append(act)
    for acts in found.values():
        acts.sort(key=_order)
    return found


def act_of(event: Event, *, learnt_at: datetime, position: int) -> Act:
    """A fact that is about to be told, as `acts_of` will read it. position: its place among those told with it."""
    values = event.__dict__
    act = {**values, "kind": event.kind, "payload": values, "id": None, "position": position}
    act["at"] = min(event.at, learnt_at)
    if isinstance(values.get("value"), str):
        act["value"] = Decimal(values["value"])
    return act


def in_order(known: list[Act], told: list[Act]) -> list[Act]:
    """Acts of one lead from the ledger and told in this batch, in the order they happened."""
    return sorted([*known, *told], key=_order)


def _order(act: Act) -> tuple[datetime, bool, int]:
    """By time; at the same time what was told first, as the ledger's ids will have it."""
    return act["at"], act["id"] is None, act["id"] or act["position"]
