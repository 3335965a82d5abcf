"""A key is answered once: retries get the first answer, whatever it was, and nothing is done twice."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from filon.core import access, idempotency
from filon.core.access import Actor
from filon.core.idempotency import answer_once
from filon.core.models import InboxEntry, Team
from filon.kit.errors import Kind, Refused

KEY = Actor("key", 7, permissions=access.ALL_PERMISSIONS)


def team(at: datetime, name: str = "Nord", *, refuse: bool = False, kind: Kind = Kind.CONFLICT) -> dict[str, Any]:
    made = Team.objects.create(name=name, name_folded=f"{name}{Team.objects.count()}", created_at=at)
    if refuse:
        raise Refused("no", kind, [{"field": "name", "message": "no"}], "taken")
    return {"id": made.pk, "at": at}


def ask(
    at: datetime, key: str = "k1", *, payload: Any = None, route: str = "POST /x", by: Actor = KEY, **more: Any
) -> Any:
    return answer_once(lambda: team(at, **more), route=route, key=key, payload=payload, by=by, at=at)


@pytest.mark.django_db
def test_a_retry_gets_the_first_answer_and_does_nothing(at: datetime):
    first, second = ask(at), ask(at + timedelta(hours=71))
    assert first == second == {"id": Team.objects.get().pk, "at": "2026-03-02T08:00:00+00:00"}


@pytest.mark.django_db
def test_a_key_belongs_to_its_credential_and_its_route_and_is_kept_for_three_days(at: datetime):
    ask(at)
    ask(at, by=Actor("key", 8))
    ask(at, route="POST /y")
    ask(at + timedelta(hours=73))
    assert Team.objects.count() == 4
    assert InboxEntry.objects.exclude(idempotency_key=None).count() == 3


@pytest.mark.django_db
def test_without_a_key_everything_is_done(at: datetime):
    ask(at, "")
    ask(at, "")
    assert Team.objects.count() == 2
    assert not InboxEntry.objects.exists()


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused(at: datetime):
    ask(at, payload={"name": "Nord"})
    with pytest.raises(Refused) as refused:
        ask(at, payload={"name": "Sud"})
    assert (refused.value.kind, refused.value.code) == (Kind.INVALID, "idempotency_key_reused")
    with pytest.raises(Refused):
        ask(at, "k" * 121)
    assert Team.objects.count() == 1


@pytest.mark.django_db
def test_a_refusal_is_the_answer_too_and_leaves_nothing(at: datetime):
    for refuse in (True, False):
        with pytest.raises(Refused) as refused:
            ask(at, refuse=refuse)
        assert (refused.value.kind, refused.value.code, refused.value.errors[0]["field"]) == (
            Kind.CONFLICT,
            "taken",
            "name",
        )
    assert not Team.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Kind.BUSY, Kind.TOO_MANY, Kind.FAILED])
def test_a_refusal_that_says_to_try_again_is_not_kept(at: datetime, kind: Kind):
    with pytest.raises(Refused):
        ask(at, refuse=True, kind=kind)
    assert not Team.objects.exists()
    assert ask(at)["id"]


@pytest.mark.django_db
def test_what_breaks_is_not_kept(at: datetime):
    with pytest.raises(ZeroDivisionError):
        answer_once(lambda: 1 / 0, route="POST /x", key="k1", payload=None, by=KEY, at=at)
    assert ask(at)["id"]


def test_two_at_once_are_one(committed_db: str, at: datetime):
    answers: list[Any] = []
    start = threading.Barrier(8)

    def run() -> None:
        start.wait()
        try:
            answers.append(ask(at)["id"])
        except Refused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = Team.objects.get().pk
    assert len(answers) == 8
    assert set(answers) <= {made, "idempotency_in_flight"}
    assert made in answers


def test_keys_that_differ_only_at_their_end_stay_two_however_long_the_address(at: datetime):
    one, other = (idempotency.scoped_key(f"{'k' * 119}{end}", route=f"POST /{'x' * 90}", by=KEY) for end in "ab")
    assert one != other
    assert len(one) == len(other) == 200
