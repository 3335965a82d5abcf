"""What can be asked of the scoring. Frozen rows, known cost."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _

from filon.core.access import Actor, lead_scope
from filon.kit import sql
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import fields
from filon.leads.models import Campaign, Company, Lead, Person
from filon.scoring import versions
from filon.scoring.judging import history, past
from filon.scoring.judging.explanation import Explanation, explained

_TABLES: Final[tuple[tuple[str, type[models.Model]], ...]] = (
    ("lead", Lead),
    ("person", Person),
    ("company", Company),
    ("campaign", Campaign),
)


def explain(lead_id: int, *, at: datetime, by: Actor) -> Explanation:
    """Why a lead's scores are what they are at `at` (aware UTC), by the version in force and what was known then.

    Five statements at most. Raises Refused: forbidden, not found (a lead the actor may not see, too), or invalid
    when the lead was not known yet.
    """
    by.require("leads.see")
    rows = _rows_of(lead_id, by)
    lead = rows["lead"]
    assert lead is not None  # noqa: S101 — found or refused
    if at < lead["created_at"]:
        raise Refused(_("This lead was not known yet at that date."), Kind.INVALID, code="not_known_yet")
    compiled = versions.in_force(at)
    if compiled is None:
        raise Refused(_("There are no scoring rules yet."), Kind.CONFLICT, code="no_scoring")
    acts = history.acts_of([lead_id], compiled.kinds, known_at=at)
    return explained(compiled, past.known_at(rows, at), acts.get(lead_id, []), at)


def _rows_of(lead_id: int, by: Actor) -> dict[str, past.Row | None]:
    """A lead's own row and those of its person, company and campaign. One statement."""
    columns = [(alias, model, column) for alias, model in _TABLES for column in _columns(model)]
    names = ", ".join(f'{alias}."{column}"' for alias, _model, column in columns)
    scope, params = lead_scope(by)
    found = sql.fetch(
        f"SELECT {names} FROM {fields.source()} WHERE lead.id = %s{f' AND {scope}' if scope else ''}",
        [lead_id, *params],
    )
    if not found:
        raise not_found(_("Lead"))
    rows: dict[str, past.Row | None] = {}
    cells = list(found[0])
    for alias, model in _TABLES:
        names_here = _columns(model)
        own, cells = cells[: len(names_here)], cells[len(names_here) :]
        rows[alias] = _row(model, names_here, own) if own[0] is not None else None
    return rows


def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(str(item.column) for item in model._meta.concrete_fields)


def _row(model: type[models.Model], names: tuple[str, ...], cells: list[Any]) -> past.Row:
    row = dict(zip(names, cells, strict=True))
    for position, reader in sql.readers(model, names):
        if cells[position] is not None:
            row[names[position]] = reader(cells[position])
    return row
