"""How many examples a property is tried on: a quarter in `make test`, all of them in `make test-long`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import settings

IS_THOROUGH: Final = bool(os.environ.get("FILON_TESTS_THOROUGH"))
"""Whether this is a long run (set by `scripts/run_tests.py --long`)."""


def examples(count: int, **more: Any) -> Callable[[Any], Any]:
    """`settings` for a property that is worth `count` examples; the long runs take it up again with all of them."""
    chosen = settings(max_examples=count if IS_THOROUGH else max(count // 4, 5), deadline=None, **more)
    return lambda test: pytest.mark.property(chosen(test))
