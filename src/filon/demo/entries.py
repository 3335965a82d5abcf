"""What the story says as entries of the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from filon.core.line import Entry
from filon.demo.journey import Arrival, Scene
from filon.demo.story import Story

SYSTEM: Final = "demo"
"""The system the opportunities of the story belong to."""


def by_moment(story: Story) -> list[tuple[datetime, Scene]]:
    """The scenes with the moment at which they become known: nothing is, of somebody who has not come in yet."""
    known = [(max(scene.at, story.arrivals[scene.lead].at), scene) for scene in story.scenes]
    return sorted(known, key=lambda each: (each[0], each[1].at, each[1].lead))


def of_arrival(arrival: Arrival) -> Entry:
    """A lead that comes in, with what its form asked."""
    values = arrival.contact.values | arrival.extra | {"captured_at": arrival.at, "channel": arrival.channel.code}
    if arrival.has_source:
        values["source"] = arrival.channel.source
    else:
        values |= {"channel": "unknown", "medium": ""}
    values |= {name: value for name, value in (("campaign", arrival.campaign), ("owner", arrival.owner)) if value}
    account = arrival.contact.account
    slip = ("misspelt_sector", f"company.sector: {account.spelt} → {account.sector}")
    return Entry(
        kind="lead",
        door=arrival.channel.door,
        at=arrival.at,
        values=values,
        attributes=arrival.attributes,
        findings=[slip] if account.spelt != account.sector else [],
    )


def of_deal(key: str, at: datetime, values: dict[str, Any], *, is_live: bool) -> Entry:
    """What someone says of an opportunity at a moment; `key` names it."""
    digest = f"{at:%Y%m%d%H%M%S}{values['stage']}"[:32]
    return Entry(
        kind="opportunity",
        door="manual",
        at=at,
        values=values,
        is_live=is_live,
        system=SYSTEM,
        key=key,
        digest=digest,
    )


def grouped(items: Sequence[Any], key: Callable[[Any], str]) -> list[tuple[str, list[Any]]]:
    """Items by key, keys in order, items in theirs."""
    ordered = sorted(items, key=key)
    return [(name, list(group)) for name, group in groupby(ordered, key)]
