"""What opportunities become, and how fast money moves through the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.utils.translation import gettext as _

from filon.measure import engine, periods, rules
from filon.measure.figures.desk import Cell, Desk, Figure, Key, Row, days, money

MOST_PARTS: Final = 1_000
_FILE: Final = "velocity"
_EVER: Final = (date(1, 1, 1), date(9999, 12, 31))
_DAY_S: Final = 86_400


def prepare(desk: Desk) -> None:
    """The views `bucket` (the period, or its parts by time) and `cases` (an opportunity in each of them)."""
    times = [dimension.name for dimension in desk.dimensions if dimension.is_time]
    if len(times) > 1:
        raise periods.wrong("by", _("Split by one unit of time."))
    zone = periods.zone()
    buckets = list(_buckets(desk, times[0], zone) if times else [(None, *_bounds(desk))])
    if len(buckets) > MOST_PARTS:
        raise periods.wrong("by", _("This split has more than %(most)d rows; ask for fewer.") % {"most": MOST_PARTS})
    cut = desk.snapshot.as_of + timedelta(microseconds=1)  # what was learnt at the moment itself is known
    ends = [min(periods.start_of(last, zone), cut) if last < _EVER[1] else cut for _part, _first, last in buckets]
    table = {
        "part": pa.array([part for part, _first, _last in buckets], pa.string()),
        "first": pa.array([first for _part, first, _last in buckets], pa.date32()),
        "last": pa.array([last for _part, _first, last in buckets], pa.date32()),
        "ends_at": pa.array([engine.naive(end) for end in ends], pa.timestamp("us")),
        "ends_on": pa.array([periods.day_of(end, zone) for end in ends], pa.date32()),
    }
    desk.duck.register("given_bucket", pa.table(table))
    desk.duck.execute("CREATE OR REPLACE TEMP TABLE bucket AS SELECT * FROM given_bucket")
    desk.view("cases", _FILE, time="part", of="opportunity")


def _bounds(desk: Desk) -> tuple[date, date]:
    return desk.asked.first or _EVER[0], desk.asked.last or _EVER[1]


def _buckets(desk: Desk, unit: str, zone: ZoneInfo) -> Iterator[tuple[str | None, date, date]]:
    """The parts of the period; without bounds, from the first to the last day anything was created or closed."""
    statement = "SELECT min(least(created_on, closed_on)), max(greatest(created_on, closed_on)) FROM opportunity"
    begun, lived = desk.duck.execute(statement).fetchall()[0]
    if begun is None:
        return
    today = periods.day_of(desk.snapshot.as_of, zone)
    yield from periods.split(unit, desk.asked.first or begun, desk.asked.last or min(lived, today) + timedelta(days=1))


def compute(desk: Desk) -> dict[Key, Row]:
    """Won, lost, open, amounts, cycle and velocity. Exact: amounts in cents, velocity a fraction until its end."""
    rows = desk.grouped(_FILE, "figure")
    if left_out := sum(row["left_out"] for row in rows.values()):
        desk.notes["other_currency"] = left_out
    return {key: _row(row) for key, row in rows.items()}


def _row(row: Row) -> Row:
    closed = row["won"] + row["lost"]
    low, high = rules.wilson(row["won"], closed) or (None, None)
    amounts = row["won_amount"] + row["lost_amount"]
    pace, basis = _pace(row)
    return {
        "open": row["open"],
        "won": row["won"],
        "lost": row["lost"],
        "win_rate": rules.share(row["won"], closed),
        "win_rate_low": low,
        "win_rate_high": high,
        "won_amount": money(row["won_amount"]),
        "average_deal": money(rules.per(row["won_amount"], row["won_with_amount"])),
        "median_deal": money(_cents(row["median_deal"])),
        "cycle_days_mean": _mean_days(row["cycle_s"], row["cycles"]),
        "cycle_days_median": days(row["cycle_median_s"]),
        "velocity_per_day": money(_times(row["open"], pace)),
        "velocity_basis": basis,
        "open_on_time": row["open_on_time"],
        "velocity_per_day_on_time": money(_times(row["open_on_time"], pace)),
        "open_amount": money(row["open_amount"]),
        "lost_amount": money(row["lost_amount"]),
        "win_rate_amount": float(row["won_amount"] / amounts) if amounts and not row["closed_without_amount"] else None,
        "revenue_days_mean": _mean_days(row["revenue_s"], row["revenues"]),
        "revenue_days_median": days(row["revenue_median_s"]),
        "out_of_order": row["out_of_order"],
        "without_company": row["without_company"],
        "created": row["created"],
        "created_amount": money(row["created_amount"]),
        **{f"created_{state}": row[f"created_{state}"] for state in ("won", "lost", "open")},
    }


def _pace(row: Row) -> tuple[Fraction | None, str | None]:
    """Win rate × average deal ÷ mean cycle in days, and over which deals: the period's, else the last 12 months'."""
    if row["won"] + row["lost"]:
        names, basis = ("won", "lost", "won_amount", "won_with_amount", "cycle_s", "cycles"), "period"
    elif row["trailing_won"] + row["trailing_lost"]:
        names = (
            "trailing_won",
            "trailing_lost",
            "trailing_amount",
            "trailing_with_amount",
            "trailing_cycle_s",
            "trailing_cycles",
        )
        basis = "trailing_12_months"
    else:
        return None, None
    won, lost, amount, deals, seconds, cycles = (row[name] for name in names)
    if not deals or not cycles or not seconds:
        return None, basis
    mean_days = Fraction(seconds, cycles * _DAY_S)
    return Fraction(won, won + lost) * Fraction(amount) / deals / mean_days, basis


def _times(count: int, pace: Fraction | None) -> Decimal | None:
    if pace is None:
        return None
    exact = pace * count
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(rules.CENT, ROUND_HALF_UP)


def _cents(amount: Any) -> Decimal | None:
    return None if amount is None else Decimal(amount).quantize(rules.CENT, ROUND_HALF_UP)


def _mean_days(seconds: int, count: int) -> float | None:
    return float(Fraction(seconds, count * _DAY_S)) if count else None


_WON: Final = (
    "won",
    "won_amount",
    "average_deal",
    "median_deal",
    "cycle_days_mean",
    "cycle_days_median",
    "revenue_days_mean",
    "revenue_days_median",
)
_CELLS: Final = {
    **{column: Cell("is_won", of="opportunity") for column in _WON},
    **{column: Cell("is_open", of="opportunity") for column in ("open", "open_amount", "velocity_per_day")},
    **{column: Cell("is_lost", of="opportunity") for column in ("lost", "lost_amount")},
    **{column: Cell("(is_won OR is_lost)", of="opportunity") for column in ("win_rate", "win_rate_amount")},
    **{column: Cell("is_open_on_time", of="opportunity") for column in ("open_on_time", "velocity_per_day_on_time")},
    "out_of_order": Cell("is_out_of_order", of="opportunity"),
    "without_company": Cell("(is_won AND company_id IS NULL)", of="opportunity"),
    "created": Cell("is_created", of="opportunity"),
    "created_amount": Cell("is_created", of="opportunity"),
    **{f"created_{state}": Cell(f"is_created_{state}", of="opportunity") for state in ("won", "lost", "open")},
}
VELOCITY: Final = Figure(prepare, compute, _CELLS, main="won_amount", over="opportunity")
