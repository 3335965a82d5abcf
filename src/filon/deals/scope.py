"""Which opportunities someone may see: a manager those of their team and those nobody owns, the others all."""

from __future__ import annotations

from collections.abc import Iterable

from filon.core.access import Actor
from filon.kit import sql


def opportunity_scope(actor: Actor) -> tuple[str, list[object]]:
    """A condition on `opportunity` for what this actor may see; empty when that is all."""
    if actor.role != "manager":
        return "", []
    return (
        "(opportunity.owner_id IS NULL OR opportunity.owner_id IN "
        "(SELECT id FROM core_user WHERE team_id = %s OR id = %s))",
        [actor.team_id, actor.id],
    )


def seen(ids: Iterable[int], by: Actor) -> list[int]:
    """Of these opportunities, those the actor may see. One statement."""
    where, params = sql.any_of("opportunity.id", sorted(set(ids)))
    scope, more = opportunity_scope(by)
    scoped = f" AND {scope}" if scope else ""
    statement = f"SELECT opportunity.id FROM deals_opportunity opportunity WHERE {where}{scoped}"
    return [row[0] for row in sql.fetch(statement, [*params, *more])]
