"""Bulk acts give leads to colleagues as routing does: `leads` lies below it and is told here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from filon.core.access import Actor
from filon.kit.errors import Refused
from filon.routing import commands as routing
from filon.routing.commands import Assignment


def assign(pairs: Sequence[tuple[int, int | None]], by: Actor, at: datetime) -> list[Refused | None]:
    """Give leads their owners, an answer each."""
    return routing.assign_leads([Assignment(lead_id, owner_id) for lead_id, owner_id in pairs], by=by, at=at)


def give_back(facts: Sequence[int], by: Actor, at: datetime) -> list[Refused | None]:
    """Take assignments back, named by their facts, an answer each."""
    return routing.return_leads(facts, by=by, at=at)
