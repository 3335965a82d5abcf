"""Taking back what a colleague has just logged by mistake: the act counts no more, and its lead is as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.core.line import Batch, Item
from filon.kit import sql
from filon.leads import asking, giving_back
from filon.leads.events import ACTS, ActUndone
from filon.leads.models import Lead, Person

WITHIN: Final = timedelta(minutes=10)
"""How long an act can be taken back: afterwards others have seen it and gone on from it."""


class _Act(NamedTuple):
    id: int
    kind: str
    lead_id: int | None
    person_id: int | None
    at: datetime | None
    logged_at: datetime | None
    author: tuple[str, int | None]


def take_back_acts(batch: Batch) -> None:
    """The step of the line that takes acts back, each named by its fact (`fact_id`). Emits ActUndone.

    Only who logged an act takes it back, within ten minutes. Six statements; people are locked before their leads.
    """
    items = batch.going()
    found = _acts(item.entry.values["fact_id"] for item in items)
    batch.rows(Person).load_ids((act.person_id for act in found.values() if act.person_id), lock=True)
    rows = batch.rows(Lead)
    rows.load_ids((act.lead_id for act in found.values() if act.lead_id), lock=True)
    gone: dict[int, _Act] = {}
    for item in items:
        act = found.get(item.entry.values["fact_id"])
        if _refuses(batch, item, act) or act is None or act.lead_id is None:
            continue
        item.lead, gone[act.id] = rows.by_id[act.lead_id], act
        assert act.at is not None  # noqa: S101 — every fact has its times
        assert act.logged_at is not None  # noqa: S101
        batch.tell(
            ActUndone(
                at=batch.at,
                lead_id=act.lead_id,
                person_id=act.person_id,
                act=act.kind,
                acted_at=act.at,
                logged_at=act.logged_at,
                revokes_id=act.id,
            )
        )
    _mark_again(batch, gone)


def _acts(fact_ids: Iterable[int]) -> dict[int, _Act]:
    where, params = sql.any_of("fact.id", sorted(set(fact_ids)))
    return {
        row[0]: _Act(row[0], row[1], row[2], row[3], sql.as_utc(row[4]), sql.as_utc(row[5]), (row[6], row[7]))
        for row in sql.fetch(
            "SELECT fact.id, fact.kind, fact.lead_id, fact.person_id, fact.at, fact.learnt_at, fact.actor_kind, "
            f"fact.actor_id FROM core_fact fact WHERE {where} AND {LIVE_FACT_SQL}",
            params,
        )
    }


def _refuses(batch: Batch, item: Item, act: _Act | None) -> bool:
    if act is None or act.kind not in ACTS or act.lead_id is None:
        item.refuse(_("There is nothing to take back: it was taken back already, or is not there."), code="nothing")
    elif act.author != (batch.by.kind, batch.by.id):
        item.refuse(_("Only who logged it can take it back."), code="forbidden")
    elif act.logged_at is None or batch.at - act.logged_at > WITHIN:
        item.refuse(_("It can be taken back for ten minutes. Log what is true, or write a note."), code="too_late")
    return item.refusal is not None


def _mark_again(batch: Batch, gone: Mapping[int, _Act]) -> None:
    """Have the leads of acts that are gone (by fact) show what they showed before."""
    if not gone:
        return
    rows = batch.rows(Lead)
    logged = {act.lead_id: act.logged_at for act in gone.values() if act.lead_id and act.logged_at}
    for lead_id, (kind, at) in giving_back.last_acts(logged, without=gone).items():
        rows.change(rows.by_id[lead_id], "last_act", kind)
        rows.change(rows.by_id[lead_id], "last_act_at", at)
    for lead_id in logged:
        rows.change(rows.by_id[lead_id], "version", rows.by_id[lead_id]["version"] + 1)
        rows.change(rows.by_id[lead_id], "updated_at", batch.at)
    asking.reopen(batch, logged)
