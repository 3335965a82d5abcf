"""What a deal does to its lead and its account: one deal, one customer.

A lead is `customer` with its first won deal and `lost` only when its last open one is lost. Winning makes the account
a customer, and its other open leads are attached to the deal. A deal reopened takes back what it alone had done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from filon.core.line import Batch
from filon.deals.changes import Move
from filon.deals.models import Opportunity
from filon.kit import sql
from filon.leads import stages
from filon.leads.models import Company, Lead
from filon.leads.rules import RANK

Row = dict[str, Any]


def follow(batch: Batch, moves: Sequence[Move]) -> None:
    """Move the leads and mark the accounts of these deals. Eight statements at the most, none without moves."""
    moved = [move for move in moves if move.ids("lead_id") or move.ids("company_id")]
    if not moved:
        return
    batch.rows(Lead).load_ids(set().union(*(move.ids("lead_id") for move in moved)), lock=True)
    _move_leads(batch, moved)
    _mark_accounts(batch, moved)
    _attach_others(batch, moved)


def load_leads(batch: Batch, rows: Iterable[Row]) -> None:
    """Have the leads of these opportunities in the batch."""
    batch.rows(Lead).load_ids((row["lead_id"] for row in rows if row["lead_id"]), lock=True)


def _move_leads(batch: Batch, moves: Sequence[Move]) -> None:
    leads = batch.rows(Lead).by_id
    lead_ids = sorted(set().union(*(move.ids("lead_id") for move in moves)) & leads.keys())
    if not lead_ids:
        return
    batch.rows(Opportunity).load(*sql.any_of("lead_id", lead_ids))
    deals: dict[int, list[Row]] = {lead_id: [] for lead_id in lead_ids}
    for row in _known(batch):
        if row["lead_id"] in deals:
            deals[row["lead_id"]].append(row)
    reopened = set().union(*(move.ids("lead_id") for move in moves if move.was_state in {"won", "lost"}))
    blocked = _with_other_open_lead([leads[lead_id] for lead_id in lead_ids])
    for lead_id in lead_ids:
        lead, was_closed = leads[lead_id], lead_id in reopened
        # A lost lead comes back with any open deal of its own, a customer only when a deal that made it one is undone.
        may_return = was_closed or bool(lead["stage"] == "lost" and deals[lead_id])
        comes_back = lead["stage"] in {"customer", "lost"} and may_return and lead_id not in blocked
        _move_lead(batch, lead, deals[lead_id], comes_back=comes_back)


def _move_lead(batch: Batch, lead: Row, deals: Sequence[Row], *, comes_back: bool) -> None:
    """Put a lead where its deals say it is; another exit than a loss is left to people."""
    won = [row for row in deals if row["state"] == "won"]
    still_open = [row for row in deals if row["state"] == "open"]
    if won:
        _win(batch, lead, min(won, key=lambda row: row["won_at"]))
    elif comes_back and (still_open or not deals):
        stages.move(batch, lead, "opportunity", at=batch.at)
    elif still_open:
        if lead["is_open"]:
            _enter_opportunity(batch, lead, still_open, before=None)
        elif lead["stage"] != "customer":
            batch.find("opportunity", "opportunity_of_exited_lead", still_open[0]["name"])
    elif deals and (lead["is_open"] or (lead["stage"] == "customer" and comes_back)):
        _lose(batch, lead, deals)


def _win(batch: Batch, lead: Row, deal: Row) -> None:
    won_at = deal["won_at"]
    _enter_opportunity(batch, lead, [deal], before=won_at)
    is_early = won_at < lead["captured_at"] or (lead["responded_at"] and won_at < lead["responded_at"])
    if stages.move(batch, lead, "customer", at=won_at) and is_early:
        batch.find("opportunity", "won_before_first_contact", deal["name"])


def _lose(batch: Batch, lead: Row, deals: Sequence[Row]) -> None:
    last = max(deals, key=lambda row: row["lost_at"])
    _enter_opportunity(batch, lead, deals, before=last["lost_at"])
    stages.move(batch, lead, "lost", at=last["lost_at"], reason=last["reason"])


def _enter_opportunity(batch: Batch, lead: Row, deals: Sequence[Row], *, before: datetime | None) -> None:
    """An open lead becomes an opportunity with its first deal, unless nobody knows since when that deal exists."""
    known = [row["created_at"] for row in deals if row["is_created_at_known"] or before is None]
    if lead["is_open"] and RANK[lead["stage"]] < RANK["opportunity"] and known:
        since = min(known)
        if before is None or since <= before:
            stages.move(batch, lead, "opportunity", at=since)


def _with_other_open_lead(leads: Sequence[Row]) -> set[int]:
    """Of these closed leads, those whose person has opened another one since: they cannot be open too."""
    closed = [lead for lead in leads if not lead["is_open"]]
    if not closed:
        return set()
    where, params = sql.any_of("person_id", sorted({lead["person_id"] for lead in closed}))
    found = sql.fetch(f"SELECT person_id, product_line FROM leads_lead WHERE {where} AND is_open", params)
    taken = set(found)
    return {lead["id"] for lead in closed if (lead["person_id"], lead["product_line"]) in taken}


def _mark_accounts(batch: Batch, moves: Sequence[Move]) -> None:
    """A won deal makes the account a customer; a win taken back unmakes it unless another deal was won there."""
    won = {move.row["company_id"] for move in moves if move.row["state"] == "won"} - {None}
    taken_back = set().union(*(move.ids("company_id") for move in moves if move.was_state == "won")) - won
    if not won and not taken_back:
        return
    rows = batch.rows(Company)
    rows.load_ids(won | taken_back, lock=True)
    for company_id in sorted(won):
        rows.change(rows.by_id[company_id], "is_customer", True)
    for company_id in sorted(taken_back - _still_customers(batch, taken_back)):
        rows.change(rows.by_id[company_id], "is_customer", False)


def _still_customers(batch: Batch, company_ids: set[int]) -> set[int]:
    if not company_ids:
        return set()
    here = {row["id"] for row in _known(batch)}
    where, params = sql.any_of("company_id", sorted(company_ids))
    not_here, ids = sql.any_of("id", sorted(here))
    found = sql.fetch(
        f"SELECT DISTINCT company_id FROM deals_opportunity WHERE {where} AND state = 'won' AND NOT ({not_here})",
        [*params, *ids],
    )
    mine = {row["company_id"] for row in _known(batch) if row["state"] == "won"}
    return {row[0] for row in found} | mine


def _attach_others(batch: Batch, moves: Sequence[Move]) -> None:
    """Attach the account's other open leads that came before the win and sell nothing of their own."""
    won: dict[int, Row] = {}
    for move in moves:
        row = move.row
        if row["state"] == "won" and move.was_state != "won" and row["company_id"]:
            known = won.get(row["company_id"])
            if known is None or row["won_at"] > known["won_at"]:
                won[row["company_id"]] = row
    if not won:
        return
    where, params = sql.any_of("company_id", sorted(won))
    loaded = batch.rows(Lead).load(f"{where} AND is_open AND motion IN ('', 'new')", params, lock=True)
    leads = [lead for lead in loaded if lead["is_open"] and lead["captured_at"] <= won[lead["company_id"]]["won_at"]]
    sellers = _with_open_deal(batch, [lead["id"] for lead in leads])
    for lead in leads:
        deal = won[lead["company_id"]]
        if lead["id"] not in sellers and lead["id"] != deal["lead_id"]:
            stages.move(batch, lead, "attached", at=deal["won_at"], reason=f"opportunity:{deal['id']}")


def _with_open_deal(batch: Batch, lead_ids: Sequence[int]) -> set[int]:
    """Of these leads, those with an open deal of their own."""
    if not lead_ids:
        return set()
    where, params = sql.any_of("lead_id", lead_ids)
    here = {row["id"]: row for row in _known(batch)}
    found = sql.fetch(f"SELECT id, lead_id FROM deals_opportunity WHERE {where} AND state = 'open'", params)
    mine = {row["lead_id"] for row in here.values() if row["state"] == "open" and row["lead_id"]}
    return mine | {lead_id for row_id, lead_id in found if row_id not in here}


def _known(batch: Batch) -> Iterable[Row]:
    """The opportunities the batch holds, as they are now. All have ids by then."""
    return batch.rows(Opportunity).by_id.values()
