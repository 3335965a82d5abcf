"""Judging known leads anew: after a publication, and after what happens outside the line."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from filon.core import jobs
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import Cancelled, JobContext
from filon.core.line import Batch
from filon.core.models import Job
from filon.kit import sql
from filon.leads.models import Lead
from filon.scoring import commands, versions
from filon.scoring.judging import judge
from filon.scoring.judging.judge import Levels

PART: Final = 1_000
"""Leads judged in one transaction: few enough that nobody waits long for the write lock."""


def recompute_all(*, by: Actor, at: datetime) -> int | None:
    """Have every score computed anew from the ledger; the job's id, or None when one is under way. Raises Refused."""
    by.require("scoring.change")
    number = commands.scoring_in_force(at).number
    return jobs.enqueue("scoring.recompute", {"number": number}, at=at, key=f"scoring.recompute:{number}")


@transaction.atomic
def rescore_leads(lead_ids: Collection[int], *, at: datetime) -> None:
    """Judge leads anew from their rows and the whole ledger. Eight statements at most, and the writing.

    For what happens outside the line: facts revoked, leads merged, an import undone, a field edited. Nobody becomes
    an MQL by it.
    """
    batch = Batch([], by=SYSTEM, at=at, is_live=False)
    rows = batch.rows(Lead)
    rows.load_ids(lead_ids, lock=True)
    leads = list(rows.by_id.values())
    if not leads:
        return
    compiled = commands.scoring_in_force(at)
    judge.set_fit(batch, compiled, leads)
    judge.set_engagement(batch, compiled, leads)
    judge.set_grades(batch, Levels(compiled, at), leads)
    batch.write()


def rescore_later(people: Collection[int], companies: Collection[int], *, at: datetime) -> None:
    """Have the leads of many people or companies judged anew by a job."""
    jobs.enqueue("scoring.rescore", {"people": sorted(people), "companies": sorted(companies)}, at=at)


def rescore_after_import(import_id: int, *, at: datetime) -> None:
    """Have what is left of the leads that an import touched judged anew by a job."""
    jobs.enqueue("scoring.rescore", {"people": [], "companies": [], "import_id": import_id}, at=at)


# Jobs -----------------------------------------------------------------------------------------------------------------


def recompute(job: JobContext) -> None:
    """Judge every lead by the version in force, part by part in the order of ids; goes on where a killed run stopped.

    A version published meanwhile has a job of its own: then this one has nothing left to do.
    """
    progress = Job.objects.values_list("progress", flat=True).get(pk=job.id)
    after, done = int(progress.get("after", 0)), int(progress.get("done", 0))
    total = done + Lead.objects.filter(id__gt=after).count()
    while ids := _next_ids(after):
        newest = versions.newest()
        if newest is None or newest.number != job.arguments["number"]:
            return
        _rescore_politely(ids, job.at)
        after, done = ids[-1], done + len(ids)
        job.progress(done, max(total, done), after=after)
        if job.is_cancelled():
            raise Cancelled


def _rescore_politely(ids: Sequence[int], at: datetime) -> None:
    """Judge a part, and when there are more of them leave the write lock to others for as long as it was held."""
    began = time.monotonic()
    rescore_leads(ids, at=at)
    if len(ids) == PART and not sql.is_postgresql():
        time.sleep(time.monotonic() - began)


def _next_ids(after: int) -> list[int]:
    return list(Lead.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)[:PART])


def rescore(job: JobContext) -> None:
    """Judge anew the leads of the people and companies that the job names, or those that an import touched."""
    people, companies = set(job.arguments["people"]), set(job.arguments["companies"])
    leads: set[int] = set()
    if import_id := job.arguments.get("import_id"):
        leads = _touched(import_id, "lead_id")
        people, companies = _touched(import_id, "person_id"), _touched(import_id, "company_id")
    ids = sorted(_leads_of("id", leads) | _leads_of("person_id", people) | _leads_of("company_id", companies))
    done = 0
    for part in sql.in_parts(ids, PART):
        _rescore_politely(part, job.at)
        done += len(part)
        job.progress(done, len(ids))


def _touched(import_id: int, column: str) -> set[int]:
    """The leads, people or companies that facts of an import name."""
    rows = sql.fetch(f"SELECT DISTINCT {column} FROM core_fact WHERE import_id = %s", [import_id])
    return {row[0] for row in rows if row[0] is not None}


def _leads_of(column: str, ids: Collection[int]) -> set[int]:
    if not ids:
        return set()
    where, params = sql.any_of(column, sorted(ids))
    return {row[0] for row in sql.fetch(f"SELECT id FROM leads_lead WHERE {where}", params)}
