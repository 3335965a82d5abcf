"""Each colleague hears once of what concerns them, never of what they did, and not of what they muted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from filon.core import access, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Team, User
from filon.leads.card.commands import ActOn, log_act
from filon.leads.models import Lead
from filon.notices import commands, queries
from filon.notices.models import Notice
from filon.routing import promises
from filon.routing.commands import Assignment, assign_lead, assign_leads


@pytest.fixture
def lea(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa Martin")


@pytest.fixture
def karim(db: None, make_user: Callable[..., User]) -> User:
    return make_user("ops", name="Karim Benali")


def of(user: User) -> Actor:
    return access.of_user(user)


def come(email: str, at: datetime) -> Lead:
    entry = Entry(kind="lead", door="form", at=at, values={"email": email, "last_name": email[:3]})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    lead = Lead.objects.get(person__email=email)
    Lead.objects.filter(pk=lead.pk).update(owner=None, stage="qualifying", route="sdr")
    Notice.objects.all().delete()
    return lead


def told(user: User) -> list[tuple[str, int | None, int]]:
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("kind", "lead_id", "count"))


def test_a_lead_that_is_given_is_told_to_whom_it_is_given(lea: User, karim: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    assign_lead(lead.pk, lea.pk, by=of(karim), at=at)
    assert told(lea) == [("given", lead.pk, 1)]
    assert told(karim) == []
    (row,) = queries.notices(by=of(lea), only_unread=True)
    assert (row.by, row.lead, row.is_read) == ("Karim Benali", "a@a", False)
    assign_lead(lead.pk, karim.pk, by=of(karim), at=at)
    assert told(karim) == [], "nobody hears of what they did"


def test_many_leads_at_once_are_one_notice(lea: User, karim: User, at: datetime) -> None:
    leads = [come(f"p{number}@a.fr", at) for number in range(5)]
    assign_leads([Assignment(lead.pk, lea.pk) for lead in leads], by=of(karim), at=at)
    assert told(lea) == [("given", None, 5)]


@pytest.mark.parametrize("kind", ["replied", "demo_requested", "chat_started"])
def test_who_answers_or_asks_is_told_to_whoever_has_them(lea: User, at: datetime, kind: str) -> None:
    lead = come("a@a.fr", at)
    Lead.objects.update(owner=lea)
    values = {"kind": kind, "email": "a@a.fr"}
    line.run_with_retries(lambda: Batch([Entry(kind="event", door="api", at=at, values=values)], by=SYSTEM, at=at))
    assert told(lea) == [("asked", lead.pk, 1)]


def test_who_comes_again_by_a_form_is_told(lea: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    Lead.objects.update(owner=lea)
    for wants in ("content", ""):
        values = {"email": "a@a.fr", "wants": wants}
        line.run_with_retries(
            lambda values=values: Batch([Entry(kind="lead", door="form", at=at, values=values)], by=SYSTEM, at=at)
        )
    assert told(lea) == [("asked", lead.pk, 1)]


def test_history_tells_nobody(lea: User, at: datetime) -> None:
    come("a@a.fr", at)
    Lead.objects.update(owner=lea)
    entry = Entry(kind="event", door="file", at=at, values={"kind": "replied", "email": "a@a.fr"}, is_live=False)
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=False))
    assert told(lea) == []


def test_a_mention_is_told_and_a_kind_that_is_muted_is_not(lea: User, karim: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    for text in ("@Léa rappelle-les", "@Karim voit ça avec @Léa Martin"):
        log_act(ActOn(lead_id=lead.pk, kind="note_written", text=text), by=of(karim), at=at)
    assert told(lea) == [("mentioned", lead.pk, 1)] * 2
    assert told(karim) == []
    commands.mute(["mentioned"], by=of(lea))
    log_act(ActOn(lead_id=lead.pk, kind="note_written", text="@Léa"), by=of(karim), at=at)
    assert len(told(lea)) == 2
    commands.mute([], by=of(lea))
    assert queries.muted(by=of(lea)) == set()


def test_a_late_first_answer_is_told_to_who_owes_it(lea: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    promises.Promise.objects.all().delete()
    Lead.objects.update(owner=lea, due_at=at)
    promises.Promise.objects.create(lead=lead, owner=lea, started_at=at - timedelta(hours=1), due_at=at, minutes=60)
    assert promises.breach_due(at=at + timedelta(minutes=1)) == 1
    assert promises.breach_due(at=at + timedelta(minutes=2)) == 0
    assert told(lea) == [("late", lead.pk, 1)]


def test_a_manager_is_not_shown_leads_of_others(
    lea: User, karim: User, at: datetime, make_user: Callable[..., User]
) -> None:
    manager = make_user("manager", name="Inès Roux")
    User.objects.filter(pk=manager.pk).update(team=Team.objects.create(name="Lyon", name_folded="lyon", created_at=at))
    manager.refresh_from_db()
    lead = come("a@a.fr", at)
    log_act(ActOn(lead_id=lead.pk, kind="note_written", text="@Inès"), by=of(karim), at=at)
    assert len(queries.notices(by=of(manager), only_unread=True)) == 1
    Lead.objects.update(owner=lea)
    assert queries.notices(by=of(manager), only_unread=True) == []


def test_the_bell_counts_and_a_notice_opens_what_it_is_about(lea: User, karim: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    assign_lead(lead.pk, lea.pk, by=of(karim), at=at)
    client = Client()
    client.force_login(lea)
    assert ">1</span>" in client.get("/notifications/bell").content.decode()
    page = client.get("/notifications").content.decode()
    assert "Karim Benali vous confie a@a" in page
    notice = Notice.objects.get()
    assert client.get(f"/notifications/{notice.pk}").status_code == 405
    assert client.post(f"/notifications/{notice.pk}")["Location"] == f"/leads/{lead.pk}"
    assert client.get("/notifications/bell").content.decode().strip() == ""
    assert "Rien de nouveau" in client.get("/notifications").content.decode()
    assert "vous confie" in client.get("/notifications?all=1").content.decode()
    other = Client()
    other.force_login(karim)
    assert other.post(f"/notifications/{notice.pk}").status_code == 404


def test_kinds_are_muted_on_the_page(lea: User) -> None:
    client = Client()
    client.force_login(lea)
    client.post("/notifications/mute", {"kind": ["given", "late"]})
    assert queries.muted(by=of(lea)) == {"asked", "proposed", "answered", "mentioned", "meeting", "digest"}


def test_what_is_old_is_forgotten(lea: User, karim: User, at: datetime) -> None:
    lead = come("a@a.fr", at)
    assign_lead(lead.pk, lea.pk, by=of(karim), at=at)

    class _Job:
        at: Any

    job = _Job()
    for days, left in ((89, 1), (91, 0)):
        job.at = at + timedelta(days=days)
        commands.forget_old(job)  # type: ignore[arg-type]  # all it reads of a job
        assert Notice.objects.count() == left
