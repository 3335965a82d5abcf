"""Fixtures of the deals tests."""

from __future__ import annotations

import pytest

from filon.deals.tests.doors import take_in


@pytest.fixture
def take(db):
    """Take entries of one kind down the line; the batch they went in."""
    return take_in
