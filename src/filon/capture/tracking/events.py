"""The facts told of browsers."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class VisitorTied(Event):
    """A browser of the person is known from now on, as they agreed. way: `mail` or `form`."""

    person_id: int
    lead_id: int | None = None
    way: str
