"""Which leads: conditions joined by AND, with their parameters and the tables they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Where:
    """Conditions joined by AND, with their parameters and the aliases they need."""

    parts: list[str] = field(default_factory=list)
    params: list[Any] = field(default_factory=list)
    joins: set[str] = field(default_factory=set)

    def add(self, part: str, params: Sequence[Any] = (), joins: Iterable[str] = ()) -> None:
        """One more condition; an empty one changes nothing."""
        if part:
            self.parts.append(part)
            self.params.extend(params)
            self.joins.update(joins)

    def copy(self) -> Where:
        """The same conditions, to add others to."""
        return Where(list(self.parts), list(self.params), set(self.joins))

    def sql(self) -> str:
        """The WHERE clause, or nothing."""
        return f" WHERE {' AND '.join(self.parts)}" if self.parts else ""


@dataclass(frozen=True, slots=True)
class Leads:
    """The leads a list is about.

    count: how many, `bound` + 1 when more than `bound`. are_few: `where` names each of them by its id.
    """

    where: Where
    count: int
    bound: int
    are_few: bool
