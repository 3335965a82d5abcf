"""What can be asked of single opportunities, and who sells to an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.deals.rows import OpportunityRow, select
from filon.deals.scope import opportunity_scope
from filon.kit import sql
from filon.kit.errors import not_found


def opportunity(opportunity_id: int, *, by: Actor) -> OpportunityRow:
    """One opportunity. One statement. Raises Refused (not found) when the actor may not see it."""
    by.require("deals.see")
    found = opportunities_with([opportunity_id], by=by)
    if not found:
        raise not_found(_("Opportunity"))
    return found[0]


def opportunities_with(ids: Sequence[int], *, by: Actor) -> list[OpportunityRow]:
    """These opportunities as far as the actor may see them, in the order given. One statement."""
    if not ids:
        return []
    where, params = sql.any_of("opportunity.id", ids)
    scope, more = opportunity_scope(by)
    scoped = f"{where} AND {scope}" if scope else where
    by_id = {row.id: row for row in select(scoped, [*params, *more], "opportunity.id", len(ids))}
    return [by_id[row_id] for row_id in ids if row_id in by_id]


def open_deal_owners(company_ids: Iterable[int]) -> dict[int, int]:
    """Who sells to each of these accounts now: the owner of its latest open opportunity. One statement."""
    wanted = sorted(set(company_ids))
    if not wanted:
        return {}
    where, params = sql.any_of("company_id", wanted)
    found = sql.fetch(
        f"SELECT company_id, owner_id FROM deals_opportunity WHERE {where} AND state = 'open' "
        "AND owner_id IS NOT NULL ORDER BY created_at, id",
        params,
    )
    return dict(found)


def leads_with_deals(lead_ids: Sequence[int]) -> set[int]:
    """Those of these leads that have an opportunity, open or closed. One statement."""
    if not lead_ids:
        return set()
    where, params = sql.any_of("lead_id", lead_ids)
    return {row[0] for row in sql.fetch(f"SELECT DISTINCT lead_id FROM deals_opportunity WHERE {where}", params)}
