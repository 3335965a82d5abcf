"""The index of search, kept by a clock: leads whose facts came since the last tick are read and indexed again.

The index is a cache of the tables: `rebuild` makes it anew from them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from filon.core import following, jobs
from filon.core.following import Position
from filon.core.jobs import JobContext
from filon.core.models import Job
from filon.kit import sql
from filon.leads import fields
from filon.leads.events import FieldsChanged, LeadCaptured, Submitted
from filon.leads.search import words

JOB: Final = "leads.index_search"
TIDY_JOB: Final = "leads.tidy_search"
FACTS: Final = 5_000
"""How many facts are read at a time."""

LEADS: Final = 1_000
"""How many leads are written in one transaction: about 40 ms under SQLite's write lock."""

_EMPTY: Final = "INSERT INTO leads_search (leads_search) VALUES ('delete-all')"
_POSITION: Final = "leads.search_position"
_TELLING: Final = frozenset({LeadCaptured.kind, Submitted.kind, FieldsChanged.kind})
_IMPORT_UNDONE: Final = "import_undone"
_UNDONE_BY: Final = (timedelta(minutes=5), timedelta(hours=2))  # an undo deletes after it has told its fact
_COLUMNS: Final = ("kind", "lead_id", "person_id", "company_id", "payload")


def index_search(job: JobContext) -> None:
    """Bring the index up to the end of the ledger. Goes on where it was when it is stopped."""
    done, is_last = 0, False
    while not is_last and not job.is_cancelled():
        leads, is_last = index_part(at=job.at)
        done += leads
        if leads:
            job.progress(done)
    if not done:
        _leave_no_trace(job)


def _leave_no_trace(job: JobContext) -> None:
    """Settle a tick that found nothing to do, and forget it: there are 43,200 ticks a day."""
    with transaction.atomic():
        job.finish()
        Job.objects.filter(pk=job.id).delete()


def index_part(*, at: datetime) -> tuple[int, bool]:
    """Index the leads of the next facts: how many, and whether these facts were the last (or another worker's)."""
    before = following.load(_POSITION)
    part = following.part_after(before, _COLUMNS, at=at, limit=FACTS)
    if part.position == before:
        return 0, True
    leads = sorted(_touched(part.facts))
    for ids in sql.in_parts(leads, LEADS):
        seconds = _index(ids)
        if len(ids) == LEADS:
            time.sleep(seconds)  # much is coming in: let others write as long
    with transaction.atomic():
        for undone in _undone(part.facts):
            for delay in _UNDONE_BY:
                jobs.enqueue(TIDY_JOB, {"import_id": undone}, at=at, run_at=at + delay)
        is_mine = following.save(_POSITION, before, part.position, at=at)
    return len(leads), part.is_last or not is_mine


def tidy_search(job: JobContext) -> None:
    """Take the leads of an import that was undone out of the index."""
    after = 0
    while True:
        rows = sql.fetch(
            "SELECT DISTINCT lead_id FROM core_fact WHERE import_id = %s AND kind = %s AND lead_id > %s "
            "ORDER BY lead_id LIMIT %s",
            [job.arguments["import_id"], LeadCaptured.kind, after, LEADS],
        )
        if not rows:
            return
        _index([row[0] for row in rows])
        after = rows[-1][0]
        job.progress(after)


def rebuild(*, at: datetime) -> int:
    """Make the whole index anew; how many leads it has. What happens meanwhile is indexed by the next tick."""
    last = int(sql.fetch("SELECT COALESCE(MAX(id), 0) FROM core_fact")[0][0])
    with transaction.atomic():
        before = following.load(_POSITION)
        following.save(_POSITION, before, Position(last, before.gaps), at=at)
        sql.execute("DELETE FROM leads_search" if sql.is_postgresql() else _EMPTY)
    count, after = 0, 0
    while rows := sql.fetch("SELECT id FROM leads_lead WHERE id > %s ORDER BY id LIMIT %s", [after, LEADS]):
        _index([row[0] for row in rows])
        count, after = count + len(rows), rows[-1][0]
    return count


# Whose facts ----------------------------------------------------------------------------------------------------------


def _touched(facts: Iterable[Sequence[Any]]) -> set[int]:
    """The leads that these facts may have renamed: their own, and those of their people and companies."""
    leads: set[int] = set()
    people: set[int] = set()
    companies: set[int] = set()
    for _id, kind, lead_id, person_id, company_id, _payload in facts:
        if kind not in _TELLING:
            continue
        if lead_id is not None:
            leads.add(lead_id)
        elif person_id is not None:
            people.add(person_id)
        elif company_id is not None:
            companies.add(company_id)
    return leads | _leads_of("person_id", people) | _leads_of("company_id", companies)


def _leads_of(column: str, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    where, params = sql.any_of(column, sorted(ids))
    return {row[0] for row in sql.fetch(f"SELECT id FROM leads_lead WHERE {where}", params)}


def _undone(facts: Iterable[Sequence[Any]]) -> list[int]:
    return [sql.as_json(payload)["imported_id"] for _id, kind, *_ids, payload in facts if kind == _IMPORT_UNDONE]


# Writing --------------------------------------------------------------------------------------------------------------


def _index(ids: Sequence[int]) -> float:
    """Index these leads as they are; those that are gone leave the index. Safe to run twice. Three statements.

    Gives the seconds it kept the write lock.
    """
    where, params = sql.any_of("lead.id", ids)
    found = sql.fetch(
        "SELECT lead.id, person.full_name_folded, COALESCE(company.name_folded, ''), person.email, person.phone, "
        f"person.job_title_folded FROM {fields.source(('person', 'company'))} WHERE {where}",
        params,
    )
    rows = [(lead_id, " ".join(words.of_lead(*texts))) for lead_id, *texts in found]
    with transaction.atomic():
        begun = time.monotonic()
        if sql.is_postgresql():
            _write_postgresql(ids, rows)
        else:
            _write_sqlite(ids, rows)
    return time.monotonic() - begun


def _write_sqlite(ids: Sequence[int], rows: Sequence[tuple[int, str]]) -> None:
    where, params = sql.any_of("rowid", ids)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM leads_search WHERE {where}", params)
        cursor.executemany("INSERT INTO leads_search (rowid, words) VALUES (%s, %s)", rows)


def _write_postgresql(ids: Sequence[int], rows: Sequence[tuple[int, str]]) -> None:
    known = {lead_id for lead_id, _words in rows}
    gone = [lead_id for lead_id in ids if lead_id not in known]
    if gone:
        sql.execute("DELETE FROM leads_search WHERE lead_id = ANY(%s)", [gone])
    sql.execute(
        "INSERT INTO leads_search (lead_id, vector) "
        "SELECT given.id, array_to_tsvector(string_to_array(given.words, ' ')) "
        "FROM unnest(%s::bigint[], %s::text[]) AS given(id, words) "
        "ON CONFLICT (lead_id) DO UPDATE SET vector = excluded.vector",
        [[row[0] for row in rows], [row[1] for row in rows]],
    )
