"""What every figure works with: the views of a snapshot, the keys of a split, and where each number comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import duckdb
import pyarrow as pa
from django.conf import settings
from django.utils.translation import gettext as _

from filon.measure import engine, periods
from filon.measure.dimensions import Dimension
from filon.measure.engine import Sql
from filon.measure.lake.files import Snapshot
from filon.measure.periods import Asked

Key = tuple[str | None, ...]
"""What a row is split by: a text for each dimension, None where there is none."""

Row = dict[str, Any]
COUNTED: Final = "(lead_class IN ('', 'buyer') AND motion IN ('', 'new'))"
"""The population unless a filter says otherwise: buyers and the not classed, new business where that is known."""

MOST_ROWS: Final = 20_000


@dataclass(slots=True)
class Desk:
    """A DuckDB connection with the snapshot's views, and what is asked.

    chosen: by table, the SQL of what is asked about (what the reader may see, the condition). counted: that of the
    population.
    notes: codes of what a reader should know of the answer, gathered on the way.
    """

    duck: duckdb.DuckDBPyConnection
    snapshot: Snapshot
    asked: Asked
    dimensions: Sequence[Dimension]
    chosen: Mapping[str, Sql]
    counted: Sql
    notes: dict[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> Sql:
        """The key columns, each followed by a comma: the first columns of a grouping."""
        return self.keys_of(self.dimensions)

    def keys_of(self, dimensions: Sequence[Dimension]) -> Sql:
        """The key columns of some of the dimensions, each followed by a comma."""
        return Sql("".join(f"k{self.dimensions.index(dimension)}, " for dimension in dimensions))

    @property
    def sees_all(self) -> bool:
        """Whether every lead and every opportunity is asked about."""
        return all(text == "true" for text in self.chosen.values())

    def values(self, of: str = "lead") -> dict[str, Any]:
        """What every section may use. of: the table it reads."""
        return {
            "is_chosen": self.chosen[of],
            "is_counted": self.counted,
            "is_in_period": self._in_period(),
            "zone": settings.TIME_ZONE,
            "as_of": self.snapshot.as_of,
            "currency": settings.FILON_CURRENCY,
        }

    def _in_period(self) -> Sql:
        bounds = []
        if self.asked.first is not None:
            bounds.append(f"day >= {engine.literal(self.asked.first)}")
        if self.asked.last is not None:
            bounds.append(f"day < {engine.literal(self.asked.last)}")
        return Sql(" AND ".join(bounds) or "true")

    def view(
        self,
        name: str,
        file: str,
        *,
        dimensions: Sequence[Dimension] | None = None,
        time: str = "",
        of: str = "lead",
        **values: Any,
    ) -> None:
        """Make the section `name` of a file a view of the same name, with the keys of its cases beside.

        dimensions: those it can be split by, all by default. time: the column that holds the part of time, when it is
        not worked out from the case's day. of: the table it reads.
        """
        body = engine.statement(file, name, **{**self.values(of), **values})
        keys = "".join(
            f", {time if time and dimension.is_time else dimension.key} AS k{self.dimensions.index(dimension)}"
            for dimension in (self.dimensions if dimensions is None else dimensions)
        )
        self.duck.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT *{keys} FROM ({body})")

    def grouped(
        self, file: str, section: str, dimensions: Sequence[Dimension] | None = None, **values: Any
    ) -> dict[Key, Row]:
        """The rows of a section by key. dimensions: those it is grouped by, all by default."""
        by = self.dimensions if dimensions is None else dimensions
        found = self.duck.execute(engine.statement(file, section, keys=self.keys_of(by), **{**self.values(), **values}))
        names = [column[0] for column in found.description or ()][len(by) :]
        rows = found.fetchall()
        _refuse_many(len(rows))
        return {tuple(cells[: len(by)]): dict(zip(names, cells[len(by) :], strict=True)) for cells in rows}

    def lists(
        self, file: str, section: str, dimensions: Sequence[Dimension] | None = None, **values: Any
    ) -> dict[Key, Row]:
        """The same where columns are sorted lists of whole numbers: they come without a copy."""
        by = self.dimensions if dimensions is None else dimensions
        statement = engine.statement(file, section, keys=self.keys_of(by), **{**self.values(), **values})
        table = self.duck.sql(statement).to_arrow_table()
        _refuse_many(table.num_rows)
        columns = [_cells(column) for column in table.columns]
        names = table.column_names[len(by) :]
        rows = zip(*columns, strict=True)
        return {tuple(cells[: len(by)]): dict(zip(names, cells[len(by) :], strict=True)) for cells in rows}


def _cells(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_list(column.type):
        return list(column.to_pylist())
    return [_numbers(scalar) for scalar in column]


def _numbers(scalar: pa.ListScalar) -> Sequence[int]:
    """A list of whole numbers as a view of Arrow's own memory; values that are not known are left out."""
    values = scalar.values
    if values is None:
        return ()
    if values.null_count:
        values = values.drop_null()
    whole = memoryview(values.buffers()[1]).cast("i" if values.type == pa.int32() else "q")
    return whole[values.offset : values.offset + len(values)]


def _refuse_many(rows: int) -> None:
    if rows > MOST_ROWS:
        raise periods.wrong("by", _("This split has more than %(most)d rows; ask for fewer.") % {"most": MOST_ROWS})


# Where a number comes from --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """The rows behind a column: those of a view (made by the figure's `prepare`) for which `test` holds.

    of: lead, opportunity or cost, whose ids they are.
    """

    test: str
    view: str = "cases"
    of: str = "lead"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what makes its views, what works its rows out, and which rows each of its columns counts."""

    prepare: Callable[[Desk], None]
    compute: Callable[[Desk], dict[Key, Row]]
    cells: Mapping[str, Cell]
    main: str  # the column rows are ordered by, most first
    over: str = "lead"
    bases: Sequence[str] = ("cohort",)
    splits: bool = True


def money(amount: Decimal | None) -> str | None:
    """An amount as it is answered: a decimal text in cents."""
    return None if amount is None else f"{amount:.2f}"


def days(seconds: float | int | None) -> float | None:
    """Seconds as days."""
    return None if seconds is None else float(seconds) / 86_400


def hours(seconds: int | None) -> float | None:
    """Seconds as hours."""
    return None if seconds is None else seconds / 3_600
