"""The main job on real public data: what comes in by file is what every door to the figures says, to the digit."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from django.db.models import Sum

from filon.core.models import Fact, User
from filon.deals.models import Opportunity, Product
from filon.leads.models import Company, Finding, Lead
from tests.journeys.conftest import Place

pytestmark = pytest.mark.database

BY_ORIGIN = {
    "API": 31.15,
    "Landing Page Submission": 36.19,
    "Lead Add Form": 92.48,
    "Lead Import": 23.64,
}
BY_SOURCE = {
    "Reference": 91.76,
    "Welingak Website": 98.59,
    "Direct Traffic": 32.17,
    "Olark Chat": 25.53,
}
WON_BY_QUARTER = {"2017-Q1": 1_134_672, "2017-Q2": 3_086_111, "2017-Q3": 2_982_255, "2017-Q4": 2_802_496}
WON_BY_MANAGER = {
    "Melvin Marxen": 2_251_930,
    "Summer Sewald": 1_964_750,
    "Rocco Neubert": 1_960_545,
    "Celia Rouche": 1_603_897,
    "Cara Losch": 1_130_049,
    "Dustin Brinkmann": 1_094_363,
}
WIN_RATE_BY_MANAGER = {
    "Cara Losch": 64.43,
    "Summer Sewald": 64.34,
    "Celia Rouche": 63.41,
    "Dustin Brinkmann": 62.98,
    "Melvin Marxen": 62.20,
    "Rocco Neubert": 62.08,
}
WON_BY_PRODUCT = {
    "GTXPro": 3_510_578,
    "GTX Plus Pro": 2_629_651,
    "MG Advanced": 2_216_387,
    "GTX Plus Basic": 705_275,
    "GTX Basic": 499_263,
    "GTK 500": 400_612,
    "MG Special": 43_768,
}
DAYS_BY_PRODUCT = {
    "GTK 500": 64.07,
    "GTX Basic": 54.77,
    "GTX Plus Basic": 51.76,
    "GTX Plus Pro": 51.73,
    "GTXPro": 48.33,
    "MG Advanced": 51.78,
    "MG Special": 51.34,
}
WIN_RATE_BY_SELLER = {"Hayden Neloms": 70.39, "Maureen Marcano": 69.95, "Wilburn Farren": 69.62}
MAVEN = (
    ("sales_teams.csv", "users", 35),
    ("products.csv", "products", 7),
    ("accounts.csv", "companies", 85),
    ("sales_pipeline.csv", "opportunities", 8_800),
)


@pytest.fixture(scope="module")
def imported(place: Place, data_sets: Path) -> dict[str, dict[str, Any]]:
    """Both data sets brought in by the command, each file once; what the command said, by kind."""
    said = {"leads": place.run("import", str(data_sets / "x_education" / "Leads.csv"), "--as", "leads")}
    for name, kind, _ in MAVEN:
        said[kind] = place.run("import", str(data_sets / "maven_crm" / name), "--as", kind)
    return said


@pytest.fixture
def figure(place: Place, imported: object) -> Callable[..., list[dict[str, Any]]]:
    """`figure("funnel", by="source")`: its rows by the command, after seeing that the API says the same."""

    def ask(name: str, **asked: str) -> list[dict[str, Any]]:
        options = [word for option, value in asked.items() for word in (f"--{option}", value)]
        by_command = place.run("kpi", name, *options)
        by_api = place.get_json(f"/api/v1/kpi/{name}", **asked)
        assert by_api["rows"] == by_command["rows"]
        assert by_command["notes"] == by_api["notes"]
        return list(by_command["rows"])

    return ask


def test_every_lead_comes_in_without_any_option(imported: dict[str, dict[str, Any]]) -> None:
    counts = {name: imported["leads"][name] for name in ("rows", "created", "updated", "unchanged", "rejected")}
    assert counts == {"rows": 9_240, "created": 9_240, "updated": 0, "unchanged": 0, "rejected": 0}
    assert Lead.objects.count() == 9_240
    assert Counter(Lead.objects.values_list("stage", flat=True)) == {"customer": 3_561, "lost": 5_679}


def test_every_record_of_the_crm_comes_in(imported: dict[str, dict[str, Any]]) -> None:
    assert {kind: imported[kind]["created"] for _, kind, _ in MAVEN} == {kind: rows for _, kind, rows in MAVEN}
    assert {imported[kind]["rejected"] for _, kind, _ in MAVEN} == {0}
    assert Counter(Opportunity.objects.values_list("state", flat=True)) == {"won": 4_238, "lost": 2_473, "open": 2_089}
    assert Company.objects.count() == 85
    assert User.objects.filter(manager__isnull=False).count() == 35


def test_a_second_import_creates_and_updates_nothing(
    place: Place, imported: dict[str, dict[str, Any]], data_sets: Path
) -> None:
    before = _everything()
    files = [("x_education/Leads.csv", "leads", 9_240), *((f"maven_crm/{name}", *rest) for name, *rest in MAVEN)]
    for name, kind, rows in files:
        said = place.run("import", str(data_sets / name), "--as", kind)
        assert (said["created"], said["updated"], said["unchanged"], said["rejected"]) == (0, 0, rows, 0), kind
    assert _everything() == before


def _everything() -> tuple[object, ...]:
    told = Fact.objects.exclude(kind__startswith="import_")  # that a file came in is a fact of its own
    counts = (table.objects.count() for table in (Lead, Opportunity, Company, User, Product))
    versions = Lead.objects.aggregate(Sum("version")), Opportunity.objects.aggregate(Sum("version"))
    return (told.count(), *counts, *versions, sorted(Finding.objects.values_list("code", "subject", "count")))


def test_conversion_by_origin_is_the_published_one(figure: Callable[..., list[dict[str, Any]]]) -> None:
    found = _by(figure("funnel", by="Lead Origin"), "Lead Origin")
    assert {name: _percent(found[name]["rate"]) for name in BY_ORIGIN} == BY_ORIGIN
    assert sum(row["captured"] for row in found.values()) == 9_240


def test_conversion_by_source_is_the_published_one(figure: Callable[..., list[dict[str, Any]]]) -> None:
    found = _by(figure("funnel", by="source"), "source")
    assert {name: _percent(found[name]["rate"]) for name in BY_SOURCE} == BY_SOURCE
    assert sum(row["captured"] for row in found.values()) == 9_240
    assert sum(row["customer"] for row in found.values()) == 3_561


def test_google_in_two_writings_is_one_source(figure: Callable[..., list[dict[str, Any]]]) -> None:
    written = [row for row in figure("funnel", by="source") if (row["source"] or "").lower() == "google"]
    assert [(row["source"], row["captured"], row["customer"]) for row in written] == [("Google", 2_873, 1_147)]


def test_leads_without_a_source_are_counted_and_flagged(figure: Callable[..., list[dict[str, Any]]]) -> None:
    assert _by(figure("funnel", by="source"), "source")[None]["captured"] == 36
    assert Finding.objects.get(code="lead_without_source").count == 36


def test_select_is_no_answer(imported: object) -> None:
    found = dict(Finding.objects.filter(code="placeholder").values_list("subject", "count"))
    assert found == {
        "How did you hear about X Education: Select": 5_043,
        "Lead Profile: Select": 4_146,
        "City: Select": 2_249,
        "Specialization: Select": 1_942,
    }


def test_won_deals_add_up_to_the_published_sum(figure: Callable[..., list[dict[str, Any]]]) -> None:
    (row,) = figure("velocity")
    assert (row["won"], row["lost"], row["open"]) == (4_238, 2_473, 2_089)
    assert (row["won_amount"], row["average_deal"]) == ("10005534.00", "2360.91")
    assert _percent(row["win_rate"]) == 63.15
    assert (round(row["cycle_days_mean"], 2), row["cycle_days_median"]) == (51.78, 57)


@pytest.mark.parametrize(
    ("by", "expected"),
    [("quarter", WON_BY_QUARTER), ("manager", WON_BY_MANAGER), ("product", WON_BY_PRODUCT)],
)
def test_won_amounts_split_as_published(
    figure: Callable[..., list[dict[str, Any]]], by: str, expected: dict[str, int]
) -> None:
    rows = figure("velocity", by=by)
    assert {row[by]: float(row["won_amount"]) for row in rows if row["won"]} == expected


def test_win_rates_by_manager_and_seller_are_the_published_ones(
    figure: Callable[..., list[dict[str, Any]]],
) -> None:
    managers = _by(figure("velocity", by="manager"), "manager")
    assert {name: _percent(managers[name]["win_rate"]) for name in WIN_RATE_BY_MANAGER} == WIN_RATE_BY_MANAGER
    sellers = _by(figure("velocity", by="owner"), "owner")
    assert {name: _percent(sellers[name]["win_rate"]) for name in WIN_RATE_BY_SELLER} == WIN_RATE_BY_SELLER
    assert (sellers["Darcel Schlecht"]["won"], sellers["Darcel Schlecht"]["won_amount"]) == (349, "1153214.00")


def test_days_to_close_by_product_are_those_of_the_file(
    figure: Callable[..., list[dict[str, Any]]], data_sets: Path
) -> None:
    """The published means are over closed deals; the cycle counts won ones: both are held against the file."""
    days = _days_in_the_file(data_sets / "maven_crm" / "sales_pipeline.csv")
    closed = {product: round(mean(won + lost), 2) for product, (won, lost) in days.items()}
    won = {product: round(mean(won), 2) for product, (won, _) in days.items()}
    assert DAYS_BY_PRODUCT in (closed, won)
    found = _by(figure("velocity", by="product"), "product")
    assert {name: round(found[name]["cycle_days_mean"], 2) for name in won} == won
    assert {name: found[name]["cycle_days_median"] for name in won} == {
        name: median(both[0]) for name, both in days.items()
    }


def _days_in_the_file(path: Path) -> dict[str, tuple[list[int], list[int]]]:
    from datetime import date

    found: dict[str, tuple[list[int], list[int]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["deal_stage"] in {"Won", "Lost"}:
                won, lost = found.setdefault(row["product"], ([], []))
                lived = date.fromisoformat(row["close_date"]) - date.fromisoformat(row["engage_date"])
                (won if row["deal_stage"] == "Won" else lost).append(lived.days)
    return found


def test_misspellings_are_asked_about_and_nothing_is_dropped(imported: object) -> None:
    found = set(Finding.objects.values_list("code", "subject"))
    assert ("misspelt_product", "GTXPro → GTX Pro") in found
    subjects = [subject for _, subject in found]
    assert any("technolgy → Technology" in subject for subject in subjects), subjects
    assert any("Philipines" in subject for subject in subjects), subjects
    assert Opportunity.objects.filter(product__name="GTXPro").count() == 1_480
    assert Company.objects.filter(sector="technolgy").count() == 12
    assert Company.objects.filter(country="Philipines").count() == 1


def test_opportunities_without_a_company_are_counted_and_flagged(imported: object) -> None:
    assert Opportunity.objects.filter(company=None).count() == 1_425
    assert Finding.objects.get(code="opportunity_without_company").count == 1_425


def test_a_deal_won_before_the_first_contact_is_counted_apart_and_is_no_error(
    place: Place, imported: object, tmp_path: Path
) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_text("id,email,captured_at,campaign\nL-1,early@exemple.fr,2026-03-10,Avant la suite\n", "utf-8")
    deals = tmp_path / "deals.csv"
    deals.write_text(
        "id,name,lead.external_id,stage,amount,created_at,close_date\n"
        "O-1,Tôt signée,L-1,Won,1000,2026-02-01,2026-03-01\n",
        "utf-8",
    )
    asked = {"filter": 'campaign = "Avant la suite"'}
    assert place.run("import", str(leads), "--as", "leads", "--system", "early")["created"] == 1
    assert place.run("import", str(deals), "--as", "opportunities", "--system", "early")["created"] == 1
    (row,) = place.run("kpi", "velocity", "--filter", asked["filter"])["rows"]
    assert (row["won"], row["out_of_order"], row["revenue_days_mean"]) == (1, 1, None)
    assert place.get_json("/api/v1/kpi/velocity", **asked)["rows"] == [row]
    assert Lead.objects.get(person__email="early@exemple.fr").stage == "customer"


def _by(rows: list[dict[str, Any]], name: str) -> dict[Any, dict[str, Any]]:
    return {row[name]: row for row in rows}


def _percent(rate: float) -> float:
    return round(rate * 100, 2)
