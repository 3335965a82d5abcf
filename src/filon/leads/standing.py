"""What a program may say of where a known lead stands: no more than it could do by moving it.

A new lead begins where the system it comes from says. One that is known already is moved as `POST /leads/{id}/stage`
would: `opportunity`, `customer` and `attached` follow from opportunities, and a lead that stands there because of one
stays. Only `outcome: won` makes a known lead a customer, for who may change opportunities, while none is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from filon.core.access import Actor
from filon.core.line import Batch, Item
from filon.kit.text import fold_common
from filon.leads import commands, rules
from filon.leads.moving import FOLLOWS_DEALS

WithDeals = Callable[[Sequence[int]], set[int]]
_with_deals: WithDeals = lambda _ids: set()  # noqa: E731 — wired at start


def connect(with_deals: WithDeals) -> None:
    """Set who knows which of some leads have opportunities; called once at start."""
    global _with_deals  # noqa: PLW0603 — wired once, as `core.ledger.connect` is
    _with_deals = with_deals


def leave_to_deals(batch: Batch) -> None:
    """Put aside what the API says of the stages of known leads that only opportunities may say; a finding counts it.

    Two statements, none when no entry says a stage. Files may say anything: who runs imports takes over histories.
    """
    items = batch.going()
    telling = [item for item in items if item.entry.door == "api" and _told(item.entry.values)]
    if not telling:
        return
    known = commands.open_leads_of(batch, telling)
    bound = _with_deals([lead["id"] for lead in known.values() if lead["stage"] in FOLLOWS_DEALS])
    opened: dict[int, dict[str, Any]] = {}  # by earlier entries of this batch: the same as if they had come before
    told = {id(item) for item in telling}
    for item in items:
        assert item.person is not None  # noqa: S101 — identify_people sets it or refuses the item
        person_id = item.person["id"]
        lead = known.get(person_id) or opened.get(person_id)
        stage = _told(item.entry.values)
        if lead is not None and id(item) in told and not _may_move(lead, item, batch.by, is_bound=lead["id"] in bound):
            item.entry.values.pop("stage", None)
            item.entry.values.pop("outcome", None)
            batch.find("lead", "follows_deals", stage)
        elif lead is None and (not stage or rules.is_open(stage)):
            opened[person_id] = {"id": 0, "stage": stage}


def _told(values: Mapping[str, Any]) -> str:
    """The stage an entry says, by its outcome or by its name; empty when it says none."""
    by_outcome = {"won": "customer", "lost": "lost"}.get(values.get("outcome", ""))
    return by_outcome or rules.stage_named(fold_common(values.get("stage", ""))) or ""


def _may_move(lead: Mapping[str, Any], item: Item, by: Actor, *, is_bound: bool) -> bool:
    stage = _told(item.entry.values)
    if stage == lead["stage"]:
        return True
    if is_bound:
        return False
    is_won = item.entry.values.get("outcome") == "won" and by.may("deals.change")
    return stage not in FOLLOWS_DEALS or is_won
