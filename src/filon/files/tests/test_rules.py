"""Names of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.files.rules import LONGEST, clean_name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Devis 2026.pdf", "Devis 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Temp\\devis.pdf", "devis.pdf"),
        ('a<b>"c|.pdf', "a b c .pdf"),
        ("facture\u202egpj.exe", "facture gpj.exe"),
        ("...", "fichier"),
        ("", "fichier"),
        ("é" * 300 + ".pdf", "é" * 196 + ".pdf"),
    ],
)
def test_a_name_is_one_that_every_system_can_keep(name, kept):
    assert clean_name(name) == kept


@given(st.text(max_size=400))
def test_no_name_is_empty_too_long_or_a_path(name):
    found = clean_name(name)
    assert found == clean_name(found)
    assert 0 < len(found) <= LONGEST
    assert not set(found) & set('/\\\r\n\0"')
