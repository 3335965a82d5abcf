"""Keeping the lake true: what little has changed is brought in by whoever asks, what is much by a job."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from filon.core import jobs
from filon.core.jobs import JobContext
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.kit.looking import asked_once
from filon.measure import engine
from filon.measure.lake import changes, files, sources
from filon.measure.lake.changes import Changes, Position
from filon.measure.lake.files import Lake, Manifest, Snapshot, Table
from filon.measure.lake.sources import PART, Beside, Cut, Where

INLINE: Final = 5_000
"""Changed rows that a figure may bring in by itself; above that a job does."""

SMALL: Final = 50_000
"""A workspace with no more leads and opportunities than this is made anew while one waits."""

_TABLES: Final = {"lead": "leads_lead", "opportunity": "deals_opportunity"}
JOB: Final = "measure.refresh"
PAST_JOB: Final = "measure.past"
_PATIENCE_S: Final = 5.0
_TIDY: Final = 5_000  # facts that changed no figure, beyond which the position is kept all the same
_PAST_KEPT: Final = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """A snapshot to answer from. `is_behind`: facts have come since that a job is bringing in."""

    snapshot: Snapshot
    is_behind: bool = False


@asked_once
def current(*, at: datetime, may_wait: bool = False) -> Reading:
    """The lake with what changed brought in. `may_wait`: the asker can wait for as long as it takes (command, job).

    Raises Refused (busy) when there is nothing to answer from yet and a job is making it.
    """
    place = files.here()
    manifest = place.manifest()
    if manifest is None:
        return _first(place, at=at, may_wait=may_wait)
    found = changes.since(manifest.position)
    if not found.is_news and found.facts < _TIDY:
        return Reading(_reaching(place, manifest, found))
    if _fits(manifest, found):
        with place.lock("lake", patience_s=None if may_wait else _PATIENCE_S) as is_held:
            if is_held:
                return Reading(bring_in(place, at, manifest, found))
    elif may_wait or _is_small():
        return Reading(rebuild(place, at))
    else:
        jobs.enqueue(JOB, {}, at=at, key=JOB)
    if found.everything and changes.mark_of(manifest.position.id) != manifest.position.mark:
        raise not_ready()  # the lake is of another database
    return Reading(Snapshot(place.root, manifest, manifest.as_of), is_behind=True)


def _first(place: Lake, *, at: datetime, may_wait: bool) -> Reading:
    if may_wait or _is_small():
        return Reading(rebuild(place, at))
    jobs.enqueue(JOB, {}, at=at, key=JOB)
    raise not_ready()


def not_ready() -> Refused:
    """What is said while a job makes the lake."""
    message = _("The figures are being prepared for the first time. Reload this page in a minute.")
    return Refused(message, Kind.BUSY, code="figures_not_ready")


def _is_small() -> bool:
    rows = sum(int(sql.fetch(f"SELECT COALESCE(MAX(id), 0) FROM {table}")[0][0]) for table in _TABLES.values())
    return rows <= SMALL


def _fits(manifest: Manifest, found: Changes) -> bool:
    if found.everything:
        return False
    leads = found.leads.union(manifest.leads.keys)
    return len(leads) + len(found.opportunities.union(manifest.opportunities.keys)) <= INLINE


def _reaching(place: Lake, manifest: Manifest, found: Changes) -> Snapshot:
    """The lake as it is, true for a later moment: what was told since changes no figure."""
    learnt_at = found.position.learnt_at
    return Snapshot(place.root, manifest, max(manifest.as_of, learnt_at) if learnt_at else manifest.as_of)


# Bringing in what changed ---------------------------------------------------------------------------------------------


def bring_in(place: Lake, at: datetime, before: Manifest, found: Changes) -> Snapshot:
    """Read again the rows that changed since `before` and put them beside the parts. The caller holds the lock `lake`.

    What another has brought in meanwhile is looked at anew.
    """
    manifest = place.manifest()
    if manifest is None:
        raise not_ready()
    if manifest.token != before.token:
        found = changes.since(manifest.position)
    if not found.is_news and found.facts < _TIDY:
        return _reaching(place, manifest, found)
    if found.everything:
        return Snapshot(place.root, manifest, manifest.as_of)
    after = _stand(manifest, found.position, at)
    cut = Cut(found.position.id)
    if after.as_of >= manifest.shifts_until:
        after = _with_shifts(place, after)
    if found.leads:
        after = replace(after, leads=_changed_leads(place, after, found.leads, cut))
    if found.opportunities:
        after = replace(after, opportunities=_changed_opportunities(place, after, found.opportunities, cut))
    if found.has_costs:
        after = replace(after, costs=_new_path("cost", "all"))
        sources.write_costs(place.root / after.costs, cut)
    after = place.publish(after, manifest, at)
    return Snapshot(place.root, after, after.as_of)


def _stand(manifest: Manifest, position: Position, at: datetime) -> Manifest:
    return replace(
        manifest,
        token=_token(),
        position=position,
        as_of=max(manifest.as_of, position.learnt_at or manifest.as_of),
        made_at=at,
    )


def _changed_leads(place: Lake, manifest: Manifest, ids: set[int], cut: Cut) -> Table:
    name, table = _new_path("lead", "changed"), manifest.leads
    shifts = place.root / manifest.shifts
    met = sources.write_leads(place.root / name, sources.id_list(ids), cut, shifts, _beside(place, table, ids))
    return _with_changed(table, name, ids, cut, met)


def _changed_opportunities(place: Lake, manifest: Manifest, ids: set[int], cut: Cut) -> Table:
    name, table = _new_path("opportunity", "changed"), manifest.opportunities
    met = sources.write_opportunities(place.root / name, sources.id_list(ids), cut, _beside(place, table, ids))
    return _with_changed(table, name, ids, cut, met)


def _beside(place: Lake, table: Table, ids: set[int]) -> Beside:
    return Beside(ids, place.root / table.changed if table.changed else None)


def _with_changed(table: Table, name: str, ids: set[int], cut: Cut, attributes: set[str]) -> Table:
    keys = {**table.keys, **dict.fromkeys(ids, cut.position)}
    return replace(table, changed=name, keys=keys, attributes=table.attributes | attributes)


def _new_path(folder: str, stem: str) -> str:
    return f"{folder}/{stem}-{_token()}.parquet"


def _token() -> str:
    return os.urandom(8).hex()


# Making parts anew ----------------------------------------------------------------------------------------------------


def rebuild(place: Lake, at: datetime, *, everything: bool = False) -> Snapshot:
    """Make the parts anew in which rows have changed, all of them when nothing is known of the lake.

    One process does it at a time; others wait for it, and answer from the older parts until it is done.
    """
    with place.lock("build"):
        before = place.manifest()
        if before is None or everything:
            found = Changes(changes.position(), everything=True)
        else:
            found = changes.since(before.position)
            if not found.is_news and found.facts < _TIDY:
                return _reaching(place, before, found)
        made = _make(place, before, found, at, Cut(found.position.id))
        with place.lock("lake"):
            now = place.manifest()
            if now is not None and before is not None and now.token != before.token and not found.everything:
                made = _keeping_newer(place, made, now)
            made = place.publish(made, now, at)
        return Snapshot(place.root, made, made.as_of)


def _make(place: Lake, before: Manifest | None, found: Changes, at: datetime, cut: Cut) -> Manifest:
    """Write the parts that are to be made, and what names them; not published yet."""
    known = None if found.everything else before
    manifest = _begin(place, known, found.position, at, cut)
    shifts = place.root / manifest.shifts
    leads = _made(
        place,
        "lead",
        known.leads if known else None,
        found.leads,
        lambda path, where: sources.write_leads(path, where, cut, shifts),
    )
    opportunities = _made(
        place,
        "opportunity",
        known.opportunities if known else None,
        found.opportunities,
        lambda path, where: sources.write_opportunities(path, where, cut),
    )
    costs = _new_path("cost", "all")
    sources.write_costs(place.root / costs, cut)
    return replace(manifest, leads=leads, opportunities=opportunities, costs=costs)


def _begin(place: Lake, known: Manifest | None, position: Position, at: datetime, cut: Cut) -> Manifest:
    if known is not None:
        after = _stand(known, position, at)
        after = replace(after, parts_as_of=after.as_of)
        return _with_shifts(place, after) if after.as_of >= after.shifts_until else after
    as_of = cut.until or position.learnt_at or at
    empty = Manifest(
        token=_token(),
        position=position,
        as_of=as_of,
        parts_as_of=as_of,
        made_at=at,
        shifts_until=as_of,
        zone=settings.TIME_ZONE,
    )
    return _with_shifts(place, empty)


def _made(
    place: Lake,
    name: str,
    known: Table | None,
    changed: set[int],
    write: Callable[[Path, Sequence[Where]], set[str]],
) -> Table:
    """A table whose rows are all in its parts: those that have to be made anew, and those that stay."""
    numbers, parts = _parts_to_make(name, known, changed)
    attributes = set(known.attributes if known else ())
    for number in numbers:
        parts[number] = _new_path(name, f"{number:05d}")
        attributes |= write(place.root / parts[number], sources.id_range(number * PART, (number + 1) * PART))
    return Table(parts=parts, attributes=frozenset(attributes))


def _parts_to_make(name: str, known: Table | None, changed: set[int]) -> tuple[list[int], dict[int, str]]:
    """The numbers of the parts that have to be made, and the files of those that stay."""
    if known is None:
        found = sql.fetch(f"SELECT DISTINCT id / {PART} FROM {_TABLES[name]}")
        return sorted(number for (number,) in found) or [0], {}
    touched = {key // PART for key in changed.union(known.keys)}
    return sorted(touched), {number: path for number, path in known.parts.items() if number not in touched}


def _with_shifts(place: Lake, manifest: Manifest) -> Manifest:
    until = datetime(manifest.as_of.year + 2, 1, 1, tzinfo=UTC)
    path = _new_path("shift", "all")
    sources.write_shifts(place.root / path, until)
    return replace(manifest, shifts=path, shifts_until=until)


def _keeping_newer(place: Lake, made: Manifest, now: Manifest) -> Manifest:
    """Parts made while others brought in newer rows: those rows stay beside them."""
    leads, opportunities = (
        _newer_only(place, mine, theirs, made.position.id)
        for mine, theirs in ((made.leads, now.leads), (made.opportunities, now.opportunities))
    )
    is_later = now.position.id > made.position.id
    return replace(
        made,
        leads=leads,
        opportunities=opportunities,
        position=now.position if is_later else made.position,
        as_of=max(made.as_of, now.as_of),
        costs=now.costs if is_later else made.costs,
    )


def _newer_only(place: Lake, mine: Table, theirs: Table, position: int) -> Table:
    keys = {key: read_at for key, read_at in theirs.keys.items() if read_at > position}
    if not keys:
        return mine
    folder = theirs.changed.partition("/")[0]
    path = _new_path(folder, "changed")
    sources.keep_only(place.root / path, place.root / theirs.changed, keys)
    return replace(mine, changed=path, keys=keys, attributes=mine.attributes | theirs.attributes)


# A past time ----------------------------------------------------------------------------------------------------------


def as_of(until: datetime, *, at: datetime, may_wait: bool = False) -> Reading:
    """The lake as it would have been at a past moment: only facts learnt, and happened, until then.

    Dimensions (owner, source, sector…) are today's: the ledger keeps when things happened, the rows what they are.
    """
    reading = current(at=at, may_wait=may_wait)
    if until >= reading.snapshot.as_of:
        return Reading(replace(reading.snapshot, as_of=min(until, at)), reading.is_behind)
    place = Lake(files.here().root / "past" / f"{engine.naive(until):%Y%m%dT%H%M%S%f}")
    manifest = place.manifest()
    if manifest is not None and not _is_stale(manifest, until):
        return Reading(Snapshot(place.root, manifest, until))
    if not may_wait and not _is_small():
        jobs.enqueue(PAST_JOB, {"until": until.isoformat()}, at=at, key=f"{PAST_JOB}:{until.isoformat()}")
        raise not_ready()
    return Reading(make_past(place, until, at))


def _is_stale(manifest: Manifest, until: datetime) -> bool:
    """Whether something was told since that had been learnt by then, or the ledger is another one."""
    if changes.mark_of(manifest.position.id) != manifest.position.mark:
        return True
    moment = connection.ops.adapt_datetimefield_value(until)
    return bool(
        sql.fetch("SELECT 1 FROM core_fact WHERE id > %s AND learnt_at <= %s LIMIT 1", [manifest.position.id, moment])
    )


def make_past(place: Lake, until: datetime, at: datetime) -> Snapshot:
    """Make the measure tables of a past moment, and forget the oldest of those made before."""
    with place.lock("build"):
        found = Changes(changes.position(), everything=True)
        made = _make(place, None, found, at, Cut(found.position.id, until))
        made = place.publish(made, place.manifest(), at)
    _forget_old(place.root.parent)
    return Snapshot(place.root, made, until)


def _forget_old(folder: Path) -> None:
    newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[_PAST_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def sizes(snapshot: Snapshot) -> tuple[int, int]:
    """How many leads and opportunities a snapshot holds."""
    with engine.connection() as duck:
        leads, opportunities = (
            int(duck.execute(f"SELECT count(*) FROM {snapshot.relation(name)}").fetchall()[0][0])
            for name in ("lead", "opportunity")
        )
    return leads, opportunities


# Jobs -----------------------------------------------------------------------------------------------------------------


def refresh(job: JobContext) -> None:
    """Bring the lake up to date. Safe to run twice."""
    current(at=job.at, may_wait=True)


def remake(job: JobContext) -> None:
    """Make the whole lake anew, so that whatever was missed is mended within a day. Safe to run twice."""
    rebuild(files.here(), job.at, everything=True)


def past(job: JobContext) -> None:
    """Prepare the answers of a past moment. Safe to run twice."""
    as_of(datetime.fromisoformat(job.arguments["until"]), at=job.at, may_wait=True)
