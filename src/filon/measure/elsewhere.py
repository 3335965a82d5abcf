"""Figures that other slices compute, asked for by the same doors as those of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from filon.core.access import Actor

Rows = Sequence[tuple[tuple[str | None, ...], tuple[str | None, ...], Mapping[str, Any]]]
"""(keys, what they are called, columns) of each row, in the order in which they are answered."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A figure of another slice. splits: what it can be split by. rows: (first day, end, by, actor, at) → its rows."""

    splits: tuple[str, ...]
    rows: Callable[[date | None, date | None, Sequence[str], Actor, datetime], Rows]


FIGURES: dict[str, Elsewhere] = {}


def connect(figures: Mapping[str, Elsewhere]) -> None:
    """Set them, by name; called once at start by `config`."""
    FIGURES.clear()
    FIGURES.update(figures)
