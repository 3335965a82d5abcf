"""Editing by hand: it holds against imports, never overwrites what it did not see, and leaves facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from filon.core import access, line
from filon.core.access import SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact, Team, User
from filon.kit.errors import Kind, Refused
from filon.leads.editing import Edit, edit_company, edit_lead, edit_person, edit_records, edit_together, shown
from filon.leads.models import Campaign, Company, CompanyKey, Identifier, Lead, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def come(at: datetime) -> Callable[..., Lead]:
    """`come(email=…, company__name=…)`: a lead that came in from a CRM; `key` names its row there."""

    def one(key: str = "", **values: Any) -> Lead:
        values = {name.replace("__", "."): value for name, value in values.items()}
        entry = Entry(
            kind="lead",
            door="file",
            at=at,
            values=values,
            is_live=False,
            system="crm",
            key=key,
            digest=md5(repr(sorted(values.items())).encode()).hexdigest() if key else "",
        )
        batch = line.run_with_retries(lambda: Batch([entry], by=SYSTEM, at=at, is_live=False))
        assert batch.items[0].lead
        return Lead.objects.select_related("person", "company").get(pk=batch.items[0].lead["id"])

    return one


@pytest.fixture
def claire(come: Callable[..., Lead]) -> Lead:
    return come("7", email="claire@sogetrel.fr", full_name="Claire Morel", job_title="CTO", company__name="Sogetrel")


def last_change() -> Fact:
    return Fact.objects.select_related("detail").filter(kind="fields_changed").latest("pk")


def test_an_edit_is_told_with_old_and_new_and_its_author(
    claire: Lead, make_user: Callable[..., User], at: datetime
) -> None:
    lea = make_user("sdr", name="Léa")
    edit_person(claire.person_id, {"job_title": " Directrice technique "}, by=access.of_user(lea), at=at)
    claire.person.refresh_from_db()
    assert (claire.person.job_title, claire.person.job_title_folded) == ("Directrice technique", "directrice technique")
    fact = last_change()
    assert (fact.person_id, fact.actor_id, fact.payload) == (
        claire.person_id,
        lea.pk,
        {"of": "person", "fields": ["job_title"]},
    )
    assert fact.detail.values == {"old": {"job_title": "CTO"}, "new": {"job_title": "Directrice technique"}}


def test_the_same_value_again_is_no_fact(claire: Lead, admin: Actor, at: datetime) -> None:
    edit_person(claire.person_id, {"job_title": "CTO"}, by=admin, at=at)
    assert not Fact.objects.filter(kind="fields_changed").exists()


def test_importing_the_same_again_leaves_an_edit_alone(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    edit_person(claire.person_id, {"job_title": "DSI"}, by=admin, at=at)
    same = {"email": "claire@sogetrel.fr", "full_name": "Claire Morel", "job_title": "CTO", "company__name": "Sogetrel"}
    come("7", **same, city="Lyon")
    claire.person.refresh_from_db()
    assert (claire.person.job_title, claire.person.city) == ("DSI", "Lyon")


def test_another_system_does_not_replace_what_a_colleague_wrote(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    edit_person(claire.person_id, {"job_title": "DSI"}, by=admin, at=at)
    come("", email="claire@sogetrel.fr", job_title="Chef de projet")
    claire.person.refresh_from_db()
    assert claire.person.job_title == "DSI"


def test_a_field_that_says_something_else_by_now_is_not_overwritten(claire: Lead, admin: Actor, at: datetime) -> None:
    edit_person(claire.person_id, {"job_title": "DSI"}, by=admin, at=at, seen={"job_title": "CTO"})
    with pytest.raises(Refused) as refused:
        edit_person(claire.person_id, {"job_title": "DG"}, by=admin, at=at, seen={"job_title": "CTO"})
    assert (refused.value.kind, refused.value.errors[0]["current"]) == (Kind.STALE, "DSI")
    edit_person(claire.person_id, {"city": "Lyon"}, by=admin, at=at, seen={"city": "", "job_title": "CTO"})
    claire.person.refresh_from_db()
    assert (claire.person.job_title, claire.person.city) == ("DSI", "Lyon")


def test_an_old_version_of_a_lead_is_refused_and_an_edit_of_its_person_makes_a_new_one(
    claire: Lead, admin: Actor, at: datetime
) -> None:
    edit_lead(claire.pk, {"source": "Salon"}, by=admin, at=at, version=0)
    edit_person(claire.person_id, {"city": "Lyon"}, by=admin, at=at)
    claire.refresh_from_db()
    assert (claire.version, claire.source_folded, claire.edited) == (2, "salon", ["source"])
    with pytest.raises(Refused) as refused:
        edit_lead(claire.pk, {"source": "Google"}, by=admin, at=at, version=1)
    assert refused.value.kind is Kind.STALE


@pytest.mark.parametrize(
    ("field", "value", "becomes"),
    [
        ("email", " CLAIRE.M@Sogetrel.FR ", "claire.m@sogetrel.fr"),
        ("phone", "06 12 34 56 78", "+33612345678"),
        ("linkedin_url", "linkedin.com/in/Claire-Morel/", "https://www.linkedin.com/in/claire-morel"),
        ("country", "Allemagne", "DE"),
        ("city", "Saint-Denis\0", "Saint-Denis"),
        ("job_title", None, ""),
    ],
)
def test_values_are_written_one_way(
    field: str, value: Any, becomes: str, claire: Lead, admin: Actor, at: datetime
) -> None:
    edit_person(claire.person_id, {field: value}, by=admin, at=at)
    claire.person.refresh_from_db()
    assert getattr(claire.person, field) == becomes


@pytest.mark.parametrize(
    ("of", "field", "value"),
    [
        ("person", "email", "claire at sogetrel"),
        ("person", "phone", "call me"),
        ("person", "job_title", "x" * 501),
        ("person", "is_admin", "1"),
        ("person", "attributes.size", "1"),
        ("company", "company.siren", "123456789"),
        ("company", "company.employees", "12.5"),
        ("company", "company.employees", "many"),
        ("company", "company.revenue", "-1"),
        ("company", "company.revenue", "NaN"),
        ("company", "company.name", "  "),
        ("company", "owner", 10**9),
        ("lead", "channel", "pigeon"),
        ("lead", "channel", ""),
        ("lead", "class", "king"),
        ("lead", "campaign", "Salon"),
        ("lead", "stage", "customer"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    of: str, field: str, value: Any, claire: Lead, admin: Actor, at: datetime
) -> None:
    record = {"person": claire.person_id, "company": claire.company_id, "lead": claire.pk}[of]
    refusals = edit_records([Edit(of=of, id=record, values={field: value})], by=admin, at=at)
    assert refusals[0] is not None
    assert (refusals[0].kind, refusals[0].errors[0]["field"]) == (Kind.INVALID, field)
    assert not Fact.objects.filter(kind="fields_changed").exists()


def test_a_new_address_names_the_person_from_now_on_and_the_old_one_still_does(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    edit_person(claire.person_id, {"email": "c.morel@sogetrel.fr"}, by=admin, at=at)
    assert come(email="c.morel@sogetrel.fr").person_id == claire.person_id
    assert come(email="claire@sogetrel.fr").person_id == claire.person_id


def test_the_address_of_somebody_else_is_refused_with_who(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    karim = come(email="karim@sogetrel.fr", full_name="Karim Benali")
    values = {"email": "karim@sogetrel.fr", "linkedin_url": "linkedin.com/in/nobody", "city": "Lyon"}
    with pytest.raises(Refused) as refused:
        edit_person(claire.person_id, values, by=admin, at=at)
    assert refused.value.kind is Kind.CONFLICT
    assert (refused.value.errors[0]["field"], refused.value.errors[0]["person_id"]) == ("email", karim.person_id)
    assert "Karim Benali" in refused.value.message
    claire.person.refresh_from_db()
    assert claire.person.city == ""
    assert not Identifier.objects.filter(kind="profile").exists()


def test_a_phone_may_be_shared(claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime) -> None:
    karim = come(email="karim@sogetrel.fr", last_name="Benali", phone="+33140506070")
    edit_person(claire.person_id, {"phone": "01 40 50 60 70"}, by=admin, at=at)
    claire.person.refresh_from_db()
    assert claire.person.phone == karim.person.phone == "+33140506070"
    assert Identifier.objects.get(kind="phone").person_id == karim.person_id


def test_the_name_follows_its_parts_unless_it_was_written_on_its_own(
    come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    parts = come(email="a@b.fr", first_name="Clair", last_name="Morel").person
    whole = come(email="c@d.fr", full_name="Dr Morel").person
    for person in (parts, whole):
        edit_person(person.pk, {"first_name": "Claire"}, by=admin, at=at)
        person.refresh_from_db()
    assert (parts.full_name, parts.full_name_folded, whole.full_name) == ("Claire Morel", "claire morel", "Dr Morel")


def test_a_company_takes_its_new_names_and_not_those_of_another(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    other = come(email="a@axians.fr", company__name="Axians", company__domain="axians.fr").company
    assert claire.company is not None
    assert other is not None
    edit_company(claire.company.pk, {"company.name": "Sogetrel SAS", "company.siren": "732 829 320"}, by=admin, at=at)
    assert come(email="x@gmail.com", company__name="SOGETREL sas").company_id == claire.company_id
    assert CompanyKey.objects.filter(kind="siren", value="732829320", company=claire.company).exists()
    with pytest.raises(Refused) as refused:
        edit_company(claire.company.pk, {"company.domain": "www.axians.fr"}, by=admin, at=at)
    assert (refused.value.kind, refused.value.errors[0]["company_id"]) == (Kind.CONFLICT, other.pk)


def test_numbers_of_a_company_are_read_as_people_write_them(claire: Lead, admin: Actor, at: datetime) -> None:
    values = {"company.employees": "1 250", "company.revenue": "12 500 000,50", "attributes.erp": "SAP"}
    edit_records([Edit(of="company", id=claire.company_id or 0, values=values)], by=admin, at=at)
    company = Company.objects.get(pk=claire.company_id)
    assert (company.employees, company.revenue, company.attributes) == (1250, Decimal("12500000.50"), {"erp": "SAP"})
    assert shown(company.revenue) == "12500000.5"
    edit_records(
        [Edit(of="company", id=company.pk, values={"company.employees": "", "attributes.erp": ""})], by=admin, at=at
    )
    company.refresh_from_db()
    assert (company.employees, company.attributes, company.attributes_folded) == (None, {}, {})


def test_owner_and_campaign_are_told_by_their_names(
    claire: Lead, make_user: Callable[..., User], admin: Actor, at: datetime
) -> None:
    ana = make_user("sales", name="Ana")
    campaign = Campaign.objects.create(name="Salon 2026", name_folded="salon 2026", created_at=at)
    edit_company(claire.company_id or 0, {"owner": ana.pk}, by=admin, at=at, seen={"owner": ""})
    assert last_change().detail.values == {"old": {"owner": None}, "new": {"owner": "Ana"}}
    edit_lead(claire.pk, {"campaign": campaign.pk}, by=admin, at=at)
    assert last_change().detail.values["new"] == {"campaign": "Salon 2026"}
    claire.refresh_from_db()
    assert (claire.campaign_id, Company.objects.get(pk=claire.company_id).owner_id) == (campaign.pk, ana.pk)


def test_a_person_joins_a_known_or_a_new_account_with_their_open_lead(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    karim = come(email="karim@gmail.com", full_name="Karim Benali")
    edit_person(karim.person_id, {"company.name": "sogetrel"}, by=admin, at=at, seen={"company.name": ""})
    karim.refresh_from_db()
    assert karim.company_id == claire.company_id
    assert Person.objects.get(pk=karim.person_id).company_id == claire.company_id
    edit_person(karim.person_id, {"company.name": "Axians"}, by=admin, at=at, seen={"company.name": "Sogetrel"})
    karim.refresh_from_db()
    assert Company.objects.get(pk=karim.company_id).name == "Axians"
    assert come(email="y@gmail.com", company__name="AXIANS").company_id == karim.company_id
    edit_person(karim.person_id, {"company.name": ""}, by=admin, at=at)
    karim.refresh_from_db()
    assert (karim.company_id, Person.objects.get(pk=karim.person_id).company_id) == (None, None)


def test_an_edit_changes_the_score(claire: Lead, admin: Actor, at: datetime) -> None:
    before = Lead.objects.get(pk=claire.pk).fit
    values = {"company.employees": "400", "company.sector": "Télécoms", "company.country": "FR"}
    edit_company(claire.company_id or 0, values, by=admin, at=at)
    after = Lead.objects.get(pk=claire.pk).fit
    assert before is not None
    assert after is not None
    assert after > before


def test_only_who_may_change_leads_edits_and_a_manager_only_those_of_the_team(
    claire: Lead, make_user: Callable[..., User], at: datetime
) -> None:
    with pytest.raises(Refused) as refused:
        edit_person(claire.person_id, {"city": "Lyon"}, by=access.of_user(make_user("read_only")), at=at)
    assert refused.value.kind is Kind.FORBIDDEN
    north, south = (Team.objects.create(name=name, name_folded=name, created_at=at) for name in ("north", "south"))
    Lead.objects.filter(pk=claire.pk).update(owner=make_user("sdr", team=north))
    with pytest.raises(Refused) as refused:
        edit_lead(claire.pk, {"source": "Google"}, by=access.of_user(make_user("manager", team=south)), at=at)
    assert refused.value.kind is Kind.NOT_FOUND
    edit_lead(claire.pk, {"source": "Google"}, by=access.of_user(make_user("manager", team=north)), at=at)


def test_one_bad_edit_does_not_sink_the_others_unless_they_go_together(
    claire: Lead, come: Callable[..., Lead], admin: Actor, at: datetime
) -> None:
    karim = come(email="karim@gmail.com")
    good = Edit(of="person", id=karim.person_id, values={"city": "Lyon"})
    bad = Edit(of="person", id=claire.person_id, values={"email": "nonsense"})
    with pytest.raises(Refused):
        edit_together([good, bad], by=admin, at=at)
    assert not Person.objects.filter(city="Lyon").exists()
    refusals = edit_records([good, bad, replace(good, id=10**9)], by=admin, at=at + timedelta(minutes=1))
    assert [refused and refused.kind for refused in refusals] == [None, Kind.INVALID, Kind.NOT_FOUND]
    assert Person.objects.get(city="Lyon").pk == karim.person_id


def test_editing_costs_the_same_for_one_and_for_many(come: Callable[..., Lead], admin: Actor, at: datetime) -> None:
    people = [come(email=f"p{number}@gmail.com", company__name=f"C{number}").person_id for number in range(12)]

    def cost(ids: list[int], city: str) -> int:
        edits = [Edit(of="person", id=one, values={"city": city, "email": f"{city}{one}@gmail.com"}) for one in ids]
        with CaptureQueriesContext(connection) as captured:
            edit_records(edits, by=admin, at=at)
        return sum(query["sql"].startswith("SELECT") for query in captured.captured_queries)

    cost(people[:1], "warm")
    assert cost(people, "lyon") == cost(people[:1], "lille")
