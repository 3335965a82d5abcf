from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit.text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Directeur", "directeur"),
        ("  Élodie \t D’Œuvre\n", "elodie d'oeuvre"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("İstanbul", "istanbul"),
        ("ışık", "isik"),
        ("ﬁnance", "finance"),
        ("Σίσυφος", "σισυφοσ"),
        ("ＡＢＣ１２", "abc12"),
        ("a\u00a0b\u200bc", "a bc"),
        ("Łódź Ørsted", "lodz orsted"),
        ("e\u0301", "e"),
        ("a\0b", "a b"),
        ("é\0b", "e b"),
        ("Île–de—France", "ile-de-france"),
        ("\u0301", ""),
        ("", ""),
    ],
)
def test_reader_equal_texts_fold_to_one_form(text, folded):
    assert fold(text) == folded


def test_marks_that_make_another_word_are_kept():
    assert fold("が") != fold("か")
    assert fold("कि") != fold("क")
    assert fold("한국") == "한국"


def test_folding_twice_changes_nothing_for_any_character():
    for code in range(sys.maxunicode + 1):
        once = fold(chr(code))
        assert fold(once) == once, hex(code)


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composition_and_case_do_not_matter(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_the_quick_path_agrees_with_the_long_one(text):
    assert fold(text + "é") == fold(text + "E")
