"""Moving leads by hand: who may, where to, why not, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from filon.core import access
from filon.core.access import Actor
from filon.core.models import Fact, Team, User
from filon.deals.rules import LOST_REASONS
from filon.kit.errors import Kind, Refused
from filon.leads import moving, reasons
from filon.leads.listing.tests.conftest import submit
from filon.leads.models import Lead
from filon.leads.moving import Move

__all__ = ["submit"]
Submit = Callable[..., Lead]


def move(lead: Lead, stage: str, by: Actor, at: datetime, **more: Any) -> None:
    moving.move_lead(Move(lead.pk, stage, **more), by=by, at=at)
    lead.refresh_from_db()


def refused(lead: Lead, stage: str, by: Actor, at: datetime, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        move(lead, stage, by, at, **more)
    lead.refresh_from_db()
    return caught.value


@pytest.fixture
def sdr(db: None, make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("sdr"))


def test_a_move_is_written_told_and_seen_as_a_new_version(db: None, submit: Submit, sdr: Actor, at: datetime) -> None:
    lead = submit()
    move(lead, "sql", sdr, at, seen="captured", version=0)
    assert (lead.stage, lead.stage_since, lead.reached, lead.version, lead.is_open) == ("sql", at, 4, 1, True)
    fact = Fact.objects.get(kind="stage_changed")
    assert (fact.lead_id, fact.actor_id, fact.payload) == (
        lead.pk,
        sdr.id,
        {"from_stage": "captured", "to_stage": "sql"},
    )


def test_many_leads_cost_a_constant_number_of_statements(
    db: None, submit: Submit, admin: Actor, at: datetime, django_assert_max_num_queries: Any
) -> None:
    leads = [submit() for _each in range(12)]
    from django.db import transaction

    with transaction.atomic(), django_assert_max_num_queries(14):
        assert moving.move_leads([Move(lead.pk, "qualifying") for lead in leads], by=admin, at=at) == [None] * 12
    assert Lead.objects.filter(stage="qualifying").count() == 12


def test_one_bad_item_does_not_sink_the_others(db: None, submit: Submit, admin: Actor, at: datetime) -> None:
    good = submit()
    from django.db import transaction

    with transaction.atomic():
        answers = moving.move_leads([Move(10**9, "mql"), Move(good.pk, "lost"), Move(good.pk, "mql")], by=admin, at=at)
    assert [answer and answer.code for answer in answers] == ["not_found", "reason_missing", None]
    good.refresh_from_db()
    assert good.stage == "mql"


def test_an_exit_asks_for_its_reason_and_closes_the_lead(db: None, submit: Submit, sdr: Actor, at: datetime) -> None:
    lead = submit()
    refusal = refused(lead, "disqualified", sdr, at, reason="  ")
    assert (refusal.code, refusal.errors[0]["field"]) == ("reason_missing", "reason")
    move(lead, "disqualified", sdr, at, reason="off_target")
    assert (lead.is_open, lead.reason) == (False, "off_target")


def test_a_lead_that_somebody_else_moved_meanwhile_is_refused(
    db: None, submit: Submit, sdr: Actor, at: datetime
) -> None:
    lead = submit()
    move(lead, "qualifying", sdr, at)
    assert refused(lead, "mql", sdr, at, seen="captured").kind is Kind.STALE
    assert refused(lead, "mql", sdr, at, version=0).kind is Kind.STALE
    assert lead.stage == "qualifying"


@pytest.mark.parametrize("stage", moving.FOLLOWS_DEALS)
def test_nobody_moves_a_lead_to_where_only_opportunities_lead(
    db: None, submit: Submit, admin: Actor, at: datetime, stage: str
) -> None:
    lead = submit()
    assert refused(lead, stage, admin, at).code == "follows_opportunity"
    assert lead.stage == "captured"


def test_a_lead_follows_its_opportunity_once_it_has_one(
    db: None, submit: Submit, admin: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound, free = submit(stage="customer"), submit(stage="customer")
    monkeypatch.setattr(moving, "_with_deals", lambda ids: {bound.pk} & set(ids))
    assert refused(bound, "nurturing", admin, at).code == "follows_opportunity"
    move(free, "nurturing", admin, at)
    assert (free.stage, free.reached) == ("nurturing", 6)  # what it reached stays reached


def test_a_closed_lead_comes_back_unless_its_person_has_another_one_open(
    db: None, submit: Submit, sdr: Actor, at: datetime
) -> None:
    first = submit(email="ana@acier.fr", stage="lost")
    move(first, "nurturing", sdr, at)
    assert (first.is_open, first.reason) == (True, "")
    move(first, "lost", sdr, at, reason="price")
    second = submit(email="ana@acier.fr")
    assert second.person_id == first.person_id
    assert refused(first, "nurturing", sdr, at).code == "other_open_lead"


def test_two_closed_leads_of_one_person_do_not_both_come_back(
    db: None, submit: Submit, sdr: Actor, at: datetime
) -> None:
    both = [submit(email="ana@acier.fr", stage="lost"), submit(email="ana@acier.fr", stage="lost")]
    from django.db import transaction

    with transaction.atomic():
        answers = moving.move_leads([Move(lead.pk, "qualifying") for lead in both], by=sdr, at=at)
    assert [answer and answer.code for answer in answers] == [None, "other_open_lead"]


def test_only_who_works_with_leads_moves_them_and_a_manager_those_of_their_team(
    db: None, submit: Submit, make_user: Callable[..., User], at: datetime
) -> None:
    mine, theirs = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("mine", "theirs"))
    other = submit(owner=make_user("sdr", team=theirs))
    manager, reader = (access.of_user(make_user(role, team=mine)) for role in ("manager", "read_only"))
    assert refused(other, "mql", manager, at).kind is Kind.NOT_FOUND
    assert refused(other, "mql", reader, at).kind is Kind.FORBIDDEN


def test_every_way_of_losing_is_one_that_opportunities_know() -> None:
    assert tuple(reasons.LOST) == LOST_REASONS


# Taking back ----------------------------------------------------------------------------------------------------------


def undo(lead: Lead, by: Actor, at: datetime) -> Refused | None:
    answer = moving.undo_moves([moving.last_moves([lead.pk])[lead.pk]], by=by, at=at)[0]
    lead.refresh_from_db()
    return answer


def test_a_move_taken_back_leaves_the_lead_as_it_was(db: None, submit: Submit, sdr: Actor, at: datetime) -> None:
    lead = submit()
    later = at + timedelta(minutes=5)
    move(lead, "lost", sdr, at, reason="price")
    before = (lead.stage, lead.stage_since, lead.is_open, lead.reason, lead.reached)
    move(lead, "mql", sdr, later)
    assert undo(lead, sdr, later) is None
    assert (lead.stage, lead.stage_since, lead.is_open, lead.reason, lead.reached) == before
    assert undo(lead, sdr, later) is None
    assert (lead.stage, lead.stage_since, lead.is_open, lead.reason, lead.reached) == (
        "captured",
        lead.captured_at,
        True,
        "",
        0,
    )
    told = Fact.objects.filter(kind="stage_move_undone").order_by("id")
    moved = Fact.objects.filter(kind="stage_changed").order_by("id")
    assert [fact.revokes_id for fact in told] == [moved[1].pk, moved[0].pk]
    assert moving.last_moves([lead.pk]) == {}


def test_a_move_is_not_taken_back_twice_nor_after_another_one(
    db: None, submit: Submit, sdr: Actor, at: datetime
) -> None:
    lead = submit()
    move(lead, "mql", sdr, at)
    [first] = moving.last_moves([lead.pk]).values()
    move(lead, "sql", sdr, at)
    assert moving.undo_moves([first], by=sdr, at=at)[0].kind is Kind.STALE
    [second] = moving.last_moves([lead.pk]).values()
    assert moving.undo_moves([second], by=sdr, at=at) == [None]
    assert moving.undo_moves([second], by=sdr, at=at)[0].kind is Kind.STALE
    lead.refresh_from_db()
    assert lead.stage == "mql"


def test_a_move_is_taken_back_by_who_made_it_or_by_a_manager_within_a_day(
    db: None, submit: Submit, sdr: Actor, make_user: Callable[..., User], at: datetime
) -> None:
    lead = submit()
    move(lead, "mql", sdr, at)
    assert undo(lead, access.of_user(make_user("sdr")), at).kind is Kind.FORBIDDEN
    assert undo(lead, sdr, at + timedelta(hours=25)).code == "too_late"
    assert undo(lead, access.of_user(make_user("ops")), at + timedelta(hours=23)) is None
    assert lead.stage == "captured"


def test_an_exit_is_not_taken_back_when_the_person_came_again_since(
    db: None, submit: Submit, sdr: Actor, at: datetime
) -> None:
    lead = submit(email="ana@acier.fr")
    move(lead, "disqualified", sdr, at, reason="off_target")
    submit(email="ana@acier.fr")
    assert undo(lead, sdr, at).code == "other_open_lead"
    assert lead.stage == "disqualified"


def test_what_is_no_move_cannot_be_taken_back(db: None, submit: Submit, sdr: Actor, at: datetime) -> None:
    submit()
    captured = Fact.objects.get(kind="lead_captured").pk
    assert [answer.kind for answer in moving.undo_moves([captured, 10**9], by=sdr, at=at)] == [Kind.NOT_FOUND] * 2
