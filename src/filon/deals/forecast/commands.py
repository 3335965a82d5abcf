"""Setting targets, and keeping once a week what is foreseen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from filon.core.access import SYSTEM, Actor
from filon.core.jobs import JobContext
from filon.core.line import Batch
from filon.deals import rules as deal_rules
from filon.deals.events import TargetSet
from filon.deals.forecast import queries, rules
from filon.deals.models import Snapshot, Target
from filon.kit.errors import Kind, Refused

AHEAD: Final = 6
"""So many months, this one included, are foreseen each week."""


@transaction.atomic
def set_targets(values: Mapping[tuple[int | None, date], Decimal | None], *, by: Actor, at: datetime) -> int:
    """Set targets by (owner or None for the whole, first day of a month); None takes one away. How many changed.

    Needs `targets.change`. A manager sets those of their own team. Emits TargetSet for each that changed.
    """
    by.require("targets.change")
    mine = {owner_id for owner_id, _name in queries.sellers(by=by)} | ({None} if by.role != "manager" else set())
    known = {(one.owner_id, one.month): one for one in Target.objects.select_for_update()}
    batch = Batch([], by=by, at=at)
    for (owner_id, month), given in values.items():
        before = known.get((owner_id, month))
        was = before.amount if before else None
        amount = None if given is None else deal_rules.amount_of(given)
        if given is not None and amount is None:
            raise Refused(_("This number is out of range."), Kind.INVALID, code="amount")
        if amount == was:
            continue
        if owner_id not in mine:
            raise Refused(_("You may not set this target."), Kind.FORBIDDEN, code="forbidden")
        if before is not None:
            before.delete()
        if amount is not None:
            Target.objects.create(owner_id=owner_id, month=month, amount=amount)
        batch.tell(TargetSet(at=at, owner_id=owner_id, month=month.isoformat(), value=amount, was=_text(was)))
    told = len(batch.facts)
    batch.write()
    return told


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def keep_snapshot(job: JobContext) -> None:
    """The daily clock: keep what is foreseen of this month and the next five, once a week. Safe to run twice."""
    at = job.at
    today = timezone.localdate(at)
    monday = today - timedelta(days=today.weekday())
    if Snapshot.objects.filter(on__gte=monday).exists():
        return
    first = rules.period_of("", today)
    found = [queries.forecast(first.moved(ahead), by=SYSTEM, at=at) for ahead in range(AHEAD)]
    Snapshot.objects.bulk_create(
        (Snapshot(month=one.period.start, on=today, won=one.whole.won, landing=one.whole.landing) for one in found),
        ignore_conflicts=True,
    )
