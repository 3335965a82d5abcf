"""The facts told of saved filters and of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class SegmentSaved(Event):
    """A filter was saved under a name, or saved again. Its words may speak of people."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"name", "condition"})

    segment_id: int
    name: str
    condition: str
    is_shared: bool
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class SegmentDeleted(Event):
    """A saved filter is gone."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"name"})

    segment_id: int
    name: str
