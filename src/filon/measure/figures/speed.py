"""Speed: how long people who asked for us, or were sent to a human, wait for one."""

from __future__ import annotations

from typing import Final

from filon.measure import engine, rules
from filon.measure.engine import Sql
from filon.measure.figures.desk import Cell, Desk, Figure, Key, Row, hours

_APPROACH: Final = (
    "origin_at",
    "origin_on",
    "is_due",
    "responded_before",
    "conversed_before",
    "response_s",
    "conversation_s",
    "end_s",
    "response_w",
    "conversation_w",
    "end_w",
    "origin_worked",
)
"""The columns of a lead that tell of the first time a human became due; those of later times stand in a list."""

_CURVES: Final = ("response", "conversation")
_FILE: Final = "speed"
_NOTHING: Final = {"sla_met": 0, "sla_breached": 0, "sla_cancelled": 0}
_NO_ATTEMPT: Final = {"attempts": 0, "attempted": 0, "reached": 0}


def prepare(desk: Desk) -> None:
    """The views `cases` (times a human became due), `clock_cases` (promises) and `attempt_cases` (leads called)."""
    statement = engine.statement(_FILE, "worked_now", as_of=desk.snapshot.as_of)
    desk.duck.execute(f"CREATE OR REPLACE TEMP TABLE worked_now AS {statement}")
    was_routed = desk.duck.execute("SELECT coalesce(bool_or(was_routed), false) FROM lead").fetchall()[0][0]
    # Where nobody was ever routed (a base brought in), everyone captured was due at once.
    is_due = "is_due AND channel <> 'outbound' AND NOT is_history" if was_routed else "true"
    desk.view("cases", _FILE, is_due=Sql(is_due), of_approach=Sql(", ".join(_APPROACH)))
    desk.view("clock_cases", _FILE)
    desk.view("attempt_cases", _FILE)


def compute(desk: Desk) -> dict[Key, Row]:
    """Counts, Kaplan–Meier medians and p90 in clock and working hours, promises kept, attempts."""
    waits = desk.lists(_FILE, "figure")
    clocks = desk.grouped(_FILE, "clocks")
    attempts = desk.grouped(_FILE, "attempts")
    return {
        key: {
            **_row(waits.get(key)),
            **_kept(clocks.get(key, _NOTHING)),
            **_tried(attempts.get(key, _NO_ATTEMPT)),
        }
        for key in {**waits, **clocks, **attempts}
    }


_COUNTS: Final = ("leads", "responded", "conversed", "out_of_order", "due", "exited", "waiting")


def _row(row: Row | None) -> Row:
    row = row or {}
    found: Row = {name: row.get(name, 0) for name in _COUNTS}
    for curve in _CURVES:
        for clock in ("", "_working"):
            passed, still = row.get(f"{curve}{clock}", ()), row.get(f"no_{curve}{clock}", ())
            median, p90 = rules.survival_quantiles(passed, still)
            found[f"{curve}_median_hours{clock}"] = hours(median)
            found[f"{curve}_p90_hours{clock}"] = hours(p90)
    return found


def _kept(row: Row) -> Row:
    counted = row["sla_met"] + row["sla_breached"]
    low, high = rules.wilson(row["sla_met"], counted) or (None, None)
    return {
        "within_sla": rules.share(row["sla_met"], counted),
        "within_sla_low": low,
        "within_sla_high": high,
        **row,
    }


def _tried(row: Row) -> Row:
    attempts = int(row["attempts"] or 0)
    return {
        "attempts": attempts,
        "attempted": row["attempted"],
        "attempts_per_lead": rules.share(attempts, row["attempted"]),
        "reach_rate": rules.share(row["reached"], row["attempted"]),
    }


_TIMES: Final = {
    f"{curve}_{quantile}_hours{clock}": Cell(test)
    for curve, test in (("response", "is_responded"), ("conversation", "is_conversed"))
    for quantile in ("median", "p90")
    for clock in ("", "_working")
}
SPEED: Final = Figure(
    prepare,
    compute,
    {
        **_TIMES,
        "leads": Cell("true"),
        "due": Cell("true"),
        **{name: Cell(f"is_{name}") for name in ("responded", "conversed", "out_of_order", "exited", "waiting")},
        "within_sla": Cell("is_sla_met", "clock_cases"),
        **{name: Cell(f"is_{name}", "clock_cases") for name in ("sla_met", "sla_breached", "sla_cancelled")},
        "attempts": Cell("is_attempted", "attempt_cases"),
        "attempted": Cell("is_attempted", "attempt_cases"),
        "attempts_per_lead": Cell("is_attempted", "attempt_cases"),
        "reach_rate": Cell("is_reached", "attempt_cases"),
    },
    main="leads",
)
