"""The dry run: the real line over the real file, with nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from filon.capture.imports import notices
from filon.capture.imports.commands import broken, entries_of, path_of
from filon.capture.imports.feed import MappedRow, stream
from filon.capture.imports.plan import Plan
from filon.capture.models import Import
from filon.core import line
from filon.core.access import Actor
from filon.core.line import Batch, Item
from filon.kit import sql
from filon.leads.findings.words import said_of
from filon.leads.identity import person_keys
from filon.ui import formats


@dataclass
class Rehearsal:
    """What an import would do. `findings`: how often, by kind, code and subject.

    `started` counts what would start, by kind of fact; empty for history.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    findings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    started: Counter[str] = field(default_factory=Counter)
    rejects: list[tuple[int, str, str]] = field(default_factory=list)  # the first of them: line, column, reason


_STARTS = frozenset({"lead_routed", "promise_made"})
_SHOWN = 50
_TOLD = 10


def rehearse(imported: Import, *, by: Actor, at: datetime) -> Iterator[Rehearsal]:
    """Count what the import would do, yielding the counts so far after each part. Needs `imports.run`."""
    by.require("imports.run")
    plan = Plan.from_json(imported.plan)
    result = Rehearsal()
    seen = _Seen(plan.entry_kind)
    for part in stream(path_of(imported), plan):
        for reject in part.rejects:
            _reject(result, reject.line, reject.column, _(reject.reason) % reject.params)
        if part.rows:
            _count(result, imported, plan, part.rows, seen, by=by, at=at)
        result.rows += len(part.rows) + len(part.rejects)
        yield result


def _reject(result: Rehearsal, line_number: int, column: str, reason: str) -> None:
    result.rejected += 1
    if len(result.rejects) < _SHOWN:
        result.rejects.append((line_number, column, reason))


class _Seen:
    """What earlier parts of the file would have made: the database does not know of it in a dry run."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._digests: dict[str, str] = {}
        self._people: set[tuple[str, str, str]] = set()

    def outcome(self, item: Item) -> str:
        """What would become of an item, given the parts before it."""
        entry = item.entry
        outcome = item.outcome
        before = self._digests.get(entry.key) if entry.key else None
        if outcome == "created" and before is not None:
            outcome = "unchanged" if before == entry.digest else "updated"
        if entry.key:
            self._digests[entry.key] = entry.digest
        if self._kind == "lead":
            keys = set(person_keys(entry.values, entry.system, entry.kind))
            if outcome == "created" and keys & self._people:
                outcome = "updated"
            if item.lead is not None and item.lead["is_open"]:
                self._people |= keys
        return outcome


def _count(
    result: Rehearsal, imported: Import, plan: Plan, rows: list[MappedRow], seen: _Seen, *, by: Actor, at: datetime
) -> None:
    is_live = imported.mode == "live"
    entries = entries_of(rows, plan, system=imported.system, is_live=is_live, at=at)
    batch = Batch(entries, by=by, at=at, import_id=imported.pk, is_live=is_live)
    try:
        line.rehearse(batch)
    except Exception as error:
        if sql.is_unavailable(error):
            raise  # no row is at fault
        if len(rows) == 1:
            reject = broken(rows[0], error)
            _reject(result, reject.line, reject.column, _(reject.reason) % reject.params)
            return
        middle = len(rows) // 2  # as the import will: one row that breaks the line does not stop the others
        _count(result, imported, plan, rows[:middle], seen, by=by, at=at)
        _count(result, imported, plan, rows[middle:], seen, by=by, at=at)
        return
    for item in batch.items:
        if item.refusal is not None:
            _reject(result, item.entry.line, str(item.refusal.errors[0]["field"]), _(item.refusal.message))
            continue
        outcome = seen.outcome(item)
        setattr(result, outcome, getattr(result, outcome) + 1)
    result.findings.update(batch.findings)
    result.started.update(fact.kind for fact in batch.facts if fact.kind in _STARTS)


def counted(result: Rehearsal | Import) -> str:
    """How many rows became what, in a sentence."""
    names = ("rows", "created", "updated", "unchanged", "rejected")
    return _(
        "%(rows)s rows: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(rejected)s rejected."
    ) % {name: formats.number(getattr(result, name)) for name in names}


def in_words(result: Rehearsal, imported: Import, *, at: datetime) -> list[str]:
    """The dry run in sentences: what would be made, what would start, what is odd."""
    words = [
        *notices.after(imported, result.findings["lead", notices.UNDATED, ""], at=at),
        counted(result),
    ]
    if imported.mode == "history":
        words.append(
            _("History: nothing would start. No owner changes, no clock, no scenario, no message, no notification.")
        )
    else:
        words.append(
            _("Live: %(routed)s leads would be routed and %(clocks)s first-contact clocks would start.")
            % {"routed": result.started["lead_routed"], "clocks": result.started["promise_made"]}
        )
    words += [
        f"  {formats.number(count)} × {said_of(kind, code, subject)}"
        for (kind, code, subject), count in result.findings.most_common(_TOLD)
        if code != notices.UNDATED
    ]
    return words


def as_json(result: Rehearsal) -> dict[str, Any]:
    """The counts as the import keeps them for its page."""
    return {
        "rows": result.rows,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "rejected": result.rejected,
        "started": dict(result.started),
        "findings": [[*finding, count] for finding, count in result.findings.most_common(50)],
        "rejects": [list(reject) for reject in result.rejects],
    }
