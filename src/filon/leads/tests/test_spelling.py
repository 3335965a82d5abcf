"""Misspellings are asked about; words that are right, and other words, are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.leads.spelling import SECTORS, country_meant, near, sector_meant

PRODUCTS = ["GTX Basic", "GTX Pro", "MG Special", "MG Advanced", "GTX Plus Pro", "GTX Plus Basic", "GTK 500"]


@pytest.mark.parametrize(
    ("given_text", "meant"),
    [
        ("GTXPro", "GTX Pro"),
        ("gtx-pro", "GTX Pro"),
        ("GTX Prro", "GTX Pro"),
        ("MG Spceial", "MG Special"),
        ("GTX Pro", None),
        ("gtx  PRO", None),  # the same name to a reader: nothing to ask
        ("GTK 600", None),  # another model
        ("GTK 5000", None),
        ("Unicorn", None),
        ("", None),
        ("---", None),
    ],
)
def test_a_slip_in_a_product_name_is_seen(given_text, meant):
    assert near(given_text, PRODUCTS) == meant


def test_misspelt_sector_and_country_of_the_public_data_are_seen():
    assert sector_meant("technolgy") == "Technology"
    assert country_meant("Philipines") == "Philippines"


@pytest.mark.parametrize("sector", ["retail", "medical", "santé", "BTP", "Software", "employment", "Technologies"])
def test_a_usual_sector_raises_no_question(sector):
    assert sector_meant(sector) is None


@pytest.mark.parametrize("country", ["United States", "Kenya", "Korea", "Brésil", "Niger", "Mali", "Jordan", "Chad"])
def test_a_country_raises_no_question(country):
    assert country_meant(country) is None


def test_the_nearest_wins():
    assert near("technologi", ["Technologies", "Technologie"], distance=2) == "Technologie"


def test_short_words_are_never_taken_for_another():
    assert near("BTQ", ["BTP"]) is None
    assert near("Bali", ["Mali"]) is None


@given(st.text(max_size=30))
def test_any_text_is_answered_and_a_known_one_never_questioned(text):
    assert near(text, [text, *SECTORS], distance=2) is None


@given(st.sampled_from([sector for sector in SECTORS if len(sector) > 5]), st.data())
def test_one_letter_left_out_is_always_seen(sector, data):
    position = data.draw(st.integers(0, len(sector) - 1))
    slip = sector[:position] + sector[position + 1 :]
    assert near(slip, [sector]) == sector
