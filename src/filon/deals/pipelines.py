"""The pipelines with their stages, and what a stage of another system means in them: read whole, once a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from filon.core.line import Batch
from filon.deals import rules
from filon.deals.models import STAGE_LABELS, Pipeline, Stage
from filon.kit import sql
from filon.kit.looking import asked_once
from filon.kit.text import fold

_DEFAULT_NAMES: Final = frozenset(
    {
        "default",
        "default pipeline",
        "deals",
        "pipeline",
        "pipeline commercial",
        "pipeline de vente",
        "pipeline de ventes",
        "pipeline des ventes",
        "pipeline par defaut",
        "sales",
        "sales pipeline",
        "ventes",
    }
)
"""What HubSpot, Pipedrive and people call the only pipeline they have."""


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage of a pipeline, as read."""

    id: int
    pipeline_id: int
    code: str
    name: str
    position: int
    probability: Decimal
    state: str

    @property
    def label(self) -> str:
        """What people call it, in their language."""
        return self.name or str(STAGE_LABELS.get(self.code, self.code))


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """A pipeline, as read, with its stages in order."""

    id: int
    name: str
    name_folded: str
    is_default: bool
    stages: tuple[StageRow, ...]

    def first(self, state: str) -> StageRow:
        """The stage in which a deal of this state stands when nobody says more."""
        return next((stage for stage in self.stages if stage.state == state), self.stages[0])

    def like(self, stage: StageRow) -> StageRow:
        """The stage here that matches a stage of another pipeline: by code, else by state."""
        same = (mine for mine in self.stages if mine.code == stage.code and mine.state == stage.state)
        return next(same, None) or self.first(stage.state)


class Pipelines:
    """All pipelines, and the stages that other systems' names mean: a handful of rows."""

    def __init__(self, pipelines: Iterable[PipelineRow], names: Mapping[str, int]) -> None:
        self.all = list(pipelines)
        self.by_id = {pipeline.id: pipeline for pipeline in self.all}
        self.stage_by_id = {stage.id: stage for pipeline in self.all for stage in pipeline.stages}
        self._names = dict(names)
        self._meant: dict[tuple[int, str], StageRow | None] = {}

    def with_more(self, pipelines: Iterable[PipelineRow]) -> Pipelines:
        """These and others."""
        return Pipelines([*self.all, *pipelines], self._names)

    @cached_property
    def default(self) -> PipelineRow:
        """Where a deal goes whose pipeline nobody names."""
        return next((pipeline for pipeline in self.all if pipeline.is_default), self.all[0])

    def named(self, name: str) -> PipelineRow | None:
        """The pipeline of a name; None when there is none of that name."""
        folded = fold(name)[:120]
        found = next((pipeline for pipeline in self.all if pipeline.name_folded == folded), None)
        return self.default if found is None and (not folded or folded in _DEFAULT_NAMES) else found

    def stage_named(self, pipeline: PipelineRow, name: str) -> StageRow | None:
        """The stage of this pipeline that a name of ours or of another system means; None when nobody has said."""
        key = (pipeline.id, name)
        if key not in self._meant:
            self._meant[key] = self._find(pipeline, fold(name)[:120])
        return self._meant[key]

    def _find(self, pipeline: PipelineRow, folded: str) -> StageRow | None:
        own = next((stage for stage in pipeline.stages if folded in (fold(stage.name), stage.code)), None)
        if own is not None:
            return own
        meant = self.stage_by_id.get(self._names.get(folded, 0))
        if meant is None or meant.pipeline_id == pipeline.id:
            return meant
        return pipeline.like(meant)


@asked_once
def load() -> Pipelines:
    """All pipelines, stages and stage names. Two statements."""
    found = sql.fetch(
        "SELECT p.id, p.name, p.name_folded, p.is_default, s.id, s.code, s.name, s.position, s.probability, s.state "
        "FROM deals_stage s JOIN deals_pipeline p ON p.id = s.pipeline_id ORDER BY p.position, p.id, s.position, s.id"
    )
    grouped: dict[tuple[int, str, str, bool], list[StageRow]] = {}
    for pipeline_id, name, folded, is_default, stage_id, code, label, position, probability, state in found:
        stage = StageRow(stage_id, pipeline_id, code, label, position, Decimal(str(probability)), state)
        grouped.setdefault((pipeline_id, name, folded, bool(is_default)), []).append(stage)
    names = sql.fetch("SELECT name_folded, stage_id FROM deals_stagename WHERE stage_id IS NOT NULL")
    return Pipelines((PipelineRow(*key, stages=tuple(stages)) for key, stages in grouped.items()), dict(names))


def add_missing(batch: Batch, pipelines: Pipelines, names: Iterable[str]) -> Pipelines:
    """The pipelines with one more for each name nobody knows, its stages those a new pipeline starts with.

    Each is a finding. Two statements for ids, none when all names are known.
    """
    missing = {fold(name)[:120]: name for name in names if pipelines.named(name) is None}
    if not missing:
        return pipelines
    rows = batch.rows(Pipeline)
    made = [
        rows.add(name=name[:120], name_folded=folded, position=len(pipelines.all) + offset)
        for offset, (folded, name) in enumerate(missing.items())
    ]
    rows.number()
    stages = batch.rows(Stage)
    for row in made:
        batch.find("opportunity", "unknown_pipeline", row["name"])
        for position, (code, state, probability) in enumerate(rules.STAGES):
            stages.add(pipeline_id=row["id"], code=code, position=position, probability=probability, state=state)
    stages.number()
    fresh = [StageRow(**{name: cells[name] for name in StageRow.__slots__}) for cells in stages.new]
    return pipelines.with_more(
        PipelineRow(
            row["id"],
            row["name"],
            row["name_folded"],
            is_default=False,
            stages=tuple(stage for stage in fresh if stage.pipeline_id == row["id"]),
        )
        for row in made
    )
