"""The scoring step of the line: leads that are new, changed or have new acts get their scores and grade."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from filon.core.line import Batch, Rows
from filon.kit import sql
from filon.leads.models import Company, Lead, Person
from filon.scoring import commands, crossing, rescoring
from filon.scoring.judging import history, judge
from filon.scoring.judging.compiled import Act, Compiled
from filon.scoring.judging.judge import Levels

MOST_RELATIVES: Final = 2_000
"""How many leads outside the batch are judged with it because their person or company changed; a job takes more."""


def score_leads(batch: Batch) -> None:
    """Set fit, engagement and grade of the leads this batch touches, and make MQLs of those that come to pass.

    A lead whose person or company changed is judged anew even when it is not in the batch. History makes no MQL.
    At most ten statements, whatever the batch. Emits ThresholdCrossed and StageChanged.
    """
    leads = batch.rows(Lead)
    leads.number()
    compiled = batch.known["scoring"] = commands.scoring_in_force(batch.at)
    news = _news(batch, compiled)
    moved = _moved(batch, compiled)
    leads.load_ids({*moved, *news.told, *news.undone}, lock=True)
    touched = {lead_id: leads.by_id[lead_id] for lead_id in (*news.told, *news.undone) if lead_id in leads.by_id}
    profiles = {lead_id: leads.by_id[lead_id] for lead_id in moved}
    profiles |= {lead_id: lead for lead_id, lead in touched.items() if lead["fit"] is None}
    judged = profiles | touched
    fits_before = {lead_id: lead["fit"] for lead_id, lead in profiles.items()}
    judge.set_fit(batch, compiled, profiles.values())
    judge.add_engagement(batch, compiled, news.told, news.undone)
    levels = Levels(compiled, batch.at)
    judge.set_grades(batch, levels, judged.values())
    if batch.is_live:
        crossing.tell_crossings(batch, compiled, levels, judged.values(), fits_before)


@dataclass(slots=True)
class _News:
    """What a batch's facts do to engagement, by lead: acts told, and ids of facts revoked."""

    told: dict[int, list[Act]] = field(default_factory=dict)
    undone: dict[int, set[int]] = field(default_factory=dict)


def _news(batch: Batch, compiled: Compiled) -> _News:
    news = _News()
    for position, event in enumerate(batch.facts):
        values = event.__dict__
        lead_id = values.get("lead_id")
        if lead_id is None:
            continue
        revoked = values.get("revokes_id")
        if revoked is not None:
            news.undone.setdefault(lead_id, set()).add(revoked)
        elif event.kind in compiled.by_kind and not values.get("is_machine"):
            act = history.act_of(event, learnt_at=batch.at, position=position)
            news.told.setdefault(lead_id, []).append(act)
    return news


def _moved(batch: Batch, compiled: Compiled) -> set[int]:
    """Ids of the leads whose fit may have moved: new, or with another value in a column that a fit rule reads."""
    leads = batch.rows(Lead)
    moved = {lead["id"] for lead in leads.new} | _changed(leads, compiled.columns["lead"])
    people = _changed(batch.rows(Person), compiled.columns.get("person"))
    companies = _changed(batch.rows(Company), compiled.columns.get("company"))
    return moved | _leads_of(batch, people, companies)


def _changed(rows: Rows, columns: frozenset[str] | None) -> set[int]:
    """Ids of known rows with another value in one of the columns."""
    if not columns:
        return set()
    return {row_id for row_id, names in rows.changed.items() if names & columns and not rows.is_new(rows.by_id[row_id])}


def _leads_of(batch: Batch, people: set[int], companies: set[int]) -> set[int]:
    """The leads of people and companies that changed. When they are very many, a job judges them afterwards."""
    if not people and not companies:
        return set()
    of_people, people_ids = sql.any_of("person_id", sorted(people))
    of_companies, company_ids = sql.any_of("company_id", sorted(companies))
    found = sql.fetch(
        f"SELECT id FROM leads_lead WHERE {of_people} "
        f"UNION SELECT id FROM leads_lead WHERE {of_companies} LIMIT {MOST_RELATIVES + 1}",
        [*people_ids, *company_ids],
    )
    if len(found) <= MOST_RELATIVES:
        return {row[0] for row in found}
    rescoring.rescore_later(people, companies, at=batch.at)
    known = batch.rows(Lead).by_id.values()
    return {lead["id"] for lead in known if lead["person_id"] in people or lead["company_id"] in companies}
