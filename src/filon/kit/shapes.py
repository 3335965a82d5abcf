"""Shapes that every slice's API shares."""

from __future__ import annotations

from typing import Annotated

from ninja import Field

Id = Annotated[int, Field(ge=1, lt=2**63)]
"""An id as the databases hold it: a larger one is refused before it reaches them."""
