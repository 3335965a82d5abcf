"""What leads cost, by the channel and campaign of their first touch."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from filon.measure import engine, rules
from filon.measure.dimensions import Dimension
from filon.measure.figures.desk import Cell, Desk, Figure, Key, Row, money
from filon.measure.figures.funnel import passage, usual_delay
from filon.measure.rules import Delay

KINDS: Final = ("media", "event", "agency")
"""The kinds of cost that cost per lead takes; spend and CAC take all."""

_FILE: Final = "cost"
_STAGES: Final = ("mql", "sql", "opportunity", "customer")
_KNOWN_OF: Final = frozenset({"channel", "campaign"})
_NOBODY: Final = dict.fromkeys(("leads", *_STAGES), 0) | {"last_captured_at": None}


def prepare(desk: Desk) -> None:
    """The views `cases` (leads captured in the period), `won_cases`, and those of what was spent."""
    desk.view("cases", _FILE)
    desk.view("won_cases", _FILE)
    by = _spent_by(desk)
    desk.view("spend_cases", _FILE, dimensions=by, kinds=KINDS)
    lasting = [dimension for dimension in by if not dimension.is_time]
    desk.view("known_cases", _FILE, dimensions=lasting, kinds=KINDS)


def _spent_by(desk: Desk) -> list[Dimension]:
    return [dimension for dimension in desk.dimensions if dimension.is_time or dimension.name in _KNOWN_OF]


def compute(desk: Desk) -> dict[Key, Row]:
    """Spend, and what each lead, MQL, SQL, opportunity and customer cost. Provisional while a cohort is immature."""
    leads = desk.grouped(_FILE, "figure")
    won = desk.grouped(_FILE, "won")
    spend = _Spend(desk)
    to_customer = usual_delay(desk, passage("captured", "customer"))
    return {
        key: _row(
            leads.get(key, _NOBODY),
            spend.of(key),
            won.get(key, {}).get("customers_won", 0),
            as_of=desk.snapshot.as_of,
            delay=to_customer,
        )
        for key in {**leads, **won, **spend.rows}
    }


class _Spend:
    """What was spent, by key: None where no cost was ever entered, or where costs are not known by such a split."""

    def __init__(self, desk: Desk) -> None:
        self.rows: dict[Key, Row] = {}
        self._known: dict[Key, Row] = {}
        self._lasting = [number for number, dimension in enumerate(desk.dimensions) if not dimension.is_time]
        by = _spent_by(desk)
        if len(by) < len(desk.dimensions):
            desk.notes["cost_not_split"] = 1
        elif not desk.sees_all:
            desk.notes["cost_not_filtered"] = 1
        else:
            self.rows = desk.grouped(_FILE, "spend")
            self._known = desk.grouped(_FILE, "known", [dimension for dimension in by if not dimension.is_time])
        if left_out := sum(row["left_out"] for row in self.rows.values()):
            desk.notes["other_currency"] = left_out

    def of(self, key: Key) -> tuple[Decimal | None, Decimal | None]:
        """(all of it, that of the kinds that cost per lead counts)."""
        known = self._known.get(tuple(key[number] for number in self._lasting))
        if known is None:
            return None, None
        row: dict[str, Any] = self.rows.get(key, {})
        direct = row.get("spend_direct") or Decimal(0) if known["is_direct_known"] else None
        return row.get("spend") or Decimal(0), direct


def full_spend(desk: Desk) -> Decimal | None:
    """All that was spent in the period; None where no cost was ever entered, or only some leads are asked about."""
    desk.view("spend_cases", _FILE, dimensions=(), kinds=KINDS)
    desk.view("known_cases", _FILE, dimensions=(), kinds=KINDS)
    return _Spend(desk).of(())[0]


def _row(row: Row, spent: tuple[Decimal | None, Decimal | None], won: int, *, as_of: datetime, delay: Delay) -> Row:
    spend, direct = spent
    last = row["last_captured_at"]
    return {
        "spend": money(spend),
        "leads": row["leads"],
        "cost_per_lead": money(rules.per(direct, row["leads"])),
        **{f"cost_per_{stage}": money(rules.per(direct, row[stage])) for stage in _STAGES},
        **{stage: row[stage] for stage in _STAGES},
        "spend_direct": money(direct),
        "customers_won": won,
        "cac": money(rules.per(spend, won)),
        "immature": None if last is None else rules.is_immature(engine.naive(as_of) - last, delay),
    }


_CELLS: Final = {
    "leads": Cell("is_leads"),
    "cost_per_lead": Cell("is_leads"),
    **{stage: Cell(f"is_{stage}") for stage in _STAGES},
    **{f"cost_per_{stage}": Cell(f"is_{stage}") for stage in _STAGES},
    "customers_won": Cell("is_customers_won", "won_cases"),
    "cac": Cell("is_customers_won", "won_cases"),
    "spend": Cell("is_spend", "spend_cases", "cost"),
    "spend_direct": Cell("is_spend_direct", "spend_cases", "cost"),
}
COST: Final = Figure(prepare, compute, _CELLS, main="spend")
