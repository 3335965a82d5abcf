import re

import pytest
from django.utils import translation

from filon.ui import glossary


def test_every_key_names_one_term():
    keys = [term.key for chapter in glossary.CHAPTERS for term in chapter.terms]
    assert len(keys) == len(set(keys)) == len(glossary.TERMS)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in keys)


@pytest.mark.parametrize("term", glossary.TERMS.values(), ids=lambda term: term.key)
def test_every_term_is_one_sentence_or_two_in_both_languages(term):
    with translation.override("en"):
        english = (str(term.name), str(term.meaning))
    with translation.override("fr"):
        french = (str(term.name), str(term.meaning))
    assert english[1] != french[1]
    for _, meaning in (english, french):
        assert meaning.endswith((".", "…"))
        assert len(meaning) <= 200


def test_a_term_without_its_page_has_no_link():
    assert glossary.Term("x", "X", "X.", url_name="no:such").url == ""


@pytest.mark.django_db
def test_the_glossary_shows_every_term_with_its_formula(client, django_user_model):
    user = django_user_model.objects.create(
        email="lea@filon.test", name="Léa", name_folded="lea", role="head", created_at="2026-01-01T00:00:00Z"
    )
    client.force_login(user)
    answer = client.get("/help/glossary")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("<h1>") == 1
    for key in glossary.TERMS:
        assert f'id="{key}"' in page
    assert "gagnées ÷ (gagnées + perdues)" in page
