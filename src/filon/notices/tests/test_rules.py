"""Who is mentioned in a note."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.notices.rules import mentioned

PEOPLE = {1: "Léa Martin", 2: "Karim Benali", 3: "Léo", 4: "Anne-Sophie Roux", 5: "Karim Zidi", 6: ""}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Léa peux-tu rappeler ?", {1}),
        ("@lea, rappelle", {1}),
        ("Vu avec @LÉA MARTIN et @Léo.", {1, 3}),
        ("@Karim", set()),
        ("@Karim Zidi et @karim benali", {2, 5}),
        ("@Anne-Sophie", {4}),
        ("claire@lea.fr, a.b@Léa", set()),
        ("@ Léa", set()),
        ("@Inconnu", set()),
        ("", set()),
    ],
)
def test_a_name_after_an_at_means_its_colleague(text: str, found: set[int]) -> None:
    assert mentioned(text, PEOPLE) == found


@given(st.text(max_size=200))
def test_no_text_is_an_error_and_only_colleagues_are_meant(text: str) -> None:
    assert mentioned(text, PEOPLE) <= set(PEOPLE)
