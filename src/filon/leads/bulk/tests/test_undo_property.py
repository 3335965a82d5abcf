"""Whatever series of bulk orders, single edits and undos: no undo overwrites a later edit; without one it restores."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from filon.core import access
from filon.core.access import Actor
from filon.core.models import User
from filon.leads import editing, moving
from filon.leads.bulk import commands
from filon.leads.bulk.commands import Draft
from filon.leads.listing.tests.conftest import submit
from filon.leads.models import Lead
from filon.leads.moving import Move
from filon.routing import commands as routing
from tests.frame.effort import examples

__all__ = ["submit"]
LEADS = 2
WHATS = ("owner", "stage", "source", "attributes.Vague")


def acts_on(whats: list[str]) -> st.SearchStrategy[list[Any]]:
    """A series about few values, so that its acts meet one another: there, back again, and over it."""
    act = st.tuples(
        st.sampled_from(["bulk", "bulk", "single", "single", "undo"]),
        st.sampled_from(whats),
        st.integers(0, 1),  # which of two values
        st.sampled_from([{0}, {1}, {0, 1}]),
        st.integers(0, 9),  # which order an undo is about
    )
    return st.lists(act, min_size=4, max_size=14)


def there_and_back(what: str) -> list[Any]:
    """Somebody changes a value, and changes it back."""
    return [("single", what, 1, {0}, 0), ("single", what, 0, {0}, 0)]


def one_over_another(what: str) -> list[Any]:
    """Two orders about the same leads, taken back from the last."""
    both = {0, 1}
    return [
        ("bulk", what, 0, both, 0),
        ("bulk", what, 1, both, 0),
        ("undo", what, 0, both, 1),
        ("undo", what, 0, both, 0),
    ]


SERIES = st.lists(st.sampled_from(WHATS), min_size=1, max_size=2, unique=True).flatmap(acts_on)


@dataclass
class Change:
    """A change of one value as the model remembers it."""

    order: int | None
    before: Any
    after: Any
    is_undone: bool = False


@dataclass
class Model:
    """What each value should be, by its history: an undo counts as if its change had never been."""

    now: dict[tuple[int, str], Any]
    history: dict[tuple[int, str], list[Change]] = field(default_factory=dict)

    def set(self, key: tuple[int, str], value: Any, order: int | None) -> None:
        if self.now[key] != value:
            self.history.setdefault(key, []).append(Change(order, self.now[key], value))
            self.now[key] = value

    def undo(self, order: int) -> tuple[int, int]:
        """How many values go back, and how many stay because of a later change that stands."""
        undone = kept = 0
        for key, changes in self.history.items():
            for place, change in enumerate(changes):
                if change.order != order or change.is_undone:
                    continue
                if all(later.is_undone for later in changes[place + 1 :]):
                    change.is_undone, self.now[key] = True, change.before
                    undone += 1
                else:
                    kept += 1
        return undone, kept


def values(owners: list[int | None]) -> dict[str, list[Any]]:
    return {
        "owner": owners,
        "stage": ["qualifying", "sql", "nurturing"],
        "source": ["Foire", "Web", ""],
        "attributes.Vague": ["1", "2", ""],
    }


def act_of(what: str, value: Any) -> tuple[str, dict[str, Any]]:
    if what == "owner":
        return "assign", {"owner_id": value}
    if what == "stage":
        return "move", {"stage": value}
    return "edit", {"field": what, "value": value}


def one_by_one(what: str, value: Any, lead_id: int, by: Actor, at: datetime) -> None:
    if what == "owner":
        routing.assign_lead(lead_id, value, by=by, at=at)
    elif what == "stage":
        moving.move_lead(Move(lead_id, value), by=by, at=at)
    else:
        editing.edit_lead(lead_id, {what: value}, by=by, at=at)


def said(lead_id: int, what: str) -> Any:
    lead = Lead.objects.get(pk=lead_id)
    if what == "owner":
        return lead.owner_id
    if what == "stage":
        return lead.stage
    return lead.source if what == "source" else lead.attributes.get("Vague", "")


def standing(lead: Lead) -> tuple[Any, ...]:
    return (lead.stage, lead.stage_since, lead.reached, lead.is_open, lead.reason, lead.owner_id, lead.source,
            lead.source_folded, lead.attributes, lead.attributes_folded, lead.edited)  # fmt: skip


@examples(120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(series=[("bulk", "owner", 0, {0}, 0), *there_and_back("owner"), ("undo", "owner", 0, {0}, 0)])
@example(series=[("bulk", "source", 0, {0}, 0), *there_and_back("source"), ("undo", "source", 0, {0}, 0)])
@example(series=one_over_another("owner"))
@example(series=one_over_another("attributes.Vague"))
@example(series=one_over_another("stage"))
@given(series=SERIES)
def test_an_undo_restores_what_nobody_has_changed_since_and_nothing_else(
    db: None, submit: Callable[..., Lead], make_user: Callable[..., User], at: datetime, series: list[Any]
) -> None:
    with transaction.atomic():
        _play(submit, make_user, at, series)
        transaction.set_rollback(True)


def _play(submit: Callable[..., Lead], make_user: Callable[..., User], at: datetime, series: list[Any]) -> None:
    boss = access.of_user(make_user("ops"))
    choices = values([make_user("sdr").pk, make_user("sdr").pk, None])
    leads = [submit(source="Salon").pk for _each in range(LEADS)]
    model = Model({(lead_id, what): said(lead_id, what) for lead_id in leads for what in WHATS})
    first = {lead_id: standing(Lead.objects.get(pk=lead_id)) for lead_id in leads}
    orders: list[int] = []
    for step, (kind, what, choice, places, number) in enumerate(series):
        now, value = at + timedelta(minutes=step), choices[what][choice]
        ids = sorted(leads[place] for place in places)
        if kind == "undo":
            if orders:
                order_id = orders.pop(number % len(orders))
                done = commands.undo(order_id, by=boss, at=now)
                assert (done.undone, done.kept) == model.undo(order_id)
        elif kind == "single":
            for lead_id in ids:
                one_by_one(what, value, lead_id, boss, now)
                model.set((lead_id, what), value, None)
        else:
            act, how = act_of(what, value)
            asked = Draft(act=act, what=how, token=str(uuid.uuid4()), ids=tuple(ids), announced=len(ids))
            made = commands.order(asked, by=boss, at=now)
            orders.append(made.pk)
            for lead_id in ids:
                model.set((lead_id, what), value, made.pk)
        assert {key: said(*key) for key in model.now} == model.now, f"{step}: {series}"
    for lead_id in leads:
        if all(change.is_undone for key, changes in model.history.items() if key[0] == lead_id for change in changes):
            assert standing(Lead.objects.get(pk=lead_id)) == first[lead_id]
