"""What stands on the home of each role: panels that slices offer, listed in `flow.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from filon.core.access import Actor
from filon.kit.errors import Kind, Refused

_USUAL: Final = "read_only"


class PanelQuery(Protocol):
    """A slice's query for a reader."""

    def __call__(self, *, by: Actor, at: datetime) -> dict[str, Any] | None:
        """What the partial takes; None when there is nothing for this reader."""


@dataclass(frozen=True)
class Panel:
    """A part of a home. is_wide: it takes the whole width, else half of it."""

    template: str
    query: PanelQuery
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel as the page prints it: its template with what that takes, or the words for why it cannot be shown now."""

    template: str
    content: Mapping[str, Any]
    is_wide: bool
    problem: str = ""


_homes: dict[str, Sequence[Panel]] = {}


def connect(homes: Mapping[str, Sequence[Panel]]) -> None:
    """Set the panels of each role, in their order; called once at start with `flow.py`'s table."""
    _homes.clear()
    _homes.update(homes)


def shown(*, by: Actor, at: datetime) -> list[Shown]:
    """The home of a reader. One panel that cannot be shown leaves the others as they are."""
    return [found for panel in _homes.get(by.role) or _homes[_USUAL] if (found := _ask(panel, by, at)) is not None]


def _ask(panel: Panel, by: Actor, at: datetime) -> Shown | None:
    try:
        content = panel.query(by=by, at=at)
    except Refused as refused:
        if refused.kind is Kind.FORBIDDEN:
            return None
        return Shown("", {}, panel.is_wide, refused.message)
    return None if content is None else Shown(panel.template, content, panel.is_wide)
