"""What a batch does to opportunities: it remembers how they were, then tells the facts that lead to how they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from filon.core.line import Batch
from filon.deals import rules
from filon.deals.events import (
    OpportunityChanged,
    OpportunityCreated,
    OpportunityLost,
    OpportunityReopened,
    OpportunityStageChanged,
    OpportunityWon,
)
from filon.deals.models import Opportunity
from filon.deals.pipelines import Pipelines, StageRow
from filon.deals.rules import Standing
from filon.kit import sql
from filon.leads.models import Lead

Row = dict[str, Any]

_TOLD: Final = (
    "name",
    "company_id",
    "lead_id",
    "owner_id",
    "product_id",
    "amount",
    "currency",
    "probability",
    "created_at",
    "close_date",
    "reason",
    "postponed_to",
    "next_step",
    "next_on",
    "category",
    "proof",
    "attributes",
)
"""Columns whose old and new values a change tells; stage and closing have facts of their own."""

_OF_CLOSING: Final = (
    "won_at",
    "lost_at",
    "amount",
    "currency",
    "owner_id",
    "product_id",
    "company_id",
    "lead_id",
    "reason",
)
"""Columns that the fact of a winning or loss rests on: when one changes, a new fact revokes the old one."""


@dataclass(frozen=True, slots=True)
class Move:
    """One opportunity that came to be, changed state, lead or account. `before` is None when it is new."""

    row: Row
    before: Row | None

    @property
    def was_state(self) -> str:
        """The state it had; empty when it is new."""
        return self.before["state"] if self.before else ""

    def ids(self, column: str) -> set[int]:
        """The lead or account it has, and the one it had."""
        return {row[column] for row in (self.row, self.before) if row is not None and row[column]}


class Changes:
    """The opportunities a batch makes and changes. Call `tell` once, when every row is as it shall be."""

    def __init__(self, batch: Batch, pipelines: Pipelines) -> None:
        self.batch = batch
        self.pipelines = pipelines
        self.rows = batch.rows(Opportunity)
        self._before: dict[int, Row] = {}
        self._touched: dict[int, Row] = {}

    def make(self, **values: Any) -> Row:
        """A new opportunity; it gets its id with `self.rows.number()`."""
        row = self.rows.add(updated_at=self.batch.at, import_id=self.batch.import_id, **values)
        self._touched[id(row)] = row
        return row

    def set(self, row: Row, **values: Any) -> bool:
        """Give columns new values; whether one of them is news."""
        news = {column: value for column, value in values.items() if row[column] != value}
        if not news:
            return False
        if id(row) not in self._touched:
            self._touched[id(row)] = row
            self._before[id(row)] = dict(row)
            self.rows.change(row, "version", row["version"] + 1)
            self.rows.change(row, "updated_at", self.batch.at)
        for column, value in news.items():
            self.rows.change(row, column, value)
        return True

    def place(self, row: Row, stage: StageRow, standing: Standing, *, since: Any) -> bool:
        """Put an opportunity in a stage, standing as `standing` says; whether that is news."""
        values: dict[str, Any] = {
            "pipeline_id": stage.pipeline_id,
            "stage_id": stage.id,
            "state": standing.state,
            "won_at": standing.won_at,
            "lost_at": standing.lost_at,
        }
        if row["stage_id"] != stage.id:
            values["stage_since"] = since
        if standing.state != "lost":
            values |= {"reason": "", "postponed_to": None}
        if standing.state != "won":
            values["proof"] = ""
        if standing.state != "open":
            values |= {"next_step": "", "next_on": None}
        return self.set(row, **values)

    def moves(self) -> list[Move]:
        """What leads and companies must hear of."""
        return [
            Move(row, before)
            for row, before in self._pairs()
            if before is None or any(before[column] != row[column] for column in ("state", "lead_id", "company_id"))
        ]

    def tell(self) -> None:
        """Leave the facts of all that was made and changed. One statement, when a closed deal is corrected."""
        self.rows.number()
        pairs = list(self._pairs())
        closings = _closing_facts(
            row["id"] for row, before in pairs if before is not None and _is_corrected(row, before)
        )
        for row, before in pairs:
            common = self._common(row)
            if before is None:
                self._tell_new(row, common)
                continue
            self._tell_changed(row, before, common)
            if _is_corrected(row, before):
                self._tell_closing(row, common, closings.get(row["id"]))
            elif row["state"] != "open" and before["state"] == "open":
                self._tell_closing(row, common, None)

    def _pairs(self) -> Iterable[tuple[Row, Row | None]]:
        return ((row, self._before.get(key)) for key, row in self._touched.items())

    def _common(self, row: Row) -> dict[str, Any]:
        lead = self.batch.rows(Lead).by_id.get(row["lead_id"]) if row["lead_id"] else None
        return {
            "opportunity_id": row["id"],
            "company_id": row["company_id"],
            "lead_id": row["lead_id"],
            "person_id": lead["person_id"] if lead else None,
            "value": row["amount"],
            "currency": row["currency"],
        }

    def _tell_new(self, row: Row, common: dict[str, Any]) -> None:
        self.batch.tell(
            OpportunityCreated(
                at=row["created_at"],
                stage_id=row["stage_id"],
                stage=self.pipelines.stage_by_id[row["stage_id"]].code,
                owner_id=row["owner_id"],
                product_id=row["product_id"],
                is_history=row["is_history"],
                **common,
            )
        )
        if row["state"] != "open":
            self._tell_closing(row, common, None)

    def _tell_changed(self, row: Row, before: Row, common: dict[str, Any]) -> None:
        fields = [column for column in _TOLD if before[column] != row[column]]
        if fields:
            old = {column: before[column] for column in fields}
            new = {column: row[column] for column in fields}
            self.batch.tell(OpportunityChanged(at=self.batch.at, fields=fields, old=old, new=new, **common))
        if before["stage_id"] != row["stage_id"]:
            stages = self.pipelines.stage_by_id
            self.batch.tell(
                OpportunityStageChanged(
                    at=row["stage_since"],
                    from_since=before["stage_since"],
                    from_stage_id=before["stage_id"],
                    from_stage=stages[before["stage_id"]].code,
                    to_stage_id=row["stage_id"],
                    to_stage=stages[row["stage_id"]].code,
                    **common,
                )
            )

    def _tell_closing(self, row: Row, common: dict[str, Any], revokes_id: int | None) -> None:
        """The fact of a winning, a loss or a reopening; it revokes the closing that it corrects."""
        who = {"owner_id": row["owner_id"], "product_id": row["product_id"]}
        if row["state"] == "won":
            self.batch.tell(OpportunityWon(at=row["won_at"], revokes_id=revokes_id, **who, **common))
        elif row["state"] == "lost":
            code = row["reason"] if row["reason"] in rules.LOST_REASONS else ""
            text = "" if code else row["reason"]
            self.batch.tell(
                OpportunityLost(
                    at=row["lost_at"], reason=code, reason_text=text, revokes_id=revokes_id, **who, **common
                )
            )
        else:
            self.batch.tell(OpportunityReopened(at=self.batch.at, revokes_id=revokes_id, **common))


def _is_corrected(row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a closing that was told is no longer true as it was told."""
    return before["state"] != "open" and any(before[column] != row[column] for column in _OF_CLOSING)


def _closing_facts(ids: Iterable[int]) -> dict[int, int]:
    """The latest fact of winning or loss of each opportunity. One statement, none without ids."""
    wanted = sorted(ids)
    if not wanted:
        return {}
    where, params = sql.any_of("opportunity_id", wanted)
    found = sql.fetch(
        f"SELECT opportunity_id, MAX(id) FROM core_fact WHERE {where} "
        "AND kind IN ('opportunity_won', 'opportunity_lost') GROUP BY opportunity_id",
        params,
    )
    return {row[0]: row[1] for row in found}
