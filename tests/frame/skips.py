"""What a skip means: on a bare machine a hint, in CI a failure when an engine or browser is missing."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, how: str) -> NoReturn:
    """Skip a test for want of a program, and say how to get it; in CI, fail."""
    message = f"{what} is missing: {how}"
    if os.environ.get("CI"):
        pytest.fail(f"{message} (in CI this is a failure)", pytrace=False)
    pytest.skip(message)
