"""People and companies: every one on exactly one page, found by words, and each with what is known around."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from filon.core import access
from filon.core.access import Actor
from filon.core.models import Team, User
from filon.kit.errors import Refused
from filon.leads.directory import companies, paging, people
from filon.leads.directory.paging import BY_NAME, NEWEST, Walk
from filon.leads.models import Company, Lead, Person
from filon.leads.search import index

pytestmark = pytest.mark.django_db


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode()).replace("\u00a0", " ")


def index_all() -> None:
    index._index(list(Lead.objects.values_list("pk", flat=True)))


# Lists ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 5, 50])
@pytest.mark.parametrize("sort", [NEWEST, BY_NAME])
def test_everyone_stands_on_exactly_one_page_there_and_back(
    sort: str, limit: int, come: Callable[..., Lead], admin: Actor
):
    names = ["Zoé", "", "alice", "Élodie", "", "Alice", "zoe"]
    made = [come(full_name=name).person for name in names]
    newest = [person.pk for person in reversed(made)]
    by_name = [made[number].pk for number in (2, 5, 3, 0, 6, 1, 4)]
    expected = newest if sort == NEWEST else by_name

    forth: list[int] = []
    page = people.people(Walk(sort=sort, limit=limit), by=admin)
    pages = [page]
    while page.next:
        page = people.people(Walk(sort=sort, limit=limit, after=page.next), by=admin)
        pages.append(page)
    forth = [row.id for page in pages for row in page.rows]
    assert forth == expected

    back = list(pages[-1].rows)
    while page.previous:
        page = people.people(Walk(sort=sort, limit=limit, before=page.previous), by=admin)
        back = [*page.rows, *back]
    assert [row.id for row in back] == expected


def test_companies_are_paged_too_with_their_counts(come: Callable[..., Lead], admin: Actor):
    for number in range(3):
        come(company__name="Axians", full_name=f"P{number}")
    come(company__name="Sogetrel", outcome="lost")
    first = companies.companies(Walk(sort=BY_NAME, limit=1), by=admin)
    second = companies.companies(Walk(sort=BY_NAME, limit=1, after=first.next), by=admin)
    rows = [*first.rows, *second.rows]
    assert [(row.name, row.people, row.open_leads) for row in rows] == [("Axians", 3, 3), ("Sogetrel", 1, 0)]


@pytest.mark.parametrize(
    "cursor", ["x", "WyJuYW1lIiwgMCwgWyJhIl1d", "WyItY3JlYXRlZCIsIDAsIFsxXV0", "WyJuYW1lIiwgMCwgW11d"]
)
def test_a_foreign_cursor_or_an_unknown_order_is_refused(cursor: str, admin: Actor):
    with pytest.raises(Refused):
        people.people(Walk(sort=BY_NAME, after=cursor), by=admin)
    with pytest.raises(Refused):
        paging.page(people.PEOPLE, Walk(sort="shoe_size"))


@pytest.mark.parametrize("words", ["claire", "MOREL", "morel claire", "claire@sogetrel.fr", "06 12 34 56 78", "Clai"])
def test_a_person_is_found_by_name_and_by_identifier(words: str, come: Callable[..., Lead], admin: Actor):
    claire = come(full_name="Claire Morel", last_name="Morel", email="claire@sogetrel.fr", phone="+33612345678").person
    come(full_name="Karim Benali", company__name="Axians")
    index_all()
    assert [row.id for row in people.people(Walk(), by=admin, words=words).rows] == [claire.pk]


@pytest.mark.parametrize("words", ["soge", "Groupe sogetrel", "sogetrel.fr", "732 829 320", "sogetrel groupe"])
def test_a_company_is_found_by_name_domain_and_siren_and_not_by_its_people(
    words: str, come: Callable[..., Lead], admin: Actor
):
    made = come(
        full_name="Soge Axians",
        email="x@sogetrel.fr",
        company__name="Sogetrel Groupe" if words != "Groupe sogetrel" else "Groupe Sogetrel",
        company__domain="sogetrel.fr",
        company__siren="732829320",
    ).company
    come(full_name="Karim Soge", company__name="Axians")
    index_all()
    assert made is not None
    assert [row.id for row in companies.companies(Walk(), by=admin, words=words).rows] == [made.pk]


def test_a_search_that_finds_too_much_says_so(come: Callable[..., Lead], admin: Actor):
    for number in range(4):
        come(full_name=f"Claire {number}")
    found = people.people(Walk(limit=3), by=admin, words="claire")
    assert (len(found.rows), found.is_cut) == (3, True)


@pytest.mark.parametrize(
    "path", ["/people", "/people?q=claire", "/people?sort=name", "/companies", "/companies?q=client"]
)
def test_a_list_costs_at_most_twelve_statements(
    path: str, come: Callable[..., Lead], signed_in_client: Callable[..., Client]
):
    for number in range(60):
        come(full_name=f"Claire {number}", company__name=f"Client {number}")
    client = signed_in_client("sdr")
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    assert response.status_code == 200
    assert response.content.count(b"row-link") == 50
    assert len(captured) <= 12


def test_a_person_without_a_name_is_called_by_an_identifier(come: Callable[..., Lead], signed_in_client: Any):
    lead = come(email="", external_id="579233")
    client = signed_in_client("sdr")
    assert "579233" in text_of(client.get("/people"))
    assert '<h1><span id="record-title">579233</span></h1>' in client.get(f"/leads/{lead.pk}").content.decode()


# One ------------------------------------------------------------------------------------------------------------------


def test_a_person_has_all_their_leads_and_what_happened_with_each(
    come: Callable[..., Lead], signed_in_client: Callable[..., Client]
):
    lost = come(full_name="Claire Morel", email="c@s.fr", company__name="Sogetrel", outcome="lost", source="Salon")
    again = come(email="c@s.fr", source="Google")
    assert lost.person_id == again.person_id
    page = text_of(signed_in_client("sdr").get(f"/people/{lost.person_id}"))
    assert f"/leads/{lost.pk}" in page
    assert f"/leads/{again.pk}" in page
    assert "Salon" in page
    assert "a fait passer le lead de Nouveau à Perdu" in page


def test_an_account_has_everyone_known_there_and_where_their_leads_stand(
    come: Callable[..., Lead], signed_in_client: Callable[..., Client]
):
    claire = come(full_name="Claire Morel", job_title="CTO", company__name='L"Atelier', company__sector="Télécoms")
    come(full_name="Karim Benali", company__name='L"Atelier', outcome="lost")
    page = text_of(signed_in_client("sdr").get(f"/companies/{claire.company_id}"))
    for words in ("Claire Morel", "CTO", "Karim Benali", "Télécoms", "L&quot;Atelier"):
        assert words in page
    assert "/leads?filter=company.name+%3D+%22L%5C%22Atelier%22+and+stage+%3D+captured" in page
    assert f"/panels/company/{claire.company_id}/opportunities" in page


@pytest.mark.parametrize("kind", ["person", "company"])
def test_one_costs_at_most_twelve_statements(
    kind: str, come: Callable[..., Lead], signed_in_client: Callable[..., Client]
):
    leads = [come(full_name=f"Claire {number}", company__name="Sogetrel") for number in range(60)]
    url = f"/people/{leads[0].person_id}" if kind == "person" else f"/companies/{leads[0].company_id}"
    client = signed_in_client("sdr")
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    assert len(captured) <= 12


def test_a_manager_sees_people_and_of_their_leads_those_of_the_team(
    come: Callable[..., Lead], make_user: Callable[..., User], signed_in_client: Callable[..., Client], at: datetime
):
    north, south = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("north", "south"))
    lead = come(full_name="Claire Morel", company__name="Sogetrel", source="Secret")
    owner = make_user("sdr", team=north, name="Norbert")
    Lead.objects.filter(pk=lead.pk).update(owner=owner)
    index_all()
    client = signed_in_client("manager", team=south)
    for path in ("/people", f"/people/{lead.person_id}", f"/companies/{lead.company_id}", "/companies"):
        page = text_of(client.get(path))
        assert "Claire Morel" in page or "Sogetrel" in page
        assert f"/leads/{lead.pk}" not in page, path
        assert "Norbert" not in page, path
        assert "Secret" not in page, path
    manager = access.of_user(client.user)  # type: ignore[attr-defined]
    assert companies.companies(Walk(), by=manager).rows[0].open_leads == 0
    assert companies.company(lead.company_id or 0, by=manager).leads == []


@pytest.mark.parametrize(
    "path", ["/people/999", "/companies/999", f"/people/{10**25}", "/people?company=x", "/companies/1/timeline"]
)
def test_what_is_not_there_is_404(path: str, signed_in_client: Callable[..., Client]):
    assert signed_in_client("admin").get(path).status_code == 404


def test_erased_people_are_gone(come: Callable[..., Lead], signed_in_client: Callable[..., Client]):
    lead = come(full_name="Claire Morel", company__name="Sogetrel")
    Lead.objects.all().delete()
    Person.objects.all().delete()
    client = signed_in_client("admin")
    assert client.get(f"/people/{lead.person_id}").status_code == 404
    assert "Claire" not in text_of(client.get(f"/companies/{lead.company_id}"))


def test_an_empty_directory_says_what_it_is_for(signed_in_client: Callable[..., Client]):
    client = signed_in_client("marketing")
    for path in ("/people", "/companies"):
        assert "Importer un fichier" in text_of(client.get(path))
    assert not Company.objects.exists()
