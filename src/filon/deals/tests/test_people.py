"""Who has a say in a deal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from filon.core import access
from filon.core.models import Fact
from filon.deals import queries
from filon.deals.commands import create_opportunity
from filon.deals.models import DealPerson
from filon.deals.people import commands
from filon.deals.people import queries as people
from filon.deals.tests.doors import NOON
from filon.kit.errors import Refused
from filon.leads.models import Lead, Person


@pytest.fixture
def seller(db, make_user):
    return access.of_user(make_user("sales", name="Nadia"))


@pytest.fixture
def deal(take, seller):
    rows = [
        {"external_id": "L1", "email": "claire@sogetrel.fr", "last_name": "Morel", "company.name": "Sogetrel"},
        {"external_id": "L2", "email": "paul@sogetrel.fr", "last_name": "Arnaud", "company.name": "Sogetrel"},
        {"external_id": "L3", "email": "eve@ailleurs.fr", "last_name": "Loin", "company.name": "Ailleurs"},
    ]
    take("lead", rows)
    lead = Lead.objects.get(person__email="claire@sogetrel.fr")
    return create_opportunity({"name": "Postes", "lead.id": lead.pk, "amount": Decimal(1)}, by=seller, at=NOON)


def around(deal: int, by: access.Actor) -> people.Around:
    return people.around(queries.opportunity(deal, by=by))


def person(email: str) -> int:
    return Person.objects.get(email=email).pk


def test_roles_are_given_changed_and_taken_away_each_told_once(deal, seller):
    claire, paul = person("claire@sogetrel.fr"), person("paul@sogetrel.fr")
    assert [name for _id, name in around(deal, seller).candidates] == ["Arnaud", "Morel"]
    assert not queries.opportunity(deal, by=seller).has_decision_maker
    commands.set_role(deal, claire, "user", by=seller, at=NOON)
    commands.set_role(deal, paul, "decision_maker", by=seller, at=NOON)
    commands.set_role(deal, paul, "decision_maker", by=seller, at=NOON)
    assert [(one.name, one.role) for one in around(deal, seller).people] == [
        ("Arnaud", "decision_maker"),
        ("Morel", "user"),
    ]
    assert queries.opportunity(deal, by=seller).has_decision_maker
    assert around(deal, seller).candidates == []
    commands.set_role(deal, paul, "", by=seller, at=NOON)
    assert not queries.opportunity(deal, by=seller).has_decision_maker
    told = Fact.objects.filter(kind="opportunity_person_set").order_by("id").values_list("payload", flat=True)
    assert [(one.get("role", ""), one.get("was", "")) for one in told] == [
        ("user", ""),
        ("decision_maker", ""),
        ("", "decision_maker"),
    ]


def test_the_page_gives_a_role_and_says_it_in_the_history(deal, signed_in_client):
    client = signed_in_client("sales")
    claire = person("claire@sogetrel.fr")
    assert client.post(f"/opportunities/{deal}/people", {"person": claire, "role": "decision_maker"}).status_code == 302
    page = client.get(f"/opportunities/{deal}").content.decode()
    assert "Morel : Décideur" in page
    assert client.post(f"/opportunities/{deal}/people", {"person": "x", "role": "user"}).status_code == 303
    assert client.post(f"/opportunities/{deal}/people", {"person": claire, "role": "roi"}).status_code == 303
    assert client.post(f"/opportunities/{deal}/people", {"person": 10**9, "role": "user"}).status_code == 404
    assert DealPerson.objects.get().role == "decision_maker"
    assert signed_in_client("read_only").post(f"/opportunities/{deal}/people", {"person": claire}).status_code == 403


def test_a_manager_of_another_team_gives_no_role(deal, make_user):
    stranger = access.of_user(make_user("manager"))
    with pytest.raises(Refused):
        commands.set_role(deal, person("claire@sogetrel.fr"), "user", by=stranger, at=NOON)
    assert not DealPerson.objects.exists()
