"""Rows become typed values, or problems that name their column."""

import pickle
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from filon.capture.imports.layout import Layout, Row
from filon.capture.imports.mapper import FINDINGS, digest, make_mapper
from filon.capture.imports.mapping import override, propose
from filon.capture.imports.reading import read_rows, sniff
from filon.kit.identifiers import ValueProblem

PARIS = ZoneInfo("Europe/Paris")


def mapper_of(kind, header, *, sets=None, samples=(), maps=(), **options):
    choices = override(propose(kind, header, samples), maps)
    settings = {"zone": PARIS, "country": "FR"} | options
    return make_mapper(kind, Layout("csv", header), choices, sets or {}, **settings)


def mapped(kind, cells, **options):
    """One row, given as {column: cell}."""
    return mapper_of(kind, list(cells), **options)(Row(1, 2, list(cells.values())))


def test_a_lead_gets_typed_values():
    row = mapped(
        "leads",
        {
            "Email": " Ana@Acme.FR ",
            "Phone": "06 12 34 56 78",
            "Company": "Acme",
            "Website": "https://www.acme.fr/",
            "SIREN": "732 829 320",
            "Employees": "1 200",
            "Country": "Belgique",
            "Created": "26/02/2018 19:58",
            "Converted": "1",
            "consent.email": "oui",
            "Channel": "Paid Search",
            "Colour": " bleu ",
            "Empty": "",
        },
        maps=[("Phone", "phone")],
    )
    assert row.values == {
        "email": "ana@acme.fr",
        "company.name": "Acme",
        "company.domain": "acme.fr",
        "company.siren": "732829320",
        "company.employees": 1200,
        "country": "BE",
        "captured_at": datetime(2018, 2, 26, 18, 58, tzinfo=UTC),
        "outcome": "won",
        "consent.email": True,
        "channel": "paid_search",
    }
    assert row.attributes == {"Colour": "bleu", "phone": "06 12 34 56 78"}  # no Belgian number
    assert [finding.code for finding in row.findings] == ["phone"]


def test_a_phone_is_dialled_from_the_rows_country():
    cells = {"email": "a@b.be", "phone": "0470 12 34 56", "country": "Belgique"}
    assert mapped("leads", cells).values["phone"] == "+32470123456"
    assert mapped("leads", {"phone": "06 12 34 56 78"}).values == {"phone": "+33612345678"}
    assert mapped("leads", {"phone": "0470 12 34 56"}, country="BE").values == {"phone": "+32470123456"}


@pytest.mark.parametrize(
    ("kind", "column", "cell", "code"),
    [
        ("leads", "email", "ana@", "email_at"),
        ("leads", "captured_at", "31/02/2026", "date"),
        ("companies", "company.siren", "123456789", "siren_check"),
        ("companies", "company.domain", "n/a", "domain"),
        ("opportunities", "amount", "beaucoup", "number"),
        ("opportunities", "probability", "120 %", "percent"),
        ("opportunities", "close_date", "bientôt", "date"),
    ],
)
def test_a_wrong_identifier_date_or_amount_rejects_the_row(kind, column, cell, code):
    (problem,) = mapped(kind, {"external_id": "7", column: cell})
    assert (problem.code, problem.column) == (code, column)
    assert isinstance(problem, ValueProblem)
    assert str(problem)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("phone", "à rappeler", "phone"),
        ("company.siren", "123456789", "siren_check"),
        ("company.domain", "n/a", "domain"),
        ("company.employees", "51-200", "number"),
        ("company.employees", "12,5", "integer"),
        ("company.revenue", "secret", "number"),
        ("linkedin_url", "aucun", "profile_url"),
        ("outcome", "peut-être", "outcome"),
        ("consent.email", "?", "truth"),
    ],
)
def test_another_wrong_value_is_kept_as_text_with_a_finding(column, cell, code):
    row = mapped("leads", {"external_id": "7", column: cell})
    assert row.values == {"external_id": "7"}
    assert row.attributes == {column: cell}
    assert row.findings == [(code, column, cell)]


@pytest.mark.parametrize("other", [{"phone": "06 12 34 56 78"}, {"linkedin_url": "linkedin.com/in/ana"}])
def test_a_wrong_email_is_kept_as_text_with_a_finding_when_somebody_can_be_reached_otherwise(other):
    row = mapped("leads", {"email": "pasunmail", **other})
    assert row.values.keys() == other.keys()
    assert row.attributes == {"email": "pasunmail"}
    assert row.findings == [("email_at", "email", "pasunmail")]


def test_a_wrong_email_beside_a_wrong_phone_rejects_the_row():
    (problem,) = mapped("leads", {"email": "pasunmail", "phone": "12"})
    assert problem.code == "email_at"


def test_all_problems_of_a_row_are_told():
    problems = mapped("leads", {"email": "x", "captured_at": "y", "phone": "06 12 34 56 78"})
    assert [problem.column for problem in problems] == ["email", "captured_at"]


@pytest.mark.parametrize("channel", ["import", "API"])
def test_a_door_is_no_channel(channel):
    row = mapped("leads", {"email": "a@b.fr", "channel": channel})
    assert row.values["channel"] == "unknown"
    assert row.findings == [("door_as_channel", "channel", channel)]


def test_an_unknown_channel_or_country_is_told_and_kept():
    row = mapped("leads", {"email": "a@b.fr", "channel": "Pigeon", "country": "Philipines"})
    assert row.values == {"email": "a@b.fr", "channel": "unknown", "country": "Philipines"}
    assert row.attributes == {"channel": "Pigeon"}
    assert {finding.code for finding in row.findings} == {"unknown_channel", "unknown_country"}
    assert all(finding.code in FINDINGS for finding in row.findings)


def test_placeholders_are_missing_values_with_a_finding_but_null_is_a_name():
    row = mapped("leads", {"email": "a@b.fr", "city": "Select", "last_name": "NULL", "first_name": "None", "x": "N/A"})
    assert row.values == {"email": "a@b.fr", "last_name": "NULL", "first_name": "None"}
    assert row.attributes == {"x": "N/A"}
    assert row.findings == [("placeholder", "city", "Select")]


def test_a_row_that_names_nobody_is_rejected():
    (problem,) = mapped("leads", {"email": "", "city": "Lyon", "phone": "12"})
    assert problem.code == "no_identifier"
    assert str(problem) == "The row has no external id, e-mail, phone or LinkedIn profile."
    assert mapped("companies", {"company.name": "Acme"}).values == {"company.name": "Acme"}
    assert mapped("costs", {"amount": "5", "date": "2026-01-02"}).values["date"] == date(2026, 1, 2)


def test_set_values_fill_rows_that_have_none():
    sets = {"channel": "event", "country": "Belgique", "attributes.Stand": "B12", "phone": "02 511 12 12"}
    row = mapped("leads", {"email": "a@b.fr", "country": "France"}, sets=sets)
    assert row.values == {"email": "a@b.fr", "country": "FR", "channel": "event"}
    assert row.attributes == {"Stand": "B12", "phone": "02 511 12 12"}
    other = mapped("leads", {"email": "a@b.fr", "country": ""}, sets=sets)
    assert other.values["country"] == "BE"
    assert other.values["phone"] == "+3225111212"


def test_a_wrong_set_value_is_told_before_the_first_row():
    with pytest.raises(ValueProblem) as problem:
        mapped("leads", {"email": "a@b.fr"}, sets={"captured_at": "hier"})
    assert problem.value.column == "captured_at"


def test_columns_write_dates_and_numbers_in_their_own_way():
    header = ["external_id", "created_at", "close_date", "amount", "probability"]
    cells = ["1", "03/04/2026", "2026-04-03T23:30:00Z", "1.234", "0.2"]
    samples = [cells, ["2", "02/26/2026", "", "1,5", "1"]]
    row = mapper_of("opportunities", header, samples=samples)(Row(1, 2, cells))
    assert row.values == {
        "external_id": "1",
        "created_at": datetime(2026, 3, 4, 0, 0, tzinfo=PARIS),
        "close_date": date(2026, 4, 4),  # in Paris
        "amount": Decimal(1234),
        "probability": Decimal(20),
    }
    assert row.values["created_at"].tzinfo is UTC


def test_a_column_without_name_loses_nothing_when_it_fills_up_later():
    assert mapped("leads", {"email": "a@b.fr", "Column 2": "late"}).attributes == {"Column 2": "late"}
    ignored = mapped("leads", {"email": "a@b.fr", "x": "y"}, maps=[("x", "ignored")])
    assert ignored.attributes == {}


def test_a_naughty_attribute_is_unchanged_but_for_nul():
    assert mapped("leads", {"email": "a@b.fr", "x": "\0", "y": "a\0b", "z": "\u200b"}).attributes == {
        "y": "ab",
        "z": "\u200b",
    }


def test_what_comes_out_travels_between_processes():
    row = mapped("leads", {"email": "a@b.fr", "created": "2026-01-02", "phone": "?"})
    assert pickle.loads(pickle.dumps(row)) == row
    (problem,) = mapped("leads", {"email": "x"})
    copy = pickle.loads(pickle.dumps(problem))
    assert (copy.code, copy.column, copy.params, str(copy)) == (
        problem.code,
        problem.column,
        problem.params,
        str(problem),
    )


def test_equal_rows_have_one_digest_wherever_they_stand():
    header = ["external_id", "amount", "close_date", "x"]
    mapper = mapper_of("opportunities", header)
    first = mapper(Row(1, 2, ["1", "1.0", "2026-01-02", "y"]))
    same = mapper(Row(9, 90, [" 1", "1,00", "02/01/2026", "y "]))
    assert digest(first) == digest(same)
    assert len(digest(first)) == 16
    for cells in (
        ["2", "1", "2026-01-02", "y"],
        ["1", "10", "2026-01-02", "y"],
        ["1", "1", "2026-01-03", "y"],
        ["1", "1", "2026-01-02", "z"],
    ):
        assert digest(mapper(Row(1, 2, cells))) != digest(first)
    swapped = mapper_of("opportunities", ["external_id", "name"])
    assert digest(swapped(Row(1, 2, ["a", "b"]))) != digest(swapped(Row(1, 2, ["b", "a"])))


def test_choices_of_another_file_are_refused():
    choices = propose("leads", ["email"], [])
    with pytest.raises(ValueError, match="not those of this file"):
        make_mapper("leads", Layout("csv", ["phone"]), choices, {}, zone=PARIS, country="FR")


def test_x_education_maps_every_row(data):
    path = data / "x_education" / "Leads.csv"
    layout = sniff(path)
    mapper = mapper_of("leads", layout.header)
    rows = [mapper(row) for row in read_rows(path, layout)]
    assert Counter(row.values["outcome"] for row in rows) == {"lost": 5679, "won": 3561}
    assert len({row.values["external_id"] for row in rows}) == len({digest(row) for row in rows}) == 9240
    placeholders = Counter(f.column for row in rows for f in row.findings if f.code == "placeholder")
    assert placeholders == {
        "How did you hear about X Education": 5043,
        "Lead Profile": 4146,
        "City": 2249,
        "Specialization": 1942,
    }
    assert sum("source" not in row.values for row in rows) == 36
    assert Counter(row.values.get("source") for row in rows)["google"] == 5
    assert all("Column 38" not in row.attributes for row in rows)


def test_maven_opportunities_map_every_row(data):
    path = data / "maven_crm" / "sales_pipeline.csv"
    layout = sniff(path)
    mapper = mapper_of("opportunities", layout.header)
    rows = [mapper(row) for row in read_rows(path, layout)]
    assert len(rows) == 8800
    won = [row.values for row in rows if row.values["stage"] == "Won"]
    assert (len(won), sum(values["amount"] for values in won)) == (4238, 10_005_534)
    days = [(values["close_date"] - values["created_at"].astimezone(PARIS).date()).days for values in won]
    assert round(sum(days) / len(days), 2) == 51.78
    assert sum("company.name" not in row.values for row in rows) == 1425
    assert sum("created_at" not in row.values for row in rows) == 500


def test_maven_accounts_show_what_is_misspelt_and_keep_it(data):
    path = data / "maven_crm" / "accounts.csv"
    layout = sniff(path)
    mapper = mapper_of("companies", layout.header)
    rows = [mapper(row) for row in read_rows(path, layout)]
    assert len(rows) == 85
    assert Counter(finding for row in rows for finding in row.findings) == {
        ("misspelt_sector", "company.sector", "technolgy → Technology"): 12,
        ("unknown_country", "company.country", "Philipines → Philippines"): 1,
    }
    assert sum(row.values["company.sector"] == "technolgy" for row in rows) == 12
