"""Bulk orders: each lead by itself, the number as announced, in parts, and back unless somebody has spoken since."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from filon.core import access, jobs
from filon.core.access import Actor
from filon.core.line import Entry
from filon.core.models import Fact, Job, Team, User
from filon.kit.errors import Kind, Refused
from filon.leads.bulk import commands, queries, rules
from filon.leads.bulk.commands import Draft
from filon.leads.listing.queries import Ask
from filon.leads.listing.tests.conftest import submit, take
from filon.leads.models import BulkItem, BulkOrder, Lead
from filon.routing import commands as routing

__all__ = ["submit"]
Submit = Callable[..., Lead]


def draft(act: str, ids: list[int] | None = None, *, condition: str = "", announced: int = 0, **what: Any) -> Draft:
    ids = sorted(ids or [])
    return Draft(
        act=act,
        what=what,
        token=str(uuid.uuid4()),
        ids=tuple(ids),
        ask=Ask(condition=condition),
        announced=announced or len(ids),
    )


@pytest.fixture
def boss(db: None, make_user: Callable[..., User]) -> Actor:
    return access.of_user(make_user("ops", name="Odile"))


@pytest.fixture
def lea(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa")


def many(count: int, at: datetime) -> list[Lead]:
    entries = [
        Entry(kind="lead", door="file", at=at, values={"email": f"m{n}@gmail.com", "source": "Salon"}, is_live=False)
        for n in range(count)
    ]
    return take(entries, at)


def test_an_order_tells_each_change_with_its_author_and_itself(
    submit: Submit, boss: Actor, lea: User, at: datetime
) -> None:
    first, second = submit(), submit(owner=lea)
    made = commands.order(draft("assign", [first.pk, second.pk], owner_id=lea.pk), by=boss, at=at)
    assert (made.state, made.changed, made.unchanged, made.refused) == ("done", 1, 1, 0)
    first.refresh_from_db()
    assert first.owner_id == lea.pk
    told = Fact.objects.get(kind="owner_changed")
    assert (told.lead_id, told.actor_id, told.payload) == (first.pk, boss.id, {"to_owner_id": lea.pk})
    done = Fact.objects.get(kind="bulk_done")
    assert (done.actor_id, done.payload["changed"], done.payload["unchanged"]) == (boss.id, 1, 1)


def test_what_cannot_be_done_to_a_lead_is_counted_with_its_reason(
    submit: Submit, boss: Actor, lea: User, at: datetime
) -> None:
    free, taken = submit(), submit(owner=boss_user(boss))
    made = commands.order(draft("assign", [free.pk, taken.pk, 10**9], owner_id=lea.pk), by=access.of_user(lea), at=at)
    assert (made.changed, made.refused) == (1, 2)
    reasons = queries.reasons(made)
    assert [(one.count, "collègue" in one.why) for one in reasons] == [(1, True)]
    assert [row.lead_id for row in queries.stayed(made, by=boss)] == [taken.pk]


def boss_user(actor: Actor) -> User:
    return User.objects.get(pk=actor.id)


def test_leads_that_a_manager_does_not_see_are_neither_listed_nor_touched(
    db: None, submit: Submit, make_user: Callable[..., User], lea: User, at: datetime
) -> None:
    team = Team.objects.create(name="Lyon", name_folded="lyon", created_at=at)
    boss = access.of_user(make_user("manager", team=team))
    mine, foreign = submit(), submit(owner=lea)
    found = commands.count(draft("move", condition="is_open"), by=boss, at=at)
    assert (found.count, found.ids) == (1, [mine.pk])
    made = commands.order(draft("move", [mine.pk, foreign.pk], stage="mql"), by=boss, at=at)
    foreign.refresh_from_db()
    assert (made.changed, made.refused, foreign.stage) == (1, 1, "captured")


@pytest.mark.parametrize(
    ("act", "what", "role"),
    [
        ("assign", {"owner_id": None}, "sdr"),
        ("move", {"stage": "mql"}, "head"),
        ("edit", {"field": "source", "value": "x"}, "head"),
    ],
)
def test_an_order_asks_for_the_right_of_the_single_act(
    db: None, submit: Submit, make_user: Callable[..., User], at: datetime, act: str, what: dict[str, Any], role: str
) -> None:
    lead = submit()
    with pytest.raises(Refused) as caught:
        commands.order(draft(act, [lead.pk], **what), by=access.of_user(make_user(role)), at=at)
    assert caught.value.kind is Kind.FORBIDDEN
    assert not BulkOrder.objects.exists()


def test_when_no_lead_can_be_changed_nothing_was_ordered(submit: Submit, boss: Actor, at: datetime) -> None:
    lead = submit()
    with pytest.raises(Refused, match="opportunité"):
        commands.order(draft("move", [lead.pk], stage="customer"), by=boss, at=at)
    assert not BulkOrder.objects.exists()


def test_a_question_answered_twice_is_one_order(submit: Submit, boss: Actor, at: datetime) -> None:
    asked = draft("move", [submit().pk], stage="mql")
    first = commands.order(asked, by=boss, at=at)
    assert commands.order(asked, by=boss, at=at).pk == first.pk
    assert BulkOrder.objects.count() == 1


def test_more_leads_than_announced_are_asked_about_again(submit: Submit, boss: Actor, at: datetime) -> None:
    submit()
    submit()
    with pytest.raises(Refused) as caught:
        commands.order(draft("move", condition="stage = captured", announced=1, stage="mql"), by=boss, at=at)
    assert caught.value.code == "more_leads"
    assert Lead.objects.filter(stage="mql").count() == 0


def test_leads_that_come_after_the_question_are_left_alone(submit: Submit, boss: Actor, at: datetime) -> None:
    early = submit()
    asked = draft("move", condition="stage = captured", announced=1, stage="mql")
    last_id = commands.count(asked, by=boss, at=at).last_id
    late = submit()
    assert commands.count(replace(asked, last_id=10**9), by=boss, at=at).last_id == late.pk
    commands.order(replace(asked, last_id=last_id), by=boss, at=at)
    assert set(Lead.objects.filter(stage="mql").values_list("pk", flat=True)) == {early.pk}
    assert Lead.objects.get(pk=late.pk).stage == "captured"


def test_a_large_order_is_done_by_a_job_in_parts_and_undone_by_another(
    boss: Actor, lea: User, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PART", 7)
    monkeypatch.setattr(commands, "NAMED", 10)
    leads = many(31, at)
    asked = draft("assign", condition="owner is empty", announced=31, owner_id=lea.pk)
    made = commands.order(asked, by=boss, at=at)
    assert (made.state, made.lead_ids, made.expected) == ("running", None, 31)
    jobs.run_due(at)
    made.refresh_from_db()
    assert (made.state, made.changed, made.refused) == ("done", 31, 0)
    assert Lead.objects.filter(owner=lea).count() == 31
    assert Fact.objects.filter(kind="owner_changed").count() == 31
    assert Fact.objects.filter(kind="bulk_done").count() == 1
    Lead.objects.filter(pk=leads[3].pk).update(owner=boss.id)
    later = at + timedelta(hours=23)
    assert commands.undo(made.pk, by=boss, at=later).state == "undoing"
    jobs.run_due(later)
    made.refresh_from_db()
    assert (made.state, made.undone, made.kept) == ("undone", 30, 1)
    assert Lead.objects.filter(owner=None).count() == 30
    assert Fact.objects.get(kind="bulk_undone").payload["kept"] == 1


def test_an_order_that_dies_on_the_way_goes_on_without_doing_a_lead_twice(
    boss: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PART", 5)
    monkeypatch.setattr(commands, "NAMED", 5)
    many(18, at)
    made = commands.order(
        draft("edit", condition="source = salon", announced=18, field="source", value="Foire"), by=boss, at=at
    )
    commands.run_part(made.pk, by=boss, at=at)
    with transaction.atomic():  # the next part dies before its commit: nothing of it stands
        commands.run_part(made.pk, by=boss, at=at)
        transaction.set_rollback(True)
    assert Lead.objects.filter(source="Foire").count() == 5
    jobs.run_due(at)
    made.refresh_from_db()
    assert (made.state, made.changed, Lead.objects.filter(source="Foire").count()) == ("done", 18, 18)
    assert Fact.objects.filter(kind="fields_changed").count() == 18
    assert BulkItem.objects.filter(order=made).count() == 18


def test_an_order_can_be_stopped_and_what_it_did_taken_back(
    boss: Actor, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PART", 5)
    many(12, at)
    made = commands.order(draft("move", condition="is_open", announced=12, stage="mql"), by=boss, at=at)
    commands.run_part(made.pk, by=boss, at=at)
    commands.cancel(made.pk, by=boss, at=at)
    jobs.run_due(at)
    assert Lead.objects.filter(stage="mql").count() == 5
    assert Job.objects.get(name="leads.bulk").state == "done"
    done = commands.undo(made.pk, by=boss, at=at)
    assert (done.state, done.undone, Lead.objects.filter(stage="captured").count()) == ("undone", 5, 12)


def test_whoever_lost_their_right_meanwhile_orders_nothing_more(
    boss: Actor, make_user: Callable[..., User], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PART", 5)
    many(12, at)
    author = make_user("marketing")
    made = commands.order(
        draft("move", condition="is_open", announced=12, stage="mql"), by=access.of_user(author), at=at
    )
    User.objects.filter(pk=author.pk).update(role="read_only")
    jobs.run_due(at)
    made.refresh_from_db()
    assert (made.state, made.changed, bool(made.error)) == ("cancelled", 0, True)
    assert not Lead.objects.filter(stage="mql").exists()


def test_undoing_a_field_lets_imports_speak_of_it_again(submit: Submit, boss: Actor, at: datetime) -> None:
    lead = submit(source="Salon")
    made = commands.order(draft("edit", [lead.pk], field="source", value="Foire"), by=boss, at=at)
    lead.refresh_from_db()
    assert (lead.source, lead.edited) == ("Foire", ["source"])
    commands.undo(made.pk, by=boss, at=at)
    lead.refresh_from_db()
    assert (lead.source, lead.source_folded, lead.edited) == ("Salon", "salon", [])


def test_a_value_that_was_changed_and_changed_back_by_somebody_stays(
    submit: Submit, boss: Actor, lea: User, at: datetime
) -> None:
    lead = submit()
    made = commands.order(draft("assign", [lead.pk], owner_id=lea.pk), by=boss, at=at)
    for owner_id in (boss.id, lea.pk):
        routing.assign_lead(lead.pk, owner_id, by=boss, at=at)
    done = commands.undo(made.pk, by=boss, at=at)
    lead.refresh_from_db()
    assert (done.undone, done.kept, lead.owner_id) == (0, 1, lea.pk)


def test_orders_over_one_another_are_taken_back_from_the_last(
    submit: Submit, boss: Actor, lea: User, at: datetime
) -> None:
    lead = submit(source="Salon")
    first = commands.order(draft("edit", [lead.pk], field="source", value="Foire"), by=boss, at=at)
    second = commands.order(draft("edit", [lead.pk], field="source", value="Web"), by=boss, at=at)
    commands.undo(second.pk, by=boss, at=at)
    lead.refresh_from_db()
    assert (lead.source, lead.edited) == ("Foire", ["source"])
    commands.undo(first.pk, by=boss, at=at)
    lead.refresh_from_db()
    assert (lead.source, lead.edited) == ("Salon", [])


def test_an_sdr_gives_back_what_they_took_and_nobody_else_may(
    db: None, submit: Submit, make_user: Callable[..., User], lea: User, at: datetime
) -> None:
    lead = submit()
    made = commands.order(draft("assign", [lead.pk], owner_id=lea.pk), by=access.of_user(lea), at=at)
    with pytest.raises(Refused) as caught:
        commands.undo(made.pk, by=access.of_user(make_user("sdr")), at=at)
    assert caught.value.kind is Kind.FORBIDDEN
    done = commands.undo(made.pk, by=access.of_user(lea), at=at)
    lead.refresh_from_db()
    assert (done.undone, lead.owner_id) == (1, None)


def test_after_a_day_an_order_stands(submit: Submit, boss: Actor, at: datetime) -> None:
    made = commands.order(draft("move", [submit().pk], stage="mql"), by=boss, at=at)
    with pytest.raises(Refused) as caught:
        commands.undo(made.pk, by=boss, at=at + timedelta(hours=24, seconds=1))
    assert caught.value.code == "too_late"


def test_a_month_later_an_order_is_forgotten(submit: Submit, boss: Actor, at: datetime) -> None:
    old = commands.order(draft("move", [submit().pk], stage="mql"), by=boss, at=at)
    new = commands.order(draft("move", [submit().pk], stage="mql"), by=boss, at=at + timedelta(days=2))
    assert commands.forget_before(at + timedelta(days=1)) == 1
    assert list(BulkOrder.objects.all()) == [new]
    assert not BulkItem.objects.filter(order_id=old.pk).exists()


@pytest.mark.parametrize(
    ("act", "what"),
    [
        ("assign", {}),
        ("move", {"stage": "lost", "reason": "price"}),
        ("edit", {"field": "attributes.Vague", "value": "2"}),
    ],
)
def test_a_part_asks_a_constant_number_of_statements(
    boss: Actor, lea: User, at: datetime, django_assert_max_num_queries: Any, act: str, what: dict[str, Any]
) -> None:
    leads = many(40, at)
    asked = draft(act, [lead.pk for lead in leads], **(what or {"owner_id": lea.pk}))
    with django_assert_max_num_queries(60):
        made = commands.order(asked, by=boss, at=at)
    assert made.changed == 40
