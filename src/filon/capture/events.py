"""The facts told of capture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class CostRecorded(Event):
    """Money was spent on a channel, on a day or evenly over days."""

    cost_id: int
    channel: str
    campaign_id: int | None = None
    cost_kind: str
    value: Decimal
    currency: str
    date_from: date
    date_to: date


@dataclass(frozen=True, kw_only=True)
class ImportFinished(Event):
    """A file is in."""

    imported_id: int
    of: str
    created: int
    updated: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class ImportUndone(Event):
    """A whole import was taken back: every fact it left is revoked by this one."""

    imported_id: int


@dataclass(frozen=True, kw_only=True)
class CampaignAdded(Event):
    """A colleague declared a campaign, so that costs and leads can name it."""

    campaign_id: int
    channel: str
