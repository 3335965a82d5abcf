"""One person however they come in, and never two people made one by a shared switchboard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from filon.core import line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.leads.identity import person_keys
from filon.leads.models import Company, Finding, Identifier, Lead, Person
from tests.frame.effort import examples


def take(at: datetime, *values: dict[str, Any], system: str = "default", is_live: bool = True) -> Batch:
    entries = [
        Entry(kind="lead", door="api", at=at, values=dict(said), system=system, is_live=is_live) for said in values
    ]
    return line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at, is_live=is_live))


def test_same_address_is_the_same_person(db: None, at: datetime) -> None:
    take(at, {"email": "claire@sogetrel.fr"})
    take(at, {"email": "claire@sogetrel.fr", "first_name": "Claire"})
    assert Person.objects.count() == 1
    assert Lead.objects.count() == 1
    assert Fact.objects.filter(kind="submitted").count() == 2


def test_same_address_twice_in_one_batch_is_one_person(db: None, at: datetime) -> None:
    batch = take(at, {"email": "a@b.fr"}, {"email": "a@b.fr"}, {"email": "c@b.fr"})
    assert Person.objects.count() == 2
    assert [item.is_matched for item in batch.items] == [False, True, False]


def test_a_switchboard_does_not_make_two_people_one(db: None, at: datetime) -> None:
    take(at, {"email": "ana@b.fr", "phone": "+33140000000"}, {"email": "ben@b.fr", "phone": "+33140000000"})
    assert Person.objects.count() == 2
    assert Identifier.objects.filter(kind="phone").count() == 1


def test_another_last_name_under_the_same_phone_is_another_person(db: None, at: datetime) -> None:
    take(at, {"phone": "+33612345678", "last_name": "Morel"})
    take(at, {"phone": "+33612345678", "last_name": "Petit"})
    take(at, {"phone": "+33612345678", "last_name": "MOREL"})
    assert Person.objects.count() == 2


def test_an_external_id_is_stronger_than_an_address_and_the_disagreement_is_shown(db: None, at: datetime) -> None:
    take(at, {"external_id": "7", "email": "ana@b.fr"}, {"email": "ben@b.fr"})
    batch = take(at, {"external_id": "7", "email": "ben@b.fr"})
    assert batch.items[0].person is not None
    assert batch.items[0].person["email"] == "ana@b.fr" or Person.objects.count() == 2
    assert Person.objects.count() == 2
    assert Finding.objects.get(code="identifiers_disagree").subject == "ben@b.fr"


def test_the_same_external_id_of_another_system_is_somebody_else(db: None, at: datetime) -> None:
    take(at, {"external_id": "7"}, system="hubspot")
    take(at, {"external_id": "7"}, system="salesforce")
    assert Person.objects.count() == 2


def test_nobody_named_is_refused_with_its_reason(db: None, at: datetime) -> None:
    batch = take(at, {"first_name": "Claire"}, {"email": "a@b.fr"})
    assert [item.outcome for item in batch.items] == ["rejected", "created"]
    assert batch.items[0].refusal is not None
    assert batch.items[0].refusal.code == "no_identifier"


@pytest.mark.parametrize(
    ("first", "second", "companies"),
    [
        ({"company.name": "Sogetrel"}, {"company.name": "SOGETREL "}, 1),
        ({"company.name": "Sogetrel", "company.country": "FR"}, {"company.name": "Sogetrel"}, 1),
        (
            {"company.name": "Sogetrel", "company.country": "FR"},
            {"company.name": "Sogetrel", "company.country": "BE"},
            2,
        ),
        ({"company.domain": "sogetrel.fr", "company.name": "Sogetrel"}, {"company.domain": "sogetrel.fr"}, 1),
        ({"company.siren": "732829320"}, {"company.siren": "732829320", "company.name": "Thales"}, 1),
        ({"email": "a@sogetrel.fr"}, {"email": "b@sogetrel.fr"}, 1),
        ({"email": "a@gmail.com"}, {"email": "b@gmail.com"}, 0),
    ],
)
def test_companies_are_known_by_siren_domain_or_name_and_country(
    db: None, at: datetime, first: dict[str, str], second: dict[str, str], companies: int
) -> None:
    take(at, {"external_id": "1", **first})
    take(at, {"external_id": "2", **second})
    assert Company.objects.count() == companies


def test_unifying_costs_the_same_number_of_statements_whatever_the_batch(
    db: None, at: datetime, django_assert_max_num_queries: Any
) -> None:
    take(at, {"email": "warm@up.fr", "company.name": "Warm"})
    counts = []
    for size in (130, 390):  # rows go by hundreds, the rest of them by a statement of their own
        said = [{"email": f"p{n}@firm{size}x{n}.fr", "company.name": f"Firm {size} {n}"} for n in range(size)]
        with django_assert_max_num_queries(60) as queries:
            take(at, *said)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_sixteen_at_once_make_one_person_and_sixteen_facts(committed_db: str, at: datetime) -> None:
    def submit(number: int) -> None:
        try:
            take(at, {"email": "claire@sogetrel.fr", "first_name": f"Claire {number}"})
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(submit, range(16)))
    assert Person.objects.count() == 1
    assert Lead.objects.count() == 1
    assert Fact.objects.filter(kind="submitted").count() == 16
    assert Fact.objects.filter(kind="lead_captured").count() == 1


said_of_people = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@x.fr", "b@x.fr", "c@y.fr"]),
        "phone": st.sampled_from(["+33140000001", "+33140000002"]),
        "external_id": st.sampled_from(["1", "2", "3"]),
        "last_name": st.sampled_from(["Morel", "Petit"]),
    },
)


@examples(40)
@given(st.lists(said_of_people, min_size=1, max_size=8), st.data())
def test_an_identifier_names_one_person_whatever_comes_in_what_batches(
    django_db_blocker: Any, django_db_setup: None, said: list[dict[str, str]], data: st.DataObject
) -> None:
    from django.db import transaction

    moment = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
    with django_db_blocker.unblock(), transaction.atomic():
        while said:
            size = data.draw(st.integers(1, len(said)))
            batch = take(moment, *said[:size])
            for item in batch.going():
                keys = person_keys(item.entry.values, "default", "lead")
                assert item.person is not None
                strongest = Identifier.objects.filter(kind=keys[0][0], system=keys[0][1], value=keys[0][2]).first()
                if keys[0][0] != "phone":
                    assert strongest is not None
                    assert strongest.person_id == item.person["id"]
            said = said[size:]
        for person in Person.objects.all():
            emails = person.identifiers.filter(kind="email").values_list("value", flat=True)
            assert person.email == "" or person.email in emails or Finding.objects.filter(code="identifiers_disagree")
        assert not Lead.objects.filter(is_open=True).values("person").annotate(n=_count()).filter(n__gt=1)
        transaction.set_rollback(True)


def _count() -> Any:
    from django.db.models import Count

    return Count("id")
