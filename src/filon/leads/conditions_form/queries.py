"""What the form suggests: names of custom fields, of owners, sources and campaigns."""

from __future__ import annotations

from typing import Final

from filon.core.access import Actor
from filon.kit import sql

_LOOKED_AT: Final = 300
_MOST: Final = 100
_NEWEST: Final = f'(SELECT * FROM "leads_lead" ORDER BY id DESC LIMIT {_LOOKED_AT})'


def attribute_names() -> list[str]:
    """Names of the custom fields that the newest leads have. One statement of bounded cost."""
    keys = "jsonb_object_keys(lead.attributes)" if sql.is_postgresql() else "json_each(lead.attributes)"
    column = "names.name" if sql.is_postgresql() else "names.key"
    alias = "names(name)" if sql.is_postgresql() else "names"
    rows = sql.fetch(f"SELECT DISTINCT {column} FROM {_NEWEST} AS lead, {keys} AS {alias}")
    return sorted((row[0] for row in rows), key=str.casefold)[:_MOST]


def suggestions(field: str, *, by: Actor) -> list[str]:
    """Values that a field has: all owners and campaigns, the sources and sectors of the newest leads. One statement."""
    by.require("leads.see")
    statements = {
        "owner": "SELECT name FROM core_user WHERE is_active ORDER BY name_folded",
        "campaign": "SELECT name FROM leads_campaign ORDER BY name_folded",
        "source": f"SELECT DISTINCT source FROM {_NEWEST} AS lead WHERE source <> '' ORDER BY source",
        "company.sector": (
            f"SELECT DISTINCT company.sector FROM {_NEWEST} AS lead "
            "JOIN leads_company AS company ON company.id = lead.company_id WHERE company.sector <> '' ORDER BY 1"
        ),
    }
    statement = statements.get(field)
    return [row[0] for row in sql.fetch(f"{statement} LIMIT {_MOST}")] if statement else []
