"""JSON from outside: NUL is gone from wherever it was, and all else is as it was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit import json_in
from filon.kit.errors import Kind, Refused

TEXT = st.text(st.one_of(st.sampled_from('\0\\"u0\n'), st.characters(exclude_categories=["Cs"])), max_size=12)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {cleaned(name): cleaned(one) for name, one in value.items()}
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    return value.replace("\0", "") if isinstance(value, str) else value


@given(VALUES, st.booleans())
def test_every_nul_is_gone_and_nothing_else(value: Any, is_ascii: bool):
    assert json_in.read(json.dumps(value, ensure_ascii=is_ascii).encode()) == cleaned(value)


def test_what_only_looks_like_nul_stays():
    assert json_in.read(rb'{"a": "\\u0000", "b": "\\\u0000"}') == {"a": "\\u0000", "b": "\\"}


def test_depth_is_no_matter():
    assert json_in.read(b"[" * 1000 + b'"\\u0000"' + b"]" * 1000)


@pytest.mark.parametrize("body", [b"\\u0000{}", b"", b'"\0"', b'"\\ud800\\u0000\\udc00"', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_does_not_become_it(body: bytes):
    with pytest.raises(Refused) as refused:
        json_in.read(body)
    assert refused.value.kind is Kind.MALFORMED
