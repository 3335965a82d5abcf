from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.core.conditions import describe, parse
from filon.core.conditions.tests import world
from filon.core.conditions.tests.world import REGISTRY
from tests.frame.effort import examples


@pytest.mark.parametrize(
    ("text", "english", "french"),
    [
        ("stage = captured", "stage is New", "étape est Nouveau"),
        (
            "person.job_title contains directeur and company.employees >= 50.5",
            "job title contains “directeur” and employees is at least 50.5",
            "fonction contient « directeur » et effectif est au moins 50,5",
        ),
        (
            "count(page_viewed where path starts_with /tarifs, 30 days) >= 2",
            "at least 2 × “page viewed” (where path starts with “/tarifs”) in the last 30 days",
            "au moins 2 × « page vue » (où chemin commence par « /tarifs ») depuis 30 jours",
        ),
        (
            "count(any, 1 week) = 0",
            "exactly 0 × “any act” in the last 1 week",
            "exactement 0 × « toute activité » depuis 1 semaine",
        ),
        (
            "is_open or fit is empty",
            "open: yes or fit score is empty",
            "ouvert : oui ou score de profil n'est pas renseigné",
        ),
        (
            "not (stage in (mql, captured) or fit is not empty)",
            "except when (stage is one of MQL, New or fit score is filled in)",
            "sauf si (étape est parmi MQL, Nouveau ou score de profil est renseigné)",
        ),
        (
            "captured_at >= now - 7 days and captured_at < 2026-03-01",
            "captured is at the earliest 7 days ago and captured is earlier than 1 March 2026",
            "arrivée est au plus tôt il y a 7 jours et arrivée est plus tôt que le 1er mars 2026",
        ),
        (
            "captured_at <= 2026-08-02T10:30:00Z",
            "captured is at the latest 2 August 2026 at 12:30",
            "arrivée est au plus tard le 2 août 2026 à 12:30",
        ),
    ],
)
def test_a_condition_is_said_in_plain_words(text, english, french):
    tree = parse(text, REGISTRY)
    assert describe(tree, "en", REGISTRY) == english
    assert describe(tree, "fr", REGISTRY) == french


@examples(200)
@given(world.trees, st.sampled_from(["en", "fr-fr"]))
def test_every_condition_can_be_said(tree, language):
    assert describe(tree, language, REGISTRY)


def test_words_searched_in_one_field_are_said_together():
    either = parse("person.job_title contains dsi or person.job_title contains daf or stage = captured", REGISTRY)
    assert describe(either, "fr", REGISTRY) == "fonction contient « dsi » ou « daf » ou étape est Nouveau"
    neither = parse("stage = captured and not (person.job_title contains a or person.job_title contains b)", REGISTRY)
    assert describe(neither, "en", REGISTRY) == "stage is New and except when job title contains “a” or “b”"
