from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from filon.ui import formats

PARIS = "Europe/Paris"
NOW = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)  # a Monday, 14:05 in Paris


@pytest.fixture(autouse=True)
def in_french_and_paris():
    with translation.override("fr"), timezone.override(PARIS):
        yield


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (0, None, "0"),
        (1234567, None, "1\u202f234\u202f567"),
        (Decimal("1234.50"), None, "1\u202f234,5"),
        (0.1 + 0.2, None, "0,3"),
        (2.675, 2, "2,68"),
        (-12, None, "\u221212"),
        (-0.004, 2, "0,00"),
        (None, None, "–"),
        (float("nan"), None, "–"),
        (float("inf"), 1, "–"),
    ],
)
def test_a_number_is_written_in_french(value, places, shown):
    assert formats.number(value, places) == shown


def test_percent_and_money_keep_their_sign_on_the_line():
    assert formats.percent(Decimal("0.312")) == "31,2\u00a0%"
    assert formats.percent(None) == "–"
    assert formats.money(Decimal("1234.5"), "EUR") == "1\u202f234,50\u00a0€"
    assert formats.money(Decimal("-0.4"), "EUR", places=0) == "0\u00a0€"
    assert formats.money(1500, "JPY") == "1\u202f500\u00a0¥"
    assert formats.money(3, "CHF") == "3,00\u00a0CHF"


def test_english_puts_the_currency_first_and_a_comma_between_thousands():
    with translation.override("en"):
        assert formats.money(Decimal("-1234.5"), "EUR") == "\u2212€1,234.50"
        assert formats.money_short(184_000, "USD") == "$184k"
        assert formats.money_short(Decimal("1.2e6"), "CHF") == "CHF\u00a01.2M"
        assert formats.percent(0.312) == "31.2%"


def test_a_language_that_is_not_ours_is_written_as_french():
    with translation.override("de"):
        assert formats.number(1234.5) == "1\u202f234,5"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (9_870, "9\u202f870\u00a0€"),
        (Decimal("9999.60"), "10\u202f000\u00a0€"),
        (184_000, "184\u00a0k€"),
        (31_500, "31,5\u00a0k€"),
        (1_200_000, "1,2\u00a0M€"),
        (999_960, "1\u00a0M€"),
        (2_000_000_000, "2\u00a0Md€"),
        (-48_200, "\u221248,2\u00a0k€"),
        (0, "0\u00a0€"),
        (None, "–"),
    ],
)
def test_money_is_shortened_from_ten_thousand_on(value, shown):
    assert formats.money_short(value, "EUR") == shown


def test_a_shortened_amount_in_another_currency_keeps_its_code_apart():
    assert formats.money_short(184_000, "CHF") == "184\u00a0k\u00a0CHF"


@given(value=st.decimals(min_value=-(10**12), max_value=10**12, places=4), places=st.integers(0, 4))
def test_a_written_number_reads_back_as_the_rounded_one(value, places):
    with translation.override("fr"):
        written = formats.number(value, places)
    read = Decimal(written.replace("\u202f", "").replace(",", ".").replace("\u2212", "-"))
    assert read == value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@given(value=st.integers(0, 10**13))
def test_a_shortened_amount_is_never_off_by_more_than_its_last_digit(value):
    with translation.override("en"):
        written = formats.money_short(value, "EUR").removeprefix("€").replace(",", "")
    unit = {"k": 10**3, "M": 10**6, "bn": 10**9}.get(written.lstrip("0123456789."), 1)
    digits = Decimal(written.rstrip("kMbn"))
    last = unit if digits == digits.to_integral_value() and (digits >= 100 or unit == 1) else unit / Decimal(10)
    assert abs(digits * unit - value) <= last / Decimal(2)


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=12, seconds=50), "il y a 12 min"),
        (timedelta(hours=2, minutes=59), "il y a 2 h"),
        (timedelta(hours=23), "hier"),
        (timedelta(hours=26), "hier"),
        (timedelta(days=3), "il y a 3 j"),
        (timedelta(days=30), "24 octobre"),
        (timedelta(days=400), "19 octobre 2025"),
        (timedelta(minutes=-42), "dans 42 min"),
        (timedelta(hours=-23), "demain"),
        (timedelta(days=-3), "dans 3 j"),
    ],
)
def test_a_moment_is_said_as_people_say_it(before, shown):
    assert formats.ago(NOW - before, NOW).replace("\u00a0", " ") == shown


def test_late_last_evening_seen_in_the_morning_is_still_in_hours():
    assert formats.ago(NOW - timedelta(hours=5), NOW - timedelta(hours=1)).replace("\u00a0", " ") == "il y a 4 h"
    midnight = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # 00:30 on the 23rd in Paris
    assert formats.ago(midnight - timedelta(hours=1), midnight).replace("\u00a0", " ") == "il y a 1 h"


def test_the_exact_moment_is_in_the_readers_time_zone_and_language():
    assert formats.exact(NOW).replace("\u00a0", " ") == "lundi 23 novembre 2026 à 14 h 05"
    with translation.override("en"):
        assert formats.exact(NOW) == "Monday 23 November 2026, 14:05"
    assert formats.day(date(2026, 3, 12)) == "12 mars 2026"
    assert formats.day(datetime(2026, 3, 11, 23, 30, tzinfo=UTC), NOW) == "12 mars"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (timedelta(minutes=42), "42 min"),
        (timedelta(hours=2, minutes=5), "2 h 05"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=3, hours=4, minutes=50), "3 j 4 h"),
        (timedelta(minutes=-90), "\u22121 h 30"),
        (timedelta(0), "0 min"),
        (None, "–"),
    ],
)
def test_a_length_of_time_names_its_two_largest_units(value, shown):
    assert formats.duration(value).replace("\u00a0", " ") == shown
