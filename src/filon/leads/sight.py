"""Which leads an actor may see: asked before anything is done with them."""

from __future__ import annotations

from collections.abc import Iterable

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql


def seen_by(actor: Actor, ids: Iterable[int]) -> dict[int, int]:
    """Those of these leads that the actor may see, with the id of their person. One statement."""
    wanted = sorted({lead_id for lead_id in ids if lead_id < 2**63})
    if not wanted:
        return {}
    where, params = sql.any_of("lead.id", wanted)
    scope, more = access.lead_scope(actor)
    scoped = f" AND {scope}" if scope else ""
    statement = f"SELECT lead.id, lead.person_id FROM leads_lead lead WHERE {where}{scoped}"
    return dict(sql.fetch(statement, [*params, *more]))
