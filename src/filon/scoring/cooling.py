"""The clock of engagement: grades that time alone has lowered, and MQLs that have cooled down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from filon.core.access import SYSTEM
from filon.core.jobs import JobContext
from filon.core.line import Batch
from filon.core.models import Tunable
from filon.kit import sql
from filon.leads import engagement
from filon.leads.models import Lead
from filon.leads.rules import RANK
from filon.scoring import crossing, rules, versions
from filon.scoring.judging import judge
from filon.scoring.judging.compiled import Compiled
from filon.scoring.judging.judge import Levels

PART: Final = 1_000
_LOOKED_AT: Final = "scoring.cooled_at"
_LONG_AGO: Final = engagement.EPOCH


def cool(job: JobContext) -> None:
    """The clock: see `cool_down`."""
    cool_down(at=job.at)


def cool_down(*, at: datetime) -> None:
    """Lower the grades that decay alone has lowered, and tell of MQLs that have cooled down since the last look.

    Emits ThresholdCrossed (down). Looks at each lead once, by keys; writes a part at a time.
    """
    compiled = versions.newest()
    if compiled is None:
        return
    _lower_grades(compiled, at)
    last = Tunable.objects.filter(pk=_LOOKED_AT).first()
    since = datetime.fromisoformat(last.value) if last is not None else _LONG_AGO
    _tell_cold(compiled, since, at)
    Tunable.objects.update_or_create(pk=_LOOKED_AT, defaults={"value": at.isoformat(), "changed_at": at})


def forget_last_look() -> None:
    """Look at all leads the next time: with other rules, others may be cold."""
    Tunable.objects.filter(pk=_LOOKED_AT).delete()


def _lower_grades(compiled: Compiled, at: datetime) -> None:
    levels = Levels(compiled, at)
    fallen: list[str] = []
    params: list[Any] = []
    for level, digit in levels.digits:
        marks = ", ".join(["%s"] * len(rules.LETTERS))
        fallen.append(f"(grade IN ({marks}) AND (engagement_log IS NULL OR engagement_log < %s))")
        params += [*(f"{letter}{digit}" for letter in rules.LETTERS), level]
    where = f"({' OR '.join(fallen)})"
    after = 0
    while ids := _part(where, params, after):
        with transaction.atomic():
            batch = Batch([], by=SYSTEM, at=at, is_live=False)
            batch.rows(Lead).load_ids(ids, lock=True)
            judge.set_grades(batch, levels, batch.rows(Lead).by_id.values())
            batch.write()
        after = ids[-1]


def _tell_cold(compiled: Compiled, since: datetime, at: datetime) -> None:
    """Tell of open leads that were MQLs, whose last crossing was up, and that fell under the cold level since."""
    cuts, half_life = compiled.rules.thresholds, compiled.rules.half_life_days
    cold = float(cuts.mql_engagement * crossing.COLD)
    fell = "(engagement_log < %s AND engagement_log >= %s)"
    params: list[Any] = [
        RANK["mql"],
        engagement.level(cold, at, half_life),
        engagement.level(cold, since, half_life) if since > _LONG_AGO else float("-inf"),
    ]
    if since == _LONG_AGO:
        fell = f"({fell} OR engagement_log IS NULL OR fit < %s)"
        params.append(float(cuts.mql_fit))
    where = f"is_open AND reached >= %s AND {fell}"
    after = 0
    while ids := _part(where, params, after):
        with transaction.atomic():
            batch = Batch([], by=SYSTEM, at=at)
            batch.rows(Lead).load_ids(ids, lock=True)
            directions = crossing.last_directions(ids)
            for lead in batch.rows(Lead).by_id.values():
                if directions.get(lead["id"]) == "up":
                    batch.tell(crossing.crossing_of(lead, "down", compiled, at))
            batch.write()
        after = ids[-1]


def _part(where: str, params: Sequence[Any], after: int) -> list[int]:
    rows = sql.fetch(
        f"SELECT id FROM leads_lead WHERE id > %s AND {where} ORDER BY id LIMIT {PART}",
        [after, *params],
    )
    return [row[0] for row in rows]
