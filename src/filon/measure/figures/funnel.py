"""The funnel: how many leads reached each stage, at what rate, and how long each passage takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from filon.leads.rules import STAGES
from filon.measure import engine, rules
from filon.measure.engine import Sql
from filon.measure.figures.desk import COUNTED, Cell, Desk, Figure, Key, Row, days
from filon.measure.rules import Delay

STEPS: Final = ("captured", "qualifying", "mql", "sql", "opportunity", "customer")
"""The milestones shown; nurturing is a lane beside them."""

_EXTRA: Final = (
    "raw",
    "nurturing_visited",
    "nurtured_to_mql",
    "nurturing_now",
    *(f"{stage}_skipped" for stage in STAGES[1:-1]),
    "sql_accepted",
    "sql_refused",
    "disqualified",
    "lost",
    "attached",
)


_KEPT: Final = 64
_usual: dict[tuple[str, ...], Delay] = {}


def prepare(desk: Desk) -> None:
    """The view `cases`."""
    if desk.asked.basis == "period":
        desk.view("cases", "funnel_period")
    else:
        desk.view("cases", "funnel", marked=_marked())


def compute(desk: Desk) -> dict[Key, Row]:
    """Counts by stage, the rate of customers with its interval, and whether it is too early to judge it."""
    if desk.asked.basis == "period":
        return {key: _flows(row) for key, row in desk.grouped("funnel_period", "figure").items()}
    to_customer, to_sql = (usual_delay(desk, passage("captured", stage)) for stage in ("customer", "sql"))
    return {
        key: _cohort(row, desk.snapshot.as_of, to_customer, to_sql)
        for key, row in desk.grouped("funnel", "figure", marked=_marked()).items()
    }


def _cohort(row: Row, as_of: datetime, to_customer: Delay, to_sql: Delay) -> Row:
    counts = {stage: row[stage] for stage in STAGES}
    age = _age(row["last_captured_at"], as_of)
    told = row["sql_accepted_told"]
    return {
        **counts,
        **_rate("rate", row["customer"], row["captured"]),
        "immature": None if age is None else rules.is_immature(age, to_customer),
        **_rate("mql_rate", row["mql"], row["captured"]),
        **_rate("sql_rate", row["sql"], row["captured"]),
        "sql_immature": None if age is None else rules.is_immature(age, to_sql),
        "acceptance_rate": rules.share(told, told + row["sql_refused"]),
        **{name: row[name] for name in _EXTRA},
    }


def _flows(row: Row) -> Row:
    """First entries in the period. The rate is a ratio of flows: it may exceed 1 and has no interval."""
    rates = {"rate": "customer", "mql_rate": "mql", "sql_rate": "sql"}
    return {
        **{stage: row[stage] for stage in STAGES},
        **{name: rules.share(row[stage], row["captured"]) for name, stage in rates.items()},
        "rate_low": None,
        "rate_high": None,
        "immature": None,
    }


def _rate(name: str, part: int, whole: int) -> dict[str, float | None]:
    interval = rules.wilson(part, whole)
    low, high = interval or (None, None)
    return {name: rules.share(part, whole), f"{name}_low": low, f"{name}_high": high}


def _age(last_captured_at: datetime | None, as_of: datetime) -> timedelta | None:
    return None if last_captured_at is None else engine.naive(as_of) - last_captured_at


# How long a passage takes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Passage:
    """From one moment of a lead to another, each as SQL: when, and whether that date is its own."""

    a: str
    b: str
    a_at: str
    b_at: str
    a_dated: str
    b_dated: str


def passage(a: str, b: str) -> Passage:
    """From first reaching stage `a` to first reaching `b`; a stage that was skipped has no entry of its own."""
    a_dated = "captured_dated" if a == "captured" else f"({a}_dated AND was_{a})"
    return Passage(a, b, f"{a}_at", f"{b}_at", a_dated, f"{b}_dated")


NURTURED: Final = Passage(
    "nurturing",
    "mql",
    "nurtured_at",
    "nurtured_to_mql_at",
    "(captured_dated OR nurtured_at <> captured_at)",
    "true",
)
"""The lane beside: from entering nurturing to becoming an MQL after it."""


def usual_delay(desk: Desk, way: Passage) -> Delay:
    """The delay of a passage over the whole workspace, by those who began it in the last 12 months.

    It is worked out once a state of the lake; in a large one what changed since the parts were made is left aside.
    """
    settled = desk.snapshot.settled()
    question = (*settled.key, way.a, way.b)
    known = _usual.get(question)
    if known is None:
        since = engine.literal(settled.as_of - timedelta(days=365))
        population = f"(SELECT * FROM {settled.relation('lead')} WHERE {COUNTED} AND {way.a_at} >= {since})"
        known = _usual[question] = _delay(desk, way, Sql(population), settled.as_of)
        while len(_usual) > _KEPT:
            _usual.pop(next(iter(_usual)), None)
    return known


def _delay(desk: Desk, way: Passage, population: Sql, as_of: datetime) -> Delay:
    """The delay by Kaplan–Meier: who is still there was seen waiting until now, who left until then."""
    texts = {name: Sql(getattr(way, name)) for name in ("a_at", "b_at", "a_dated", "b_dated")}
    row = desk.lists("funnel", "delay", (), population=population, **{**texts, "as_of": as_of})[()]
    return rules.delay_of(row["passed"], row["still"], exits=row["exits"], left_out=row["left_out"])


def compute_durations(desk: Desk) -> dict[Key, Row]:
    """One row a step of the funnel: how long it takes, who waits, and how many of them longer than usual (p90)."""
    ways = [*(passage(a, b) for a, b in pairwise(STEPS)), NURTURED]
    return {(f"{way.a}_to_{way.b}",): _duration(desk, way) for way in ways}


def _duration(desk: Desk, way: Passage) -> Row:
    delay, usual = _delay(desk, way, Sql("cases WHERE is_captured"), desk.snapshot.as_of), usual_delay(desk, way)
    most = usual.usual if usual.is_known else None
    texts = {name: Sql(getattr(way, name)) for name in ("a_at", "b_at")}
    row = desk.grouped("funnel", "waiting", (), most=most, **texts)[()]
    return {
        "from": way.a,
        "to": way.b,
        "passages": delay.passages,
        "median_days": days(delay.median),
        "p90_days": days(delay.p90),
        "exits": delay.exits,
        "left_out": delay.left_out,
        "waiting": row["waiting"],
        "waiting_too_long": None if most is None else row["too_long"],
        "usual_days": days(most),
    }


def _marked() -> Sql:
    """What the marks of a lead say, as columns."""
    return Sql(engine.statement("funnel", "marked", accepted=accepted()))


def accepted() -> Sql:
    """Whether a lead counts as an SQL that sales accepted, over its marks: one test for every figure that says so."""
    return Sql(engine.statement("funnel", "accepted"))


def _prepare_durations(desk: Desk) -> None:
    desk.view("cases", "funnel", marked=_marked())


_CELLS: Final = {
    **{column: Cell(f"is_{column}") for column in (*STAGES, *_EXTRA)},
    "rate": Cell("is_customer"),
    "mql_rate": Cell("is_mql"),
    "sql_rate": Cell("is_sql"),
    "acceptance_rate": Cell("is_sql_accepted_told"),
}
FUNNEL: Final = Figure(prepare, compute, _CELLS, main="captured", bases=("cohort", "period"))
DURATIONS: Final = Figure(_prepare_durations, compute_durations, {}, main="", splits=False)
