"""What a custom field can hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.leads.customs.values import KINDS, read


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("number", "1 250,50", "1250.5"),
        ("number", "1250.50", "1250.5"),
        ("number", "-3", "-3"),
        ("number", "beaucoup", None),
        ("number", "NaN", None),
        ("number", "1e400", None),
        ("date", "31/12/2026", "2026-12-31"),
        ("date", "2026-12-31", "2026-12-31"),
        ("date", "31/02/2026", None),
        ("date", "demain", None),
        ("yes_no", "Oui", "yes"),
        ("yes_no", "NON", "no"),
        ("yes_no", "peut-être", None),
        ("choice", "salesforce", "Salesforce"),
        ("choice", "Autre", None),
        ("text", "  libre ", "libre"),
    ],
)
def test_a_value_is_kept_in_one_writing_or_refused(kind, text, kept):
    assert read(kind, text, ("HubSpot", "Salesforce")) == kept


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_what_is_kept_is_kept_the_same_again_and_empty_stays_empty(kind, text):
    kept = read(kind, text, ("Un", "Deux"))
    if kept is not None:
        assert read(kind, kept, ("Un", "Deux")) == kept
    assert read(kind, "  ", ("Un", "Deux")) == ""


@given(st.decimals(-(10**12), 10**12, places=4), st.dates())
def test_numbers_and_days_keep_what_they_say(number, day):
    assert Decimal(read("number", str(number))) == number
    assert date.fromisoformat(read("date", f"{day:%d/%m}/{day.year:04}")) == day
