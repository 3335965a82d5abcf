"""Sample data through the lines: the same each time, nothing started for the past, and gone again when asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from filon.capture.models import Cost, Import
from filon.core import access, jobs, ledger, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, FactDetail, Job, Team, User
from filon.deals.models import Opportunity, Product
from filon.demo import banner, commands, story
from filon.kit.errors import Refused
from filon.leads.events import LeadCaptured
from filon.leads.models import Campaign, Company, Finding, Lead, Person, SourceRecord
from filon.routing.models import Promise

AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
LEADS = 80


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    banner.forget()
    yield
    banner.forget()


def make(**more: object) -> Import:
    for _ in commands.make_sample(leads=LEADS, seed=7, by=SYSTEM, at=AT, **more):
        pass
    made = commands.sample()
    assert made is not None
    return made


def clear() -> None:
    for _ in commands.clear_sample(by=SYSTEM, at=AT):
        pass


def own_lead() -> Lead:
    entry = Entry(kind="lead", door="api", at=AT, values={"email": "ana@ours.example", "company.name": "Ours"})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=AT))
    return Lead.objects.get(person__email="ana@ours.example")


def digest_of_facts() -> str:
    """What the ledger tells, without the ids of rows, which depend on what the database has seen before."""
    people = dict(Person.objects.values_list("pk", "email"))
    users = dict(User.objects.values_list("pk", "name"))
    told = sha256()
    columns = ("kind", "at", "learnt_at", "person_id", "actor_id", "channel", "source", "path", "value", "payload")
    for kind, at, learnt_at, person, actor, *rest, payload in Fact.objects.order_by("id").values_list(*columns):
        plain = {name: value for name, value in payload.items() if not name.endswith("_id")}
        plain["reason"] = str(plain.get("reason", "")).partition(":")[0]  # of an attached lead it names a row
        told.update(repr((kind, at, learnt_at, people.get(person), users.get(actor), rest, plain)).encode())
    return told.hexdigest()


def test_same_seed_and_moment_leave_the_same_facts(db):
    digests = []
    for _ in range(2):
        with transaction.atomic():
            make()
            digests.append(digest_of_facts())
            transaction.set_rollback(True)
    assert digests[0] == digests[1]


def test_the_past_is_told_without_leaving_a_clock_or_waking_anyone(db, monkeypatch):
    monkeypatch.setitem(ledger._later, LeadCaptured, ["told"])
    make()
    cut = story.write(7, LEADS, AT, settings.TIME_ZONE).cut
    running = Promise.objects.filter(stopped_at=None)
    assert running.exists()
    assert not running.filter(started_at__lt=cut).exists()
    woken = [fact for job in Job.objects.filter(name="told") for fact in job.arguments["facts"]]
    assert woken
    assert not Fact.objects.filter(pk__in=woken, at__lt=cut).exists()
    assert set(Job.objects.values_list("name", flat=True)) == {"told"}


def test_every_kind_of_record_is_there(db):
    made = make()
    found = commands.counts(made)
    assert found["leads"] == Lead.objects.count() == LEADS
    assert found["colleagues"] == User.objects.count() == 12
    assert not User.objects.exclude(password__startswith="!").exists()
    assert found["opportunities"] == Opportunity.objects.count() > 6
    assert found["costs"] == Cost.objects.count() > 100
    assert found["campaigns"] == Campaign.objects.exclude(starts_on=None).count() == Campaign.objects.count()
    assert set(Opportunity.objects.values_list("state", flat=True)) == {"open", "won", "lost"}
    assert {"nurturing", "disqualified", "customer"} <= set(Lead.objects.values_list("stage", flat=True))
    assert Finding.objects.filter(code="opportunity_without_company").exists()
    assert not Finding.objects.filter(code__in=["unknown_campaign", "unknown_owner", "unknown_channel"]).exists()
    kinds = set(Fact.objects.values_list("kind", flat=True))
    assert {"call_logged", "meeting_held", "page_viewed", "promise_met", "promise_breached", "lead_routed"} <= kinds


def test_nobody_is_called_after_having_left(db):
    make()
    for lead_id, left_at in Lead.objects.filter(stage="disqualified").values_list("pk", "stage_since"):
        calls = Fact.objects.filter(lead_id=lead_id, kind="call_logged", at__gt=left_at)
        assert not calls.exists()


def test_emptying_takes_everything_and_leaves_what_is_ours(db):
    ours = own_lead()
    made = make(adds=True)
    before = Fact.objects.count()
    tried = Lead.objects.exclude(pk=ours.pk).first()
    told = Entry(kind="event", door="manual", at=AT, values={"kind": "note_written", "email": tried.person.email})
    line.run_with_retries(lambda: Batch([told], by=access.of_user(User.objects.first()), at=AT))
    clear()
    assert list(Lead.objects.all()) == [ours]
    assert Person.objects.count() == Company.objects.count() == 1
    for model in (Opportunity, Cost, Campaign, Product, User, Team, SourceRecord):
        assert not model.objects.exists(), model
    assert not Finding.objects.filter(import_id=made.pk).exists()
    assert not FactDetail.objects.filter(fact__import_id=made.pk).exists()
    assert Fact.objects.count() == before + 2  # the note that was tried, and the undoing: the ledger forgets nothing
    assert commands.sample() is None


def test_colleagues_who_can_sign_in_are_given_no_sample_leads(db, make_user):
    mine = [make_user(role) for role in ("sdr", "sales")]
    make()
    assert not Lead.objects.filter(owner__in=mine).exists()
    assert not Promise.objects.filter(owner__in=mine).exists()
    assert not Fact.objects.filter(actor_kind="user", actor_id__in=[user.pk for user in mine]).exists()


def test_an_unfinished_try_is_taken_back_before_the_next_one(db, monkeypatch):
    steps = commands.make_sample(leads=LEADS, seed=7, by=SYSTEM, at=AT)
    for _ in range(20):
        next(steps)
    steps.close()  # as if its process had been killed, but tidier
    assert 0 < Lead.objects.count() < LEADS
    Import.objects.update(state=Import.State.RUNNING)
    make()
    assert Lead.objects.count() == LEADS
    assert User.objects.count() == 12


def test_sample_data_never_stand_among_ours_unasked(db):
    own_lead()
    with pytest.raises(Refused, match="--add"):
        make()
    assert Lead.objects.count() == 1


def test_sample_data_are_there_once(db):
    make()
    with pytest.raises(Refused, match="--clear"):
        make()


def test_emptying_asks_for_sample_data(db):
    with pytest.raises(Refused) as refused:
        clear()
    assert refused.value.code == "no_sample"


def test_too_few_leads_tell_no_year(db):
    with pytest.raises(Refused):
        next(commands.make_sample(leads=10, by=SYSTEM, at=AT))


def test_only_who_may_run_it_fills_the_workspace(signed_in_client, db):
    client: Client = signed_in_client("marketing")
    assert client.post(reverse("demo_start")).status_code == 403
    assert not Job.objects.exists()


def test_the_button_hands_the_work_to_a_worker(signed_in_client, db):
    client: Client = signed_in_client("admin")
    assert client.post(reverse("demo_start")).status_code == 302
    assert list(Job.objects.values_list("name", flat=True)) == ["demo.make"]
    page = client.get(reverse("demo"))
    assert 'hx-get="/demo/live"' in page.content.decode()
    assert client.post(reverse("demo_start"), headers={"referer": "http://testserver/demo"}).status_code == 303
    assert Job.objects.count() == 1


def test_pages_say_that_data_are_samples_until_they_are_emptied(signed_in_client, db):
    client: Client = signed_in_client("admin")
    make()
    banner.forget()
    page = client.get(reverse("demo")).content.decode()
    assert 'class="banner"' in page
    assert f">{LEADS}<" in page
    assert client.post(reverse("demo_clear")).status_code == 302
    jobs.run_due(AT + timedelta(days=400))
    assert 'class="banner"' not in client.get(reverse("demo")).content.decode()
    assert not Lead.objects.exists()
