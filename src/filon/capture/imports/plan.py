"""How a file becomes entries: its layout, what each column is, what is set for every row. Plain values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from filon.capture.imports.fields import Kind
from filon.capture.imports.layout import Layout, Row
from filon.capture.imports.mapper import Mapped, make_mapper
from filon.capture.imports.mapping import ColumnChoice
from filon.kit.identifiers import ValueProblem

ENTRY_KIND: Final[dict[str, str]] = {
    "leads": "lead",
    "companies": "company",
    "opportunities": "opportunity",
    "events": "event",
    "costs": "cost",
    "products": "product",
    "users": "user",
}
"""What people import → the kind of entry its rows become."""


@dataclass(frozen=True)
class Plan:
    """A file's way to the line. `zone` is where times without a zone were written, `country` where phones dial.

    kinds: of a preset, what its words for kinds of acts mean.
    """

    kind: Kind
    layout: Layout
    choices: list[ColumnChoice]
    sets: dict[str, str] = field(default_factory=dict)
    zone: str = "Europe/Paris"
    country: str = "FR"
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def entry_kind(self) -> str:
        """The kind of entry its rows become."""
        return ENTRY_KIND[self.kind]

    @property
    def time_zone(self) -> ZoneInfo:
        """`zone`, as a zone."""
        return ZoneInfo(self.zone)

    def mapper(self) -> Callable[[Row], Mapped | list[ValueProblem]]:
        """A function from a row to its values. Raises ValueProblem for a wrong value in `sets`."""
        return make_mapper(self.kind, self.layout, self.choices, self.sets, zone=self.time_zone, country=self.country)

    def as_json(self) -> dict[str, Any]:
        """The plan as the database keeps it."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Plan:
        """The plan the database kept."""
        layout, choices = Layout(**data["layout"]), [ColumnChoice(**choice) for choice in data["choices"]]
        return Plan(**{**data, "layout": layout, "choices": choices})
