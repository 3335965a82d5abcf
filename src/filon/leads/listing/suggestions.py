"""What there is to choose from: names of custom fields, colleagues who may own leads."""

from __future__ import annotations

from typing import Final

from filon.core.access import Actor
from filon.kit import sql
from filon.leads.customs.known import customs
from filon.leads.listing.filters import Colleague

_MOST: Final = 200


def attribute_names(*, looked_at: int = 300) -> list[str]:
    """Names of the custom fields of leads: those that were made, and those that the newest leads have. One statement of
    bounded cost."""
    newest = f'(SELECT attributes FROM "leads_lead" ORDER BY id DESC LIMIT {looked_at})'
    names = "jsonb_object_keys(lead.attributes)" if sql.is_postgresql() else "json_each(lead.attributes)"
    rows = sql.fetch(
        f"SELECT DISTINCT names.{'name' if sql.is_postgresql() else 'key'} FROM {newest} AS lead, {names} AS "
        f"names{'(name)' if sql.is_postgresql() else ''}"
    )
    names_here = {row[0] for row in rows} | {field.name for field in customs("lead")}
    return sorted(names_here, key=str.casefold)[:_MOST]


def colleagues(*, by: Actor) -> list[Colleague]:
    """Who may own leads, by name: for a manager their team. One statement."""
    scope, params = ("AND (team_id = %s OR id = %s)", [by.team_id, by.id]) if by.role == "manager" else ("", [])
    rows = sql.fetch(
        f"SELECT id, name FROM core_user WHERE is_active AND name <> '' {scope} ORDER BY name_folded, id LIMIT {_MOST}",
        params,
    )
    return [Colleague(*row) for row in rows]
