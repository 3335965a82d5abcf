"""Campaigns and colleagues that entries name: found by folded name, or made so that nothing is dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models

from filon.core.line import Batch, Item
from filon.core.models import User
from filon.kit import sql
from filon.kit.text import fold_common
from filon.leads.models import Campaign
from filon.leads.rules import CHANNELS


def campaign_key(name: str) -> str:
    """How `campaigns` calls a campaign of this name."""
    return fold_common(name)[:200]


def owner_key(name: str) -> str:
    """How `owners` calls a colleague of this name or e-mail."""
    return fold_common(name)[:150]


def campaigns(batch: Batch, items: Iterable[Item]) -> dict[str, int]:
    """Campaign ids by folded name; one not known yet is made and shown as a finding. Two statements at the most."""
    named = _named(items, "campaign", campaign_key)
    known = _known(batch, Campaign, named)
    rows = batch.rows(Campaign)
    for folded, (name, item) in named.items():
        if folded not in known:
            channel = item.entry.values.get("channel") or "unknown"
            rows.add(
                name=name[:200],
                name_folded=folded,
                channel=channel if channel in CHANNELS else "unknown",
                created_at=batch.at,
            )
            batch.find("campaign", "unknown_campaign", name)
    return _numbered(batch, Campaign, known)


def owners(batch: Batch, items: Iterable[Item], field: str = "owner") -> dict[str, int]:
    """User ids by folded name or e-mail; one not known yet is kept by name, without sign-in, and is a finding."""
    named = _named(items, field, owner_key)
    known = _known(batch, User, named)
    emails = [folded for folded in named if "@" in folded and folded not in known]
    if emails:
        where, params = sql.any_of("email", emails)
        known.update({row["email"]: row["id"] for row in batch.rows(User).load(where, params)})
    rows = batch.rows(User)
    for folded, (name, _item) in named.items():
        if folded not in known:
            email = folded if "@" in folded else None
            rows.add(
                name=name[:150],
                name_folded=folded,
                email=email,
                password="!",  # noqa: S106 — nobody signs in with it
                role="sales",
                created_at=batch.at,
            )
            batch.find("user", "unknown_owner", name)
    return _numbered(batch, User, known)


def _named(items: Iterable[Item], field: str, key: Callable[[str], str]) -> dict[str, tuple[str, Item]]:
    """Each name given for `field`, by its key (folded, as long as its column), with the first entry."""
    named: dict[str, tuple[str, Item]] = {}
    for item in items:
        name = item.entry.values.get(field)
        if name:
            named.setdefault(key(name), (name, item))
    return named


def _known(batch: Batch, model: type[models.Model], named: dict[str, Any]) -> dict[str, int]:
    if not named:
        return {}
    rows = batch.rows(model)
    known = {row["name_folded"]: row["id"] for row in rows.by_id.values()}
    missing = [folded for folded in named if folded not in known]
    if missing:
        where, params = sql.any_of("name_folded", missing)
        known.update({row["name_folded"]: row["id"] for row in rows.load(where, params)})
    return known


def _numbered(batch: Batch, model: type[models.Model], known: dict[str, int]) -> dict[str, int]:
    rows = batch.rows(model)
    rows.number()
    return known | {row["name_folded"]: row["id"] for row in rows.new}
