"""Every country of the CLDR is known by its English and its French name."""

import re

import pytest
from babel import Locale

from filon.kit.identifiers import normalise_country

_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_name_of_the_cldr_is_known(language):
    names = Locale(language).territories
    countries = {code: names[code] for code in names if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRIES}
    assert len(countries) > 245
    found = {code: normalise_country(name) for code, name in countries.items()}
    assert {code: name for code, name in found.items() if name != code} == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [("Liberia", "LR"), ("Libéria", "LR"), ("Cap-Vert", "CV"), ("Corée du Nord", "KP"), ("The Gambia", "GM")],
)
def test_names_that_people_write_are_known(name, code):
    assert normalise_country(name) == code
