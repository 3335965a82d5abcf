"""The common pool: everybody takes leads of their own, and nobody the same."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact, User
from filon.leads import tasks
from filon.leads.models import Lead, Task
from filon.qualify import commands, pool, queries
from filon.qualify.commands import Called


def come(count: int, at: datetime) -> None:
    """Leads that nobody has."""
    entries = [
        Entry(kind="lead", door="form", at=at, values={"email": f"p{n}@essai{n}.fr", "last_name": f"P{n}"})
        for n in range(count)
    ]
    line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at))
    Lead.objects.update(owner=None, stage="qualifying", route="sdr", due_at=None)


def test_the_most_urgent_come_first(db: None, make_user: Callable[..., User], at: datetime) -> None:
    come(4, at)
    owed, planned, mql, other = Lead.objects.order_by("pk")
    Lead.objects.filter(pk=owed.pk).update(due_at=at + timedelta(hours=1), responded_at=None)
    Lead.objects.filter(pk=planned.pk).update(stage="nurturing")
    batch = Batch([], by=SYSTEM, at=at)
    batch.rows(Lead).load_ids([planned.pk])
    tasks.plan(batch, batch.rows(Lead).by_id[planned.pk], "call", at - timedelta(hours=1))
    batch.write()
    Lead.objects.filter(pk=mql.pk).update(stage="mql")
    lea = access.of_user(make_user("sdr"))
    taken = []
    for _ in range(4):
        before = set(Lead.objects.filter(owner_id=lea.id).values_list("pk", flat=True))
        assert pool.take_some(by=lea, at=at, count=1) == 1
        taken += list(Lead.objects.filter(owner_id=lea.id).exclude(pk__in=before).values_list("pk", flat=True))
    assert taken == [owed.pk, planned.pk, mql.pk, other.pk]
    assert Task.objects.get().owner_id == lea.id, "what is planned goes along"
    assert pool.take_some(by=lea, at=at) == 0
    assert Fact.objects.filter(kind="owner_changed").count() == 4


def test_what_is_owed_goes_along(db: None, make_user: Callable[..., User], at: datetime) -> None:
    from filon.routing.models import Promise

    come(1, at)
    lead = Lead.objects.get()
    Lead.objects.update(due_at=at + timedelta(hours=1), responded_at=None)
    Promise.objects.all().delete()
    Promise.objects.create(lead=lead, started_at=at, due_at=at + timedelta(hours=1), minutes=60)
    lea = access.of_user(make_user("sdr"))
    pool.take_some(by=lea, at=at)
    assert Promise.objects.get().owner_id == lea.id


def test_only_colleagues_who_act_take_leads(db: None, signed_in_client: Callable[..., Client], at: datetime) -> None:
    come(1, at)
    assert signed_in_client("read_only").post("/qualify/take").status_code == 403
    client = signed_in_client("sdr")
    assert "1 lead du lot commun est à vous" in client.post("/qualify/take", follow=True).content.decode()
    assert "Le lot commun est vide" in client.post("/qualify/take", follow=True).content.decode()
    assert client.get("/qualify/take").status_code == 405


def test_five_people_work_two_hundred_leads_at_once(
    committed_db: str, make_user: Callable[..., User], at: datetime
) -> None:
    come(200, at)
    people = [access.of_user(make_user("sdr")) for _ in range(5)]
    done: list[tuple[int, int]] = []
    wrong: list[BaseException] = []

    def work(by: Any) -> None:
        try:
            evening = at.replace(hour=22)
            while True:
                rows = queries.queue(by=by, now=at, evening=evening).of("now", now=at, evening=evening)
                if not rows and not pool.take_some(by=by, at=at):
                    return
                for row in rows:
                    commands.log_call(Called(lead_id=row.lead_id, outcome="no_answer"), by=by, at=at)
                    done.append((row.lead_id, int(by.id or 0)))
        except BaseException as error:  # noqa: BLE001 — told by the test
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not wrong, wrong
    assert len(done) == 200
    assert max(Counter(lead_id for lead_id, _by in done).values()) == 1, "no lead is worked twice"
    calls = Fact.objects.filter(kind="call_logged")
    assert sorted(calls.values_list("lead_id", "actor_id")) == sorted(done), "no call is lost"
    assert Task.objects.filter(closed_at=None, kind="call", attempt=2).count() == 200
    assert len({by for _lead, by in done}) == 5, "all of them worked"


@pytest.mark.parametrize("outcome", ["no_answer"])
def test_a_call_logged_twice_at_once_counts_once(
    committed_db: str, make_user: Callable[..., User], at: datetime, outcome: str
) -> None:
    from filon.kit.errors import Refused

    come(1, at)
    people = [access.of_user(make_user("sdr")) for _ in range(4)]
    lead = Lead.objects.get()
    card = {"version": lead.version, "last_act_at": lead.last_act_at}
    refused: list[Refused] = []

    def call(by: Any) -> None:
        try:
            commands.log_call(
                Called(lead_id=lead.pk, outcome=outcome, seen=commands.mark(card)), by=by, at=at + timedelta(minutes=1)
            )
        except Refused as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=call, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Fact.objects.filter(kind="call_logged").count() == 1
    assert {error.code for error in refused} == {"stale"}
    assert len(refused) == 3
