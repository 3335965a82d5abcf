"""The board of a pipeline: its stages with count, sum, weighted sum and the first cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from filon.core.access import Actor
from filon.deals import pipelines, rules
from filon.deals.listing.queries import Filter, condition
from filon.deals.norms import stage_norms
from filon.deals.pipelines import PipelineRow, StageRow
from filon.deals.queries import opportunities_with
from filon.deals.rows import OpportunityRow, cents, money, source
from filon.deals.rules import Norm
from filon.kit import sql


@dataclass(frozen=True, slots=True)
class Column:
    """One stage of the board: how many, how much, how much by probability, the first cards, how long won deals stay."""

    stage: StageRow
    count: int
    amount: Decimal
    weighted: Decimal
    cards: list[OpportunityRow]
    norm: Norm | None


def board(
    pipeline_id: int | None, *, owner_id: int | None, closed_from: datetime, by: Actor, at: datetime, cards: int = 20
) -> tuple[list[Column], list[PipelineRow]]:
    """The stages of a pipeline (the default one for None), and all pipelines. Open deals, and those closed since.

    Cards come by close date, the soonest first. Eight statements; sums leave other currencies out.
    """
    by.require("deals.see")
    known = pipelines.load()
    pipeline = known.by_id.get(pipeline_id or 0, known.default)
    sums: dict[int, tuple[int, Decimal, Decimal]] = {}
    for state in rules.STATES:
        stage_ids = tuple(stage.id for stage in pipeline.stages if stage.state == state)
        since = None if state == "open" else closed_from
        wanted = Filter(state=state, stage_ids=stage_ids, owner_id=owner_id, closed_from=since)
        _add_sums(sums, wanted, pipeline, by=by, at=at)
    shown = _cards(pipeline, owner_id, closed_from, by=by, at=at, limit=cards)
    norms = stage_norms(at)
    return [
        Column(stage, *sums.get(stage.id, (0, Decimal(0), Decimal(0))), shown.get(stage.id, []), norms.get(stage.id))
        for stage in pipeline.stages
    ], known.all


def _add_sums(
    sums: dict[int, tuple[int, Decimal, Decimal]],
    wanted: Filter,
    pipeline: PipelineRow,
    *,
    by: Actor,
    at: datetime,
) -> None:
    where, params = condition(wanted, by, at)
    found = sql.fetch(
        "SELECT opportunity.stage_id, opportunity.currency, opportunity.probability, COUNT(*), "
        f"COALESCE(SUM({cents()}), 0) FROM {source(())} WHERE {where} GROUP BY 1, 2, 3",
        params,
    )
    stages = {stage.id: stage for stage in pipeline.stages}
    for stage_id, currency, own, count, total in found:
        known, amount, weighted = sums.get(stage_id, (0, Decimal(0), Decimal(0)))
        amount_here = money(total) if currency == settings.FILON_CURRENCY else Decimal(0)
        stage = stages[stage_id]
        share = Decimal(str(own)) if own is not None and stage.state == "open" else stage.probability
        sums[stage_id] = (known + count, amount + amount_here, weighted + rules.weighted(amount_here, share))


def _cards(
    pipeline: PipelineRow,
    owner_id: int | None,
    closed_from: datetime,
    *,
    by: Actor,
    at: datetime,
    limit: int,
) -> dict[int, list[OpportunityRow]]:
    """The first cards of each stage: ids by one look-up a stage, joined by UNION ALL, then the rows."""
    parts, values = [], list[Any]()
    for stage in pipeline.stages:
        since = None if stage.state == "open" else closed_from
        wanted = Filter(state=stage.state, stage_id=stage.id, owner_id=owner_id, closed_from=since)
        where, params = condition(wanted, by, at)
        order = "close_date" if stage.state == "open" else "close_date DESC"
        parts.append(
            f"SELECT * FROM (SELECT opportunity.id FROM {source(())} WHERE {where} "
            f"AND opportunity.close_date IS NOT NULL ORDER BY opportunity.{order}, opportunity.id LIMIT %s) AS dated"
        )
        values += [*params, limit]
        parts.append(
            f"SELECT * FROM (SELECT opportunity.id FROM {source(())} WHERE {where} "
            "AND opportunity.close_date IS NULL ORDER BY opportunity.id DESC LIMIT %s) AS undated"
        )
        values += [*params, limit]
    ids = [row[0] for row in sql.fetch(" UNION ALL ".join(parts), values)]
    shown: dict[int, list[OpportunityRow]] = {}
    for row in opportunities_with(ids, by=by):
        cards = shown.setdefault(row.stage.id, [])
        if len(cards) < limit:
            cards.append(row)
    return shown
