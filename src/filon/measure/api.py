"""The figures through the API: the same answers as the pages and `filon kpi`."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from filon.kit.problems import Problem
from filon.measure import periods, queries

router = Router(tags=["figures"])
_PROBLEMS: Final = dict.fromkeys((401, 403, 404, 422, 503), Problem)


class FigureOut(Schema):
    """A figure's rows, and the moment they are true for."""

    name: str = Field(examples=["funnel"])
    rows: list[dict[str, Any]] = Field(
        description="One row a split: the dimensions under the names they were asked by (null: none), then the "
        "columns. Counts are whole numbers, rates fractions in [0, 1] (null: nothing to divide by), money decimal "
        "texts in `currency`.",
        examples=[[{"source": "Google", "captured": 2873, "customer": 1147, "rate": 0.3992, "immature": None}]],
    )
    as_of: str = Field(description="RFC 3339.", examples=["2026-11-23T08:00:00Z"])
    basis: str
    first: str | None = Field(alias="from")
    last: str | None = Field(alias="to")
    currency: str
    is_behind: bool = Field(description="Whether later facts are still being brought in; `as_of` says how far it is.")
    notes: dict[str, int] = Field(description="What a reader should know, by code, with how many it concerns.")


class FigureIn(Schema):
    """What is asked."""

    first: str = Field("", alias="from", description="First day, such as 2026-01-01; everything without.")
    last: str = Field("", alias="to", description="First day that is not in the period any more.")
    as_of: str = Field("", description="A day or a moment: answer from what had been learnt by then.")
    by: list[str] = Field([], description="What to split by: month, channel, source, owner, any attribute… Repeat it.")
    basis: str = Field("", description="cohort (default) or period.")
    condition: str = Field("", alias="filter", description="A condition over leads, such as: stage = mql")


@router.get("/kpi/{name}", response={200: FigureOut, **_PROBLEMS}, summary="A figure", by_alias=True)
def figure(request: HttpRequest, name: str, asked: Query[FigureIn]) -> dict[str, Any]:
    """A figure as on the pages and by `filon kpi`: `funnel`, `durations`, `speed`, `cost`, `velocity`, `forecast`."""
    answer = queries.figure(
        name,
        periods.parse(
            first=asked.first,
            last=asked.last,
            as_of=asked.as_of,
            basis=asked.basis,
            condition=asked.condition,
            by=asked.by,
        ),
        by=request.actor,  # type: ignore[attr-defined]
        at=timezone.now(),
    )
    return answer.as_json()
