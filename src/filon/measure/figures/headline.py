"""The head's five figures: new leads, SQLs, opportunities created, won, and what a customer cost."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from filon.measure import rules
from filon.measure.figures.cost import full_spend
from filon.measure.figures.desk import Cell, Desk, Figure, Key, Row, money
from filon.measure.figures.funnel import accepted

_FILE: Final = "headline"
_EVER: Final = (date(1, 1, 1), date(9999, 12, 31))


def prepare(desk: Desk) -> None:
    """The views `lead_cases` and `deal_cases`, and those of what was spent."""
    bounds: dict[str, Any] = {"first": desk.asked.first or _EVER[0], "last": desk.asked.last or _EVER[1]}
    desk.view("lead_cases", _FILE, accepted=accepted(), **bounds)
    desk.view("deal_cases", _FILE, of="opportunity", **bounds)


def compute(desk: Desk) -> dict[Key, Row]:
    """One row. The counts are flows: what happened in the period, whenever the leads were captured."""
    leads = desk.grouped(_FILE, "leads")[()]
    deals = desk.grouped(_FILE, "deals")[()]
    spend = full_spend(desk)
    return {
        (): {
            "new_leads": leads["new_leads"],
            "sql_accepted": leads["sql_accepted"],
            "created": deals["created"],
            "created_amount": money(deals["created_amount"]),
            "won": deals["won"],
            "won_amount": money(deals["won_amount"]),
            "customers_won": leads["customers_won"],
            "spend": money(spend),
            "cac": money(rules.per(spend, leads["customers_won"])),
        }
    }


HEADLINE: Final = Figure(
    prepare,
    compute,
    {
        "new_leads": Cell("is_new_leads", "lead_cases"),
        "sql_accepted": Cell("is_sql_accepted", "lead_cases"),
        "customers_won": Cell("is_customers_won", "lead_cases"),
        "cac": Cell("is_customers_won", "lead_cases"),
        **{name: Cell("is_created", "deal_cases", "opportunity") for name in ("created", "created_amount")},
        **{name: Cell("is_won", "deal_cases", "opportunity") for name in ("won", "won_amount")},
    },
    main="",
    splits=False,
)
