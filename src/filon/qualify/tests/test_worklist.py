"""Calls from the worklist: logged once, followed by what is next, in the hands of one colleague."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from filon.core import access, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Team, User
from filon.kit.errors import Refused
from filon.leads import moving
from filon.leads.models import Lead, Task
from filon.leads.moving import Move
from filon.qualify import commands, holds, queries
from filon.qualify.commands import Called
from filon.qualify.models import Hold
from filon.routing.models import Promise

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _leads_say_what_is_planned(db: None) -> Iterator[None]:
    """However a test plans, does and drops: each lead knows its next action."""
    yield
    planned = dict(Task.objects.filter(closed_at=None).exclude(kind="todo").values_list("lead_id", "due_at"))
    assert dict(Lead.objects.filter(next_at__isnull=False).values_list("pk", "next_at")) == planned


@pytest.fixture
def lea(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa")


@pytest.fixture
def by(lea: User) -> Actor:
    return access.of_user(lea)


@pytest.fixture
def lead(lea: User, at: datetime) -> Lead:
    return come("claire@sogetrel.fr", lea, at)


def come(email: str, owner: User | None, at: datetime) -> Lead:
    """A lead that is somebody's."""
    entry = Entry(kind="lead", door="form", at=at, values={"email": email, "last_name": email[:3]})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    found = Lead.objects.get(person__email=email)
    Lead.objects.filter(pk=found.pk).update(owner=owner, stage="qualifying")
    found.refresh_from_db()
    return found


def call(lead: Lead, outcome: str, by: Actor, at: datetime, **more: Any) -> Any:
    return commands.log_call(Called(lead_id=lead.pk, outcome=outcome, **more), by=by, at=at)


def queue(by: Actor, at: datetime, tab: str = "now") -> list[tuple[int, str]]:
    evening = at.replace(hour=22)
    found = queries.queue(by=by, now=at, evening=evening)
    return [(row.lead_id, row.reason) for row in found.of(tab, now=at, evening=evening)]


def test_a_call_without_answer_plans_the_next_attempt(lead: Lead, by: Actor, at: datetime) -> None:
    call(lead, "no_answer", by, at, text="Sonne dans le vide")
    task = Task.objects.get()
    assert (task.kind, task.attempt, task.owner_id, task.closed_at) == ("call", 2, lead.owner_id, None)
    assert queue(by, at) == []
    assert queue(by, at, "waiting") == [(lead.pk, "")]
    assert queue(by, task.due_at) == [(lead.pk, "planned")]
    told = list(Fact.objects.filter(lead_id=lead.pk, actor_kind="user").values_list("kind", flat=True).order_by("id"))
    assert told[:1] == ["call_logged"]
    assert "task_planned" in told


def test_after_the_fifth_attempt_the_lead_goes_back_to_nurturing(lead: Lead, by: Actor, at: datetime) -> None:
    moment = at
    for _ in range(5):
        call(lead, "voicemail", by, moment)
        task = Task.objects.filter(closed_at=None).first()
        moment = task.due_at if task else moment
    lead.refresh_from_db()
    assert (lead.stage, lead.is_open, Task.objects.filter(closed_at=None).count()) == ("nurturing", True, 0)
    assert Task.objects.filter(result="done").count() == 4
    assert Fact.objects.filter(kind="call_logged").count() == 5


def test_a_lead_has_one_next_action(lead: Lead, by: Actor, at: datetime) -> None:
    call(lead, "no_answer", by, at)
    call(lead, "call_back", by, at + DAY, when=at + 2 * DAY)
    assert list(Task.objects.filter(closed_at=None).values_list("kind", "due_at")) == [("call_back", at + 2 * DAY)]
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(lead=lead, kind="call", due_at=at, created_at=at)


@pytest.mark.parametrize(
    ("outcome", "more", "field"),
    [
        ("", {}, "outcome"),
        ("not_now", {}, "when"),
        ("call_back", {"when": -DAY}, "when"),
        ("call_back", {"when": 1000 * DAY}, "when"),
        ("not_interested", {}, "reason"),
        ("not_interested", {"reason": "because"}, "reason"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_logged(
    lead: Lead, by: Actor, at: datetime, outcome: str, more: dict[str, Any], field: str
) -> None:
    said = {name: at + value if name == "when" else value for name, value in more.items()}
    with pytest.raises(Refused) as refused:
        call(lead, outcome, by, at, **said)
    assert refused.value.errors[0]["field"] == field
    assert not Fact.objects.filter(kind="call_logged").exists()
    assert not Task.objects.exists()


def test_who_is_not_interested_leaves_for_a_reason(lead: Lead, by: Actor, at: datetime) -> None:
    call(lead, "no_answer", by, at)
    call(lead, "not_interested", by, at + DAY, reason="off_target")
    lead.refresh_from_db()
    assert (lead.stage, lead.reason, lead.is_open) == ("disqualified", "off_target", False)
    assert not Task.objects.filter(closed_at=None).exists()
    with pytest.raises(Refused):
        call(lead, "reached", by, at + DAY)


def test_of_two_who_look_at_one_lead_the_second_is_told(lead: Lead, by: Actor, at: datetime) -> None:
    lead.refresh_from_db()
    seen = commands.mark({"version": lead.version, "last_act_at": lead.last_act_at})
    call(lead, "no_answer", by, at + timedelta(minutes=5), seen=seen)
    with pytest.raises(Refused) as refused:
        call(lead, "reached", by, at + timedelta(minutes=6), seen=seen)
    assert refused.value.kind == "stale"
    assert Fact.objects.filter(kind="call_logged").count() == 1


def test_an_act_dated_ahead_hides_no_call_of_a_colleague(lead: Lead, by: Actor, at: datetime) -> None:
    Lead.objects.update(last_act="page_viewed", last_act_at=at + 30 * DAY)
    lead.refresh_from_db()
    seen = commands.mark({"version": lead.version, "last_act_at": lead.last_act_at})
    call(lead, "no_answer", by, at, seen=seen)
    with pytest.raises(Refused) as refused:
        call(lead, "no_answer", by, at, seen=seen)
    assert refused.value.code == "stale"


@pytest.mark.parametrize(("outcome", "reason"), [("no_answer", ""), ("not_interested", "competitor")])
def test_a_call_of_a_lead_with_an_opportunity_is_kept_and_followed_up(
    lead: Lead, by: Actor, at: datetime, outcome: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_with_deals", set)  # every lead that is asked about has an opportunity
    Lead.objects.update(stage="opportunity")
    for attempt in range(5 if outcome == "no_answer" else 1):
        follows = call(lead, outcome, by, at + attempt * DAY, reason=reason)
    assert follows.kind == "follow_up"
    lead.refresh_from_db()
    assert lead.stage == "opportunity"
    assert Task.objects.get(closed_at=None).kind == "follow_up"
    assert Fact.objects.filter(kind="call_logged").count() == attempt + 1


def test_what_is_planned_ends_with_the_journey_and_follows_its_owner(
    lead: Lead, by: Actor, at: datetime, make_user: Callable[..., User]
) -> None:
    call(lead, "no_answer", by, at)
    karim = make_user("sdr", name="Karim")
    entry = Entry(kind="lead", door="api", at=at, values={"email": "claire@sogetrel.fr", "owner": "Karim"})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    assert Task.objects.get(closed_at=None).owner_id == karim.pk
    moving.move_lead(Move(lead.pk, "nurturing"), by=SYSTEM, at=at + DAY)
    task = Task.objects.get()
    assert (task.result, task.closed_at) == ("dropped", at + DAY)


def test_a_move_taken_back_plans_again_what_it_had_dropped(lead: Lead, by: Actor, at: datetime) -> None:
    call(lead, "no_answer", by, at)
    planned = Task.objects.get()
    moving.move_lead(Move(lead.pk, "disqualified", "competitor"), by=by, at=at + DAY)
    assert not Task.objects.filter(closed_at=None).exists()
    move = moving.last_moves([lead.pk])[lead.pk]
    assert moving.undo_moves([move], by=by, at=at + DAY) == [None]
    again = Task.objects.get()
    assert (again.pk, again.closed_at, again.result, again.due_at) == (planned.pk, None, "", planned.due_at)
    assert Fact.objects.filter(kind="task_planned").count() == 2


def test_a_move_taken_back_leaves_alone_what_was_planned_since(lead: Lead, by: Actor, at: datetime) -> None:
    call(lead, "no_answer", by, at)
    moving.move_lead(Move(lead.pk, "nurturing"), by=by, at=at + DAY)
    call(lead, "call_back", by, at + DAY, when=at + 5 * DAY)
    move = moving.last_moves([lead.pk])[lead.pk]
    assert moving.undo_moves([move], by=by, at=at + DAY) == [None]
    assert Task.objects.get(closed_at=None).kind == "call_back"


def test_everybody_sees_their_own_and_the_most_urgent_first(
    lea: User, by: Actor, at: datetime, make_user: Callable[..., User]
) -> None:
    first, second = come("a@a.fr", lea, at), come("b@b.fr", lea, at + timedelta(minutes=1))
    come("c@c.fr", make_user("sdr", name="Karim"), at)
    Lead.objects.update(due_at=None)
    Lead.objects.filter(pk=second.pk).update(due_at=at + timedelta(hours=1))
    assert queue(by, at) == [(second.pk, "clock"), (first.pk, "open")]
    Lead.objects.filter(pk=first.pk).update(asked_at=at)
    assert queue(by, at) == [(first.pk, "answered"), (second.pk, "clock")]
    assert queue(by, at + 2 * DAY, "late") == [(second.pk, "clock")]


def act(kind: str, at: datetime, door: str = "api", **values: Any) -> None:
    """Something that happened with Claire, told at that time."""
    said = {"kind": kind, "email": "claire@sogetrel.fr", "at": at, **values}
    entry = Entry(kind="event", door=door, at=at, values=said)
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))


def come_again(at: datetime, door: str = "form", **values: Any) -> None:
    entry = Entry(kind="lead", door=door, at=at, values={"email": "claire@sogetrel.fr", **values})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))


@pytest.mark.parametrize("kind", ["replied", "chat_started", "demo_requested"])
def test_who_waits_for_an_answer_is_not_hidden_by_what_they_do_next(
    lead: Lead, by: Actor, at: datetime, kind: str
) -> None:
    call(lead, "no_answer", by, at - DAY)
    act(kind, at)
    act("page_viewed", at + timedelta(minutes=1), path="/tarifs")
    now = at + timedelta(minutes=2)
    assert queue(by, now) == [(lead.pk, "answered")]
    call(lead, "reached", by, now)
    assert queue(by, now) == []


def test_a_known_lead_that_comes_again_waits_for_an_answer(lead: Lead, by: Actor, at: datetime) -> None:
    Lead.objects.update(route="sdr")
    call(lead, "no_answer", by, at)
    come_again(at + DAY / 2, wants="content")
    come_again(at + DAY / 2, door="api")
    assert queue(by, at + DAY / 2) == [], "a document, or a program that tells the same again, asks nothing of us"
    come_again(at + DAY / 2, message="Rappelez-moi")
    assert queue(by, at + DAY / 2) == [(lead.pk, "answered")]
    moving.move_lead(Move(lead.pk, "nurturing"), by=by, at=at + DAY)
    assert queue(by, at + DAY) == [], "putting it aside is an answer too"
    come_again(at + 2 * DAY)
    assert queue(by, at + 2 * DAY) == [(lead.pk, "answered")]


def test_an_answer_of_before_leaves_the_question_open_and_a_file_asks_nothing(
    lead: Lead, by: Actor, at: datetime
) -> None:
    act("replied", at - DAY, door="file")
    assert Lead.objects.get().asked_at is None
    act("replied", at)
    act("message_sent", at - DAY)
    assert Lead.objects.get().asked == "replied"
    act("message_sent", at)
    assert (Lead.objects.get().asked, Lead.objects.get().asked_at) == ("", None)


def test_what_is_planned_for_later_is_not_the_last_act(lead: Lead, at: datetime) -> None:
    values = {"kind": "meeting_held", "email": "claire@sogetrel.fr", "at": at + 7 * DAY}
    line.run_with_retries(lambda: Batch([Entry(kind="event", door="file", at=at, values=values)], by=SYSTEM, at=at))
    assert Fact.objects.filter(kind="meeting_held").exists()
    assert Lead.objects.get().last_act != "meeting_held"


def standing() -> dict[str, Any]:
    """What shows of the one lead."""
    columns = ("stage", "is_open", "reason", "last_act", "last_act_at", "asked", "asked_at")
    promised = ("due_at", "responded_at", "engagement_log", "grade")
    row = Lead.objects.values(*columns, *promised).get()
    row["tasks"] = list(Task.objects.filter(closed_at=None).values_list("kind", "due_at", "attempt", "owner_id"))
    row["promises"] = list(Promise.objects.values_list("state", "stopped_at"))
    return row


@pytest.mark.parametrize(
    ("outcome", "more"),
    [
        ("reached", {}),
        ("voicemail", {}),
        ("call_back", {"when": 2 * DAY}),
        ("not_interested", {"reason": "competitor"}),
    ],
)
@pytest.mark.parametrize("is_planned", [True, False])
def test_a_call_taken_back_leaves_all_as_before_it(
    lead: Lead, by: Actor, at: datetime, outcome: str, more: dict[str, Any], is_planned: bool
) -> None:
    Lead.objects.update(stage="nurturing")
    moving.move_lead(Move(lead.pk, "qualifying"), by=by, at=at)
    start_promise(lead, at)
    if is_planned:
        plan(lead, "call", at + DAY, attempt=5)
    act("replied", at + timedelta(minutes=1))
    before = standing()
    assert before["promises"] == [("running", None)]
    now = at + timedelta(minutes=5)
    said = {name: now + value if name == "when" else value for name, value in more.items()}
    call(lead, outcome, by, now, text="Pas le bon lead", **said)
    assert standing() != before
    fact_id = commands.last_call(lead.pk, by=by)
    assert fact_id is not None
    commands.undo_call(lead.pk, fact_id, by=by, at=now + timedelta(seconds=20))
    assert standing() == before
    assert queue(by, now) == [(lead.pk, "answered")]
    assert commands.last_call(lead.pk, by=by) is None
    with pytest.raises(Refused):
        commands.undo_call(lead.pk, fact_id, by=by, at=now + timedelta(seconds=30))


def test_a_call_is_taken_back_by_who_logged_it_and_soon(
    lead: Lead, by: Actor, at: datetime, make_user: Callable[..., User]
) -> None:
    call(lead, "voicemail", by, at)
    fact_id = commands.last_call(lead.pk, by=by) or 0
    karim = access.of_user(make_user("sdr", name="Karim"))
    for who, moment in ((karim, at), (by, at + timedelta(minutes=11))):
        with pytest.raises(Refused):
            commands.undo_call(lead.pk, fact_id, by=who, at=moment)
    assert commands.last_call(lead.pk, by=by) == fact_id


def test_a_clock_runs_on_only_when_no_other_human_answered(lead: Lead, by: Actor, at: datetime) -> None:
    start_promise(lead, at)
    call(lead, "voicemail", by, at + timedelta(minutes=5))
    first = commands.last_call(lead.pk, by=by) or 0
    call(lead, "reached", by, at + timedelta(minutes=7))
    commands.undo_call(lead.pk, first, by=by, at=at + timedelta(minutes=8))
    assert Lead.objects.get().responded_at == at + timedelta(minutes=7)
    assert Promise.objects.get().state == "met"
    commands.undo_call(lead.pk, commands.last_call(lead.pk, by=by) or 0, by=by, at=at + timedelta(minutes=9))
    assert (Lead.objects.get().responded_at, Promise.objects.get().state) == (None, "running")


def start_promise(lead: Lead, at: datetime) -> None:
    """A clock of an hour runs for the lead."""
    due_at = at + timedelta(hours=1)
    Lead.objects.update(route="sdr", due_at=due_at)
    Promise.objects.all().delete()
    Promise.objects.create(lead=lead, owner_id=lead.owner_id, started_at=at, due_at=due_at, minutes=60)


def test_meetings_stand_on_a_tab_of_their_own_and_are_no_follow_ups(lead: Lead, by: Actor, at: datetime) -> None:
    plan(lead, "meeting", at + timedelta(hours=3), attempt=0)
    found = queries.queue(by=by, now=at, evening=at + timedelta(hours=9))
    assert (found.counts["meetings"], found.counts["today"]) == (1, 0)
    [row] = found.of("meetings", now=at, evening=at + timedelta(hours=9))
    assert row.lead_id == lead.pk


def plan(lead: Lead, kind: str, due_at: datetime, *, attempt: int) -> None:
    Task.objects.create(
        lead=lead, kind=kind, owner_id=lead.owner_id, due_at=due_at, attempt=attempt, created_at=lead.created_at
    )
    Lead.objects.filter(pk=lead.pk).update(next_at=due_at)


def test_a_lead_that_a_colleague_works_on_is_left_to_them(
    lea: User, by: Actor, at: datetime, make_user: Callable[..., User]
) -> None:
    team = Team.objects.create(name="Lyon", name_folded="lyon", created_at=at)
    User.objects.update(team=team)
    user = make_user("sdr", name="Karim")
    User.objects.update(team=team)
    karim = access.of_user(user)
    first, second = come("a@a.fr", lea, at), come("b@b.fr", lea, at)
    Lead.objects.update(due_at=None)
    assert holds.hold(first.pk, by=by, at=at) is None
    assert holds.hold(first.pk, by=by, at=at + timedelta(seconds=30)) is None
    later = at + timedelta(minutes=1)
    other = holds.hold(first.pk, by=karim, at=later)
    assert other is not None
    assert (other.name, other.since) == ("Léa", at)
    found = queries.queue(by=karim, now=later, evening=later, team_id=team.pk)
    assert {row.lead_id: row.holder and row.holder.name for row in found.rows} == {first.pk: "Léa", second.pk: None}
    with pytest.raises(Refused) as refused:
        call(first, "reached", karim, later)
    assert refused.value.code == "held"
    call(second, "reached", karim, later)
    gone = at + timedelta(seconds=30) + holds.LASTS
    assert holds.hold(first.pk, by=karim, at=gone) is None, "her page was not heard of any more"
    call(first, "reached", karim, gone)
    assert not Hold.objects.exists(), "who called lets go"


def test_the_page_counts_what_was_done_today_and_takes_a_call_back(lea: User) -> None:
    now = timezone.now()
    lead = come("a@a.fr", lea, now - timedelta(minutes=5))
    client = Client()
    client.force_login(lea)
    posted = {"outcome": "reached", "text": "", "when": "", "seen": "", "tab": "now", "next": ""}
    page = client.post(f"/qualify/{lead.pk}/call", posted, follow=True).content.decode()
    assert "<b>1</b> appel aujourd’hui · <b>1</b> conversation" in page
    undo = re.search(r'hx-post="(/qualify/\d+/call/\d+/undo)"', page)
    assert undo is not None
    assert client.get(undo[1]).status_code == 405
    page = client.post(undo[1], follow=True).content.decode()
    assert "<b>0</b> appel aujourd’hui" in page
    assert "rien à annuler" in client.post(undo[1], follow=True).content.decode()


def test_a_reader_may_look_and_not_call(lead: Lead, at: datetime, make_user: Callable[..., User]) -> None:
    reader = access.of_user(make_user("read_only"))
    with pytest.raises(Refused):
        call(lead, "reached", reader, at)


def test_the_queue_costs_the_same_for_one_lead_and_for_thirty(
    lea: User, by: Actor, at: datetime, django_assert_num_queries: Callable[[int], Any]
) -> None:
    for number in range(30):
        come(f"p{number}@x{number}.fr", lea, at)
    with django_assert_num_queries(5):
        assert len(queue(by, at)) == 30


def test_a_call_logged_on_the_page_opens_the_next_lead(lea: User) -> None:
    now = timezone.now()
    first, second = (come(email, lea, now - timedelta(minutes=5)) for email in ("a@a.fr", "b@b.fr"))
    client = Client()
    client.force_login(lea)
    page = client.get("/qualify", {"lead": first.pk}).content.decode()
    assert "Messagerie" in page
    posted = {"outcome": "voicemail", "text": "", "when": "", "seen": "", "tab": "now", "next": second.pk}
    answer = client.post(f"/qualify/{first.pk}/call", posted)
    assert (answer.status_code, answer["Location"]) == (302, f"/qualify?tab=now&lead={second.pk}")
    refused = client.post(f"/qualify/{second.pk}/call", posted | {"outcome": "not_now", "text": "Après l’été"})
    assert refused.status_code == 422
    assert "Après l’été" in refused.content.decode(), "what was typed stays"
    elsewhere = client.get("/qualify", {"lead": first.pk, "tab": "late"}).content.decode()
    assert "tentative 2" in elsewhere, "a lead that stands in no row of the tab keeps its count of attempts"
    unread = client.post(f"/qualify/{second.pk}/call", posted | {"outcome": "reached", "when": "jeudi à 10 h"})
    assert unread.status_code == 422, "a day that cannot be read is not replaced by one of ours"
    assert Task.objects.filter(lead=second).count() == 0
