"""Values as people and systems write them."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.capture.imports.values import (
    clean_text,
    date_order,
    decimal_mark,
    is_placeholder,
    parse_datetime,
    parse_number,
    parse_outcome,
    parse_truth,
)
from filon.kit.identifiers import ValueProblem

PARIS = ZoneInfo("Europe/Paris")
MOMENTS = st.integers(-(10**9), 6 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC))
EVENING = datetime(2018, 2, 26, 18, 58, tzinfo=UTC)  # 19:58 in Paris


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2018-02-26", date(2018, 2, 26)),
        ("20180226", date(2018, 2, 26)),
        ("2018-02-26 19:58", EVENING),
        ("2018-02-26T19:58:00", EVENING),
        ("2018-02-26T18:58:00Z", EVENING),
        ("2018-02-26T19:58:00.000+0100", EVENING),
        ("2018-02-26T18:58:00.0000000Z", EVENING),
        ("2018-02-26 18:58:00 UTC", EVENING),
        ("2018-02-26 19:58:00 +0100", EVENING),
        ("2018.02.26 19:58", EVENING),
        ("2018/2/26 19:58:00", EVENING),
        ("26/02/2018 19:58", EVENING),
        ("26/02/2018 à 19h58", EVENING),
        ("26/02/2018", date(2018, 2, 26)),
        ("26-02-2018", date(2018, 2, 26)),
        ("26.02.18", date(2018, 2, 26)),
        ("26 févr. 2018", date(2018, 2, 26)),
        ("lundi 26 février 2018 19:58", EVENING),
        ("1er août 2018", date(2018, 8, 1)),
        ("26-Feb-2018", date(2018, 2, 26)),
        ("Feb 26, 2018 7:58 PM", EVENING),
        ("02/26/2018 7:58 PM", EVENING),
        ("03/04/2018", date(2018, 4, 3)),
        ("26/02/2018\u00a019:58", EVENING),
        ("   ", None),
    ],
)
def test_dates_as_they_are_written(written, moment):
    assert parse_datetime(written, zone=PARIS) == moment


def test_a_us_column_has_the_month_first_but_a_day_above_12_decides():
    assert parse_datetime("03/04/2018", zone=PARIS, day_first=False) == date(2018, 3, 4)
    assert parse_datetime("26/02/2018", zone=PARIS, day_first=False) == date(2018, 2, 26)


@pytest.mark.parametrize(
    "written",
    [
        "0000-00-00",
        "31/02/2018",
        "2018-13-01",
        "43157",
        "hier",
        "26/02",
        "13/13/2018",
        "9999-12-31",
        "26 foo 2018",
        "N/A",
    ],
)
def test_what_is_no_date_is_refused(written):
    with pytest.raises(ValueProblem, match="is not a date"):
        parse_datetime(written, zone=PARIS)


@pytest.mark.parametrize(
    ("samples", "order"),
    [
        (["03/04/2018", "26/02/2018"], True),
        (["03/04/2018", "02/26/2018 10:00"], False),
        (["03/04/2018"], None),
        (["26/02/2018", "02/26/2018"], None),
        (["2018-02-26", ""], None),
    ],
)
def test_a_column_shows_its_date_order(samples, order):
    assert date_order(samples) is order


@given(moment=MOMENTS)
def test_any_moment_comes_back_from_its_iso_text(moment):
    assert parse_datetime(moment.isoformat(), zone=PARIS) == moment
    assert parse_datetime(moment.strftime("%d/%m/%Y %H:%M:%S"), zone=UTC) == moment


@given(text=st.text("0123456789/-.: TZ+hAPMféà", max_size=24))
def test_any_text_is_a_date_or_a_problem(text):
    with suppress(ValueProblem):
        moment = parse_datetime(text, zone=PARIS)
        assert moment is None or 1899 <= moment.year <= 2200


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1054", "1054"),
        ("1100.04", "1100.04"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234,5 €", "1234.5"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1,234,567.8", "1234567.8"),
        ("12,34,567.8", "1234567.8"),
        ("1'234.50", "1234.50"),
        ("12%", "12"),
        ("12,5 %", "12.5"),
        ("€ 1 200", "1200"),
        ("$1,200", "1200"),
        ("(5)", "-5"),
        ("-3,5", "-3.5"),
        ("−3", "-3"),
        ("1.2 M€", "1200000"),
        ("12k€", "12000"),
        ("0,125", "0.125"),
        ("1,234", "1234"),
        ("1.234", "1.234"),
        ("1e-07", "0.0000001"),
        ("1200 EUR", "1200"),
    ],
)
def test_numbers_as_they_are_written(written, number):
    assert parse_number(written) == Decimal(number)


def test_a_column_decides_what_one_mark_means():
    assert parse_number("1,234", decimal=",") == Decimal("1.234")
    assert parse_number("1.234", decimal=",") == Decimal(1234)
    assert parse_number("1,234", decimal=".") == Decimal(1234)
    assert parse_number("12.5", decimal=",") == Decimal("12.5")


@pytest.mark.parametrize(
    "written",
    ["", "abc", "1,2,3", "12 abc", "NaN", "Infinity", "1-2", "--1", "51-200", "٣", "1.2.3,4", "9" * 50 + ",1"],
)
def test_what_is_no_number_is_refused(written):
    with pytest.raises(ValueProblem, match="is not a number"):
        parse_number(written)


@pytest.mark.parametrize(
    ("samples", "mark"),
    [
        (["1,234", "12,5"], ","),
        (["1,234", "12.5"], "."),
        (["1,234", "1,234"], ""),
        (["1.234,50"], ","),
        (["1 234", ""], ""),
        (["0,125"], ","),
        (["1234,567"], ","),
        (["1,234,567"], "."),
    ],
)
def test_a_column_shows_its_decimal_mark(samples, mark):
    assert decimal_mark(samples) == mark


@given(number=st.decimals(-(10**12), 10**12, places=2))
def test_a_number_reads_the_same_in_french_and_english(number):
    english = f"{number:,.2f}"
    french = english.replace(",", "\u202f").replace(".", ",")
    assert parse_number(english) == parse_number(french) == number


def test_truth_in_two_languages():
    assert all(parse_truth(text) for text in ("Yes", "OUI", "vrai", "true", "1", "x", "X"))
    assert not any(parse_truth(text) for text in ("No", "non", "Faux", "FALSE", "0"))
    with pytest.raises(ValueProblem):
        parse_truth("peut-être")


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        *[(text, "won") for text in ("1", "true", "Won", "Closed Won", "Gagné", "closed_won", "oui")],
        *[(text, "lost") for text in ("0", "false", "Lost", "Closed/Lost", "perdu")],
        *[(text, "open") for text in ("", "Open", "en cours")],
    ],
)
def test_outcomes(written, outcome):
    assert parse_outcome(written) == outcome


def test_an_unknown_outcome_is_refused():
    with pytest.raises(ValueProblem, match="neither won, lost nor open"):
        parse_outcome("maybe")


def test_placeholders_are_missing_but_odd_names_are_not():
    assert all(map(is_placeholder, ["Select", "select", "-- Select --", "Sélectionner", "-Choisir-"]))
    assert not any(map(is_placeholder, ["NULL", "None", "N/A", "undefined", "null", "Selected", "-", ""]))


def test_naughty_strings_come_back_unchanged(data):
    changed = []
    for text in json.loads((data / "strings" / "blns.json").read_text()):
        if clean_text(text) != text:
            changed.append(text)
            assert clean_text(text) == text.strip(" ")  # only the plain spaces at its ends
    assert len(changed) == 8  # those of the list that begin or end with a space


def test_only_what_cannot_be_stored_is_taken_out_of_a_text():
    assert clean_text(" a\0b\u200b\x07 ") == "ab\u200b\x07"
