"""What other slices show on the pages of a lead and an account: a query and its partial each, listed in `flow.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise

from filon.core.access import Actor
from filon.kit.errors import not_found


class PanelQuery(Protocol):
    """A slice's query for one record."""

    def __call__(self, record_id: int, /, *, by: Actor, at: datetime) -> dict[str, Any] | None:
        """What the partial takes; None when this actor sees no such record."""


@dataclass(frozen=True)
class Panel:
    """A part of a page that another slice fills. name: its place in an address. title: shown until it has come."""

    name: str
    title: str | Promise
    template: str
    query: PanelQuery


_panels: dict[str, Sequence[Panel]] = {"lead": (), "company": (), "opportunity": ()}


def connect(panels: Mapping[str, Sequence[Panel]]) -> None:
    """Set the panels of each kind of page, in their order; called once at start with `flow.py`'s table."""
    _panels.update(panels)


def of(page: str) -> Sequence[Panel]:
    """The panels of a kind of page (`lead`, `company`), in their order."""
    return _panels[page]


def named(page: str, name: str) -> Panel:
    """One of them. Raises Refused (not found)."""
    for panel in _panels[page]:
        if panel.name == name:
            return panel
    raise not_found("Panel")
