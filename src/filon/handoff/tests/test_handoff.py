"""A lead proposed to sales: accepted, sent back, answered late, or taken elsewhere meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client

from filon.core import access, accounts, jobs, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact, User
from filon.handoff import agreement, commands, queries, reactions, rules
from filon.handoff.commands import Proposal
from filon.handoff.models import Handoff
from filon.kit.errors import Refused
from filon.leads import moving, stages, tasks
from filon.leads.models import Lead, Task
from filon.leads.moving import Move

ANSWERS = {
    "need": "Planifier 120 techniciens",
    "authority": "Elle décide",
    "timing": "Avril",
    "next_step": "Démo jeudi",
}
DAY = timedelta(days=1)


@pytest.fixture
def sdr(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sdr", name="Léa")


@pytest.fixture
def seller(db: None, make_user: Callable[..., User]) -> User:
    return make_user("sales", name="Karim")


@pytest.fixture
def lead(sdr: User, at: datetime) -> Lead:
    entry = Entry(kind="lead", door="form", at=at, values={"email": "claire@sogetrel.fr", "last_name": "Morel"})
    line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at))
    Lead.objects.update(stage="mql", owner=sdr, route="sdr")
    return Lead.objects.get()


def of(user: User) -> Actor:
    return access.of_user(user)


def propose(lead: Lead, seller: User, by: User, at: datetime, **more: Any) -> Handoff:
    said = {"how": "conversation", "answers": ANSWERS} | more
    return commands.propose(Proposal(lead_id=lead.pk, seller_id=seller.pk, **said), by=of(by), at=at)


def kinds() -> list[str]:
    told = Fact.objects.filter(kind__regex="^(sql|acceptance|interest)").order_by("pk")
    return list(told.values_list("kind", flat=True))


@pytest.fixture
def head(db: None, make_user: Callable[..., User]) -> User:
    return make_user("head", name="Inès")


def test_a_proposal_is_judged_by_what_was_agreed_on_its_day(
    lead: Lead, sdr: User, seller: User, head: User, at: datetime
) -> None:
    terms = agreement.change(["budget"], 4, seen=0, by=of(head), at=at)
    assert (terms.version, terms.required) == (1, frozenset({"budget"}))
    with pytest.raises(Refused) as refused:
        propose(lead, seller, sdr, at)
    assert [error["field"] for error in refused.value.errors] == ["budget"]
    handoff = propose(lead, seller, sdr, at, answers={"budget": "40 k€"})
    assert (handoff.due_at, handoff.agreement) == (at + timedelta(hours=4), 1)
    agreement.change([], 8, seen=1, by=of(head), at=at + DAY)
    handoff.refresh_from_db()
    assert (handoff.due_at, handoff.agreement) == (at + timedelta(hours=4), 1)
    assert Fact.objects.filter(kind="handoff_terms_changed").count() == 2


@pytest.mark.parametrize(
    ("required", "hours", "seen"), [(["need"], 0, 0), (["need"], 81, 0), (["colour"], 8, 0), (["need"], 8, 3)]
)
def test_what_cannot_be_agreed_is_refused(head: User, at: datetime, required: list[str], hours: int, seen: int) -> None:
    with pytest.raises(Refused):
        agreement.change(required, hours, seen=seen, by=of(head), at=at)
    assert agreement.in_force() == rules.Terms()


def test_the_agreement_is_made_on_its_page_by_those_who_may(head: User, sdr: User) -> None:
    client = Client()
    client.force_login(head)
    assert "Sans cela, aucun lead" in client.get("/handoff/agreement").content.decode()
    posted = {"required": ["need", "budget"], "answer_hours": "16", "version": "0"}
    page = client.post("/handoff/agreement", posted, follow=True).content.decode()
    assert "La version 1 est en vigueur" in page
    assert client.post("/handoff/agreement", posted).status_code == 422, "it was changed meanwhile"
    client.force_login(sdr)
    page = client.get("/handoff/agreement").content.decode()
    assert "16 heures ouvrées" in page
    assert '<form class="form' not in page
    assert client.post("/handoff/agreement", posted | {"version": "1"}).status_code == 403


def test_a_proposal_makes_an_sql_and_owes_an_answer(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    batch = Batch([], by=SYSTEM, at=at)
    batch.rows(Lead).load_ids([lead.pk])
    tasks.plan(batch, batch.rows(Lead).by_id[lead.pk], "call", at + DAY)
    batch.write()
    handoff = propose(lead, seller, sdr, at)
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", sdr.pk)
    assert handoff.due_at == at + timedelta(hours=8), "a working day from nine o'clock"
    assert Task.objects.get().result == "done"
    assert kinds() == ["interest_confirmed", "sql_proposed"]
    assert Fact.objects.get(kind="sql_proposed").payload.get("answers") is None, "what was written can be erased"
    assert [row.id for row in queries.waiting(by=of(seller), at=at)] == [handoff.pk]


def test_what_sales_need_is_asked_for(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    with pytest.raises(Refused) as refused:
        propose(lead, seller, sdr, at, answers={"need": "x"}, how="dream")
    assert [error["field"] for error in refused.value.errors] == ["authority", "timing", "how"]
    lead.refresh_from_db()
    assert lead.stage == "mql"
    with pytest.raises(Refused) as refused:
        propose(lead, sdr, sdr, at)
    assert refused.value.errors[0]["field"] == "seller"


def test_a_lead_waits_for_one_answer_at_a_time(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    propose(lead, seller, sdr, at)
    with pytest.raises(Refused) as refused:
        propose(lead, seller, sdr, at)
    assert refused.value.code == "proposed"
    with pytest.raises(IntegrityError):
        Handoff.objects.create(lead=lead, seller=seller, proposed_at=at, due_at=at + DAY)


def test_who_accepts_owns_the_lead_and_has_something_to_do(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    handoff = propose(lead, seller, sdr, at)
    commands.accept(handoff.pk, by=of(seller), at=at + timedelta(hours=2))
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id) == ("sql", seller.pk)
    task = Task.objects.get(closed_at=None)
    assert (task.owner_id, task.kind, task.text) == (seller.pk, "follow_up", "Démo jeudi")
    assert task.due_at > at + timedelta(hours=12)
    fact = Fact.objects.get(kind="sql_accepted")
    assert fact.payload["is_late"] is False
    assert Fact.objects.filter(kind="owner_changed").count() == 1


def test_who_refuses_says_why_and_the_lead_is_nurtured_again(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    handoff = propose(lead, seller, sdr, at)
    with pytest.raises(Refused):
        commands.refuse(handoff.pk, "", "", by=of(seller), at=at)
    commands.refuse(handoff.pk, "no_project", "Rien avant 2027", by=of(seller), at=at)
    lead.refresh_from_db()
    assert (lead.stage, lead.reason, lead.owner_id) == ("nurturing", "no_project", sdr.pk)
    fact = Fact.objects.select_related("detail").get(kind="sql_refused")
    assert (fact.payload["reason"], fact.detail.values["text"]) == ("no_project", "Rien avant 2027")
    assert queries.waiting(by=of(seller), at=at) == []
    assert [row.text for row in queries.answered(by=of(sdr), at=at)] == ["Rien avant 2027"]


def test_only_its_seller_or_who_assigns_answers(
    lead: Lead, sdr: User, seller: User, at: datetime, make_user: Callable[..., User]
) -> None:
    handoff = propose(lead, seller, sdr, at)
    for other in (sdr, make_user("sales"), make_user("read_only")):
        with pytest.raises(Refused):
            commands.accept(handoff.pk, by=of(other), at=at)
        with pytest.raises(Refused):
            commands.refuse(handoff.pk, "no_project", "", by=of(other), at=at)
    assert Handoff.objects.get().state == "proposed"
    commands.accept(handoff.pk, by=of(make_user("ops")), at=at)
    with pytest.raises(Refused) as refused:
        commands.refuse(handoff.pk, "no_project", "", by=of(seller), at=at)
    assert refused.value.code == "answered"


def test_a_key_with_the_number_of_a_seller_is_not_that_seller(
    lead: Lead, sdr: User, seller: User, at: datetime
) -> None:
    handoff = propose(lead, seller, sdr, at)
    key = Actor("key", seller.pk, permissions=frozenset({"leads.see", "leads.move"}))
    assert [row.may_answer for row in queries.waiting(by=key, at=at)] == [False]
    with pytest.raises(Refused) as refused:
        commands.accept(handoff.pk, by=key, at=at)
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize(("stage", "state"), [("nurturing", "withdrawn"), ("opportunity", "accepted")])
def test_a_lead_that_history_took_elsewhere_breaks_no_promise(
    lead: Lead, sdr: User, seller: User, at: datetime, stage: str, state: str
) -> None:
    handoff = propose(lead, seller, sdr, at)
    Lead.objects.update(stage=stage)
    assert reactions.breach_due(at=handoff.due_at + DAY) == 0
    handoff.refresh_from_db()
    assert (handoff.state, handoff.breached_at) == (state, None)
    assert "acceptance_breached" not in kinds()


def test_an_answer_that_does_not_come_is_told_once(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    handoff = propose(lead, seller, sdr, at)
    assert reactions.breach_due(at=handoff.due_at) == 0
    for _ in range(2):
        jobs.enqueue("handoff.breach_due", {}, at=handoff.due_at + timedelta(seconds=1))
        jobs.run_due(handoff.due_at + timedelta(seconds=1))
    assert Fact.objects.get(kind="acceptance_breached").at == handoff.due_at
    commands.accept(handoff.pk, by=of(seller), at=handoff.due_at + DAY)
    assert Fact.objects.get(kind="sql_accepted").payload["is_late"] is True


def test_a_lead_that_leaves_is_waited_for_no_more(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    propose(lead, seller, sdr, at)
    moving.move_lead(Move(lead.pk, "disqualified", "competitor"), by=of(sdr), at=at)
    assert Handoff.objects.get().state == "withdrawn"
    move = moving.last_moves([lead.pk])[lead.pk]
    assert moving.undo_moves([move], by=of(sdr), at=at) == [None]
    assert Handoff.objects.get().state == "proposed"
    assert kinds()[-2:] == ["sql_withdrawn", "sql_reopened"]


def test_an_opportunity_is_an_answer(lead: Lead, sdr: User, seller: User, at: datetime) -> None:
    propose(lead, seller, sdr, at)
    batch = Batch([], by=of(seller), at=at)
    batch.rows(Lead).load_ids([lead.pk])
    stages.move(batch, batch.rows(Lead).by_id[lead.pk], "opportunity", at=at)
    batch.write()
    assert Handoff.objects.get().state == "accepted"
    assert kinds()[-1] == "sql_accepted"


def test_whose_turn_it_is(lead: Lead, sdr: User, seller: User, at: datetime, make_user: Callable[..., User]) -> None:
    other = make_user("sales", name="Zoé")
    assert queries.suggested_seller(lead.pk) == seller.pk
    propose(lead, seller, sdr, at)
    assert queries.suggested_seller(lead.pk) == other.pk
    Lead.objects.update(owner=seller)
    assert queries.suggested_seller(lead.pk) == seller.pk


# Doors ----------------------------------------------------------------------------------------------------------------


def test_the_pages_of_a_hand_off(
    lead: Lead, seller: User, at: datetime, signed_in_client: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    client = signed_in_client("sdr")
    assert "Rien n’attend les ventes" in client.get("/handoff").content.decode()
    page = client.post(f"/handoff/new/{lead.pk}", {"need": "Planifier", "seller": seller.pk, "how": "demo"})
    assert page.status_code == 422
    assert "Planifier" in page.content.decode(), "what was typed stays"
    sent = client.post(f"/handoff/new/{lead.pk}", {**ANSWERS, "seller": seller.pk, "how": "demo"})
    assert (sent.status_code, sent["Location"]) == (302, f"/leads/{lead.pk}")
    handoff = Handoff.objects.get()
    with django_assert_max_num_queries(8):
        brief = client.get(f"/handoff/{handoff.pk}").content.decode()
    assert "Planifier 120 techniciens" in brief
    assert "Renvoyer en nurturing" not in brief, "the SDR does not answer for sales"
    panel = client.get(f"/panels/lead/{lead.pk}/handoff").content.decode()
    assert "Attend les ventes" in panel
    client.force_login(seller)
    assert "Claire" in client.get("/handoff").content.decode() or "Morel" in client.get("/handoff").content.decode()
    assert client.post(f"/handoff/{handoff.pk}/refuse", {"reason": ""}).status_code == 422
    answer = client.post(f"/handoff/{handoff.pk}/accept")
    assert answer["Location"] == f"/leads/{lead.pk}"
    again = client.post(f"/handoff/{handoff.pk}/refuse", {"reason": "no_project"}, follow=True)
    assert "déjà été donnée" in again.content.decode()


def test_the_api_proposes_and_answers(lead: Lead, seller: User, client: Client, at: datetime) -> None:
    _key, secret = accounts.create_key("Essai", ["admin"], by=SYSTEM, at=at)
    headers = {"Authorization": f"Bearer {secret}"}
    body = {name: ANSWERS[name] for name in ("need", "authority", "timing")}
    made = client.post(f"/api/v1/leads/{lead.pk}/handoff", body, content_type="application/json", headers=headers)
    assert (made.status_code, made.json()["seller_id"]) == (201, seller.pk)
    answer = client.post(
        f"/api/v1/handoffs/{made.json()['id']}/refuse",
        {"reason": "incomplete"},
        content_type="application/json",
        headers=headers,
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "refused")
    lead.refresh_from_db()
    assert lead.stage == "nurturing"
