"""Cursors come back as they went, and anything else is refused."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit import keyset
from filon.kit.errors import Refused


@given(st.one_of(st.none(), st.text(), st.integers(-(2**53), 2**53)), st.integers(0, 2**53))
def test_a_cursor_comes_back_as_it_went(value, row_id):
    assert keyset.decode(keyset.encode(value, row_id), 2) == [value, row_id]


def test_decimals_travel_as_text():
    assert keyset.decode(keyset.encode(Decimal("10.50"), 7), 2) == ["10.50", 7]


@pytest.mark.parametrize("cursor", ["", "x", "é", "e30", "WzFd", "bm90IGpzb24"])
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(Refused):
        keyset.decode(cursor, 2)


@given(st.text(max_size=40))
def test_any_text_is_answered_or_refused(text):
    with contextlib.suppress(Refused):
        assert len(keyset.decode(text, 2)) == 2
