"""Secrets are sealed for one place, and open with their key only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.kit.sealing import CannotOpen, seal, unseal


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_secret_comes_back_as_it_was(secret: str) -> None:
    sealed = seal(secret, key="k", context="a:1")
    assert unseal(sealed, key="k", context="a:1") == secret
    assert len(secret) < 4 or secret not in sealed


def test_neither_another_key_nor_another_place_opens_it() -> None:
    sealed = seal("secret", key="k", context="a:1")
    name, _, body = sealed.partition(":")
    broken = f"{name}:{body[:-4]}AAA="
    for text, key, context in [(sealed, "l", "a:1"), (sealed, "k", "a:2"), (broken, "k", "a:1"), ("", "k", "a:1")]:
        with pytest.raises(CannotOpen):
            unseal(text, key=key, context=context)
    assert seal("secret", key="k", context="a:1") != sealed
