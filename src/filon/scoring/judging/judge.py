"""Judging lead rows of a batch by a version: fit, engagement and grade, set on the rows but not written.

The line, the recomputation after a publication and the simulation before it all judge here, so they agree.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from filon.core.conditions import Subject
from filon.core.line import Batch, Rows
from filon.leads import engagement
from filon.leads.models import Campaign, Company, Lead, Person
from filon.scoring import rules
from filon.scoring.judging import history
from filon.scoring.judging.compiled import Act, Capped, Compiled

LeadRow = dict[str, Any]

_FITS: Final = tuple(rules.from_tenths(number) for number in range(rules.FIT_MOST + 1))


def set_fit(batch: Batch, compiled: Compiled, leads: Collection[LeadRow]) -> None:
    """Set the fit of leads from the rows in the batch. At most one statement a table that is not loaded yet."""
    rows, at = batch.rows(Lead), batch.at
    people, companies, campaigns = _surroundings(batch, compiled, leads)
    subject_rows: dict[str, LeadRow | None] = {}
    subject = Subject(subject_rows)  # one for all: making a new one costs as much as a rule
    for lead in leads:
        subject_rows["lead"] = lead
        subject_rows["person"] = people.get(lead["person_id"])
        subject_rows["company"] = companies.get(lead["company_id"])
        subject_rows["campaign"] = campaigns.get(lead["campaign_id"])
        rows.change(lead, "fit", _FITS[compiled.fit_tenths(subject, at)])


def _surroundings(
    batch: Batch, compiled: Compiled, leads: Iterable[LeadRow]
) -> tuple[Mapping[int, LeadRow], Mapping[int, LeadRow], Mapping[int, LeadRow]]:
    """The people, companies and campaigns of leads, as far as the fit rules read them."""
    found: list[Mapping[int, LeadRow]] = []
    for model, alias in ((Person, "person"), (Company, "company"), (Campaign, "campaign")):
        if alias not in compiled.columns:
            found.append({})
            continue
        rows = batch.rows(model)
        rows.load_ids({lead[f"{alias}_id"] for lead in leads} - {None})
        found.append(rows.by_id)
    people, companies, campaigns = found
    return people, companies, campaigns


def set_engagement(batch: Batch, compiled: Compiled, leads: Iterable[LeadRow]) -> None:
    """Set the engagement of leads from the whole ledger. One statement."""
    chosen = list(leads)
    acts = history.acts_of([lead["id"] for lead in chosen], compiled.kinds)
    rows = batch.rows(Lead)
    for lead in chosen:
        _set(rows, lead, compiled.engagement_of(acts.get(lead["id"], ())))


def add_engagement(
    batch: Batch,
    compiled: Compiled,
    told: Mapping[int, list[Act]],
    undone: Mapping[int, set[int]],
) -> None:
    """Set the engagement of leads that have new acts (`told`) or lose some (`undone`), both by lead id.

    An act is added to what the row holds, which knows enough of those before for the caps. Where it does not, or an
    act comes before those that count, the whole history is read: one statement for all such leads.
    """
    rows = batch.rows(Lead)
    whole: set[int] = set(undone)
    for lead_id, acts in told.items():
        lead = rows.by_id.get(lead_id)
        if lead is None or lead_id in whole:
            continue
        new = history.in_order([], acts)
        if rows.is_new(lead):
            _set(rows, lead, compiled.engagement_of(new))
            continue
        found = compiled.engagement_with(lead["engagement_log"], lead["capped_acts"], new)
        if found is None:
            whole.add(lead_id)
        else:
            _set(rows, lead, found)
    _replay(batch, compiled, whole, told, undone)


def _replay(
    batch: Batch,
    compiled: Compiled,
    lead_ids: Collection[int],
    told: Mapping[int, list[Act]],
    undone: Mapping[int, set[int]],
) -> None:
    """Set the engagement of leads from their whole history and what this batch adds and takes away."""
    rows = batch.rows(Lead)
    known = history.acts_of(lead_ids, compiled.kinds)
    for lead_id in lead_ids:
        lead = rows.by_id.get(lead_id)
        if lead is not None:
            gone = undone.get(lead_id, ())
            before = [act for act in known.get(lead_id, ()) if act["id"] not in gone]
            acts = history.in_order(before, told.get(lead_id, []))
            _set(rows, lead, compiled.engagement_of(acts))


def _set(rows: Rows, lead: LeadRow, found: tuple[float | None, Capped | None]) -> None:
    rows.change(lead, "engagement_log", found[0])
    rows.change(lead, "capped_acts", found[1])


class Levels:
    """A version's thresholds at one moment, in the form lead rows keep: fits, and logarithms of engagement."""

    def __init__(self, compiled: Compiled, at: datetime) -> None:
        cuts, half_life = compiled.rules.thresholds, compiled.rules.half_life_days
        self._letters: Sequence[tuple[Decimal, str]] = tuple(
            zip((cuts.fit_a, cuts.fit_b, cuts.fit_c), rules.LETTERS, strict=False)
        )
        engagements = (cuts.engagement_1, cuts.engagement_2, cuts.engagement_3)
        self.digits: Sequence[tuple[float, str]] = tuple(
            (engagement.level(float(cut), at, half_life), name)
            for cut, name in zip(engagements, rules.DIGITS, strict=False)
        )
        self._mql_fit = cuts.mql_fit
        self._mql_engagement = engagement.level(float(cuts.mql_engagement), at, half_life)

    def grade(self, fit: Decimal, engagement_log: float | None) -> str:
        """A1 to D4."""
        return _first_passed(fit, self._letters, "D") + _first_passed(_or_none(engagement_log), self.digits, "4")

    def is_mql(self, fit: Decimal, engagement_log: float | None) -> bool:
        """Whether both scores pass the thresholds of an MQL."""
        return fit >= self._mql_fit and _or_none(engagement_log) >= self._mql_engagement


def _first_passed(value: Any, cuts: Sequence[tuple[Any, str]], last: str) -> str:
    for cut, name in cuts:
        if value >= cut:
            return name
    return last


def _or_none(engagement_log: float | None) -> float:
    return -math.inf if engagement_log is None else engagement_log


def set_grades(batch: Batch, levels: Levels, leads: Iterable[LeadRow]) -> None:
    """Set the grade of leads whose scores are set."""
    rows = batch.rows(Lead)
    for lead in leads:
        rows.change(lead, "grade", levels.grade(lead["fit"], lead["engagement_log"]))
