"""What can be asked of imports: the list, one with its mapping and preview, its rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from filon.capture.imports.commands import path_of
from filon.capture.imports.feed import parts
from filon.capture.imports.fields import field_named, fields_of
from filon.capture.imports.layout import BadRow
from filon.capture.imports.plan import Plan
from filon.capture.imports.reading import read_rows
from filon.capture.models import Import
from filon.core.access import Actor
from filon.core.conditions.words import Words
from filon.core.models import Job
from filon.kit.errors import not_found
from filon.kit.text import fold
from filon.leads.fields import CHANNELS, CLASSES, MOTIONS, STAGES
from filon.leads.rules import stage_named
from filon.ui import formats

PREVIEW: Final = 10


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A column of the file: what it becomes, how sure that is, and what it says."""

    number: int
    name: str
    field: str
    reason: str
    is_sure: bool
    samples: Sequence[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows as they would be taken in: what the fields are called, a cell for each; `problem` for a rejected
    row."""

    headers: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str], str]]


def imports(by: Actor, limit: int = 50) -> list[Import]:
    """The latest imports. One statement."""
    by.require("imports.run")
    return list(Import.objects.select_related("author").order_by("-created_at")[:limit])


def one(import_id: int, by: Actor) -> Import:
    """An import. Raises Refused when there is none."""
    by.require("imports.run")
    imported = Import.objects.select_related("author").filter(pk=import_id).first()
    if imported is None:
        raise not_found(pgettext("record", "Import"))
    return imported


def columns(imported: Import) -> list[ColumnRow]:
    """The columns of a planned import with three different values each."""
    plan = Plan.from_json(imported.plan)
    rows = [row for row in islice(read_rows(path_of(imported), plan.layout), 100) if not isinstance(row, BadRow)]
    found = []
    for number, choice in enumerate(plan.choices):
        values = dict.fromkeys(row.cells[number].strip()[:60] for row in rows if row.cells[number].strip())
        found.append(
            ColumnRow(
                number, choice.column, choice.field, choice.reason, choice.confidence >= 0.9, list(islice(values, 3))
            )
        )
    return found


def field_options(imported: Import) -> list[tuple[str, str]]:
    """(field, label) of everything a column may become."""
    return [(field.name, _(field.label)) for field in fields_of(Plan.from_json(imported.plan).kind)]


def preview(imported: Import) -> Preview:
    """The first ten rows as values."""
    plan = Plan.from_json(imported.plan)
    first = next(parts(path_of(imported), plan), None)
    if first is None:
        return Preview([], [])
    rows = first.rows[:PREVIEW]
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    shown: list[tuple[int, Sequence[str], str]] = [
        (row.line, [_cell(plan, name, row.values.get(name)) for name in names], "") for row in rows
    ]
    shown += [(reject.line, [], _(reject.reason) % reject.params) for reject in first.rejects[:PREVIEW]]
    labels = [_(field.label) if (field := field_named(plan.kind, name)) else name for name in names]
    return Preview(labels, sorted(shown, key=lambda row: row[0])[:PREVIEW])


_CHOICES: Final[dict[str, Mapping[str, Words]]] = {"channel": CHANNELS, "class": CLASSES, "motion": MOTIONS}
_ENDS: Final = {"won": gettext_noop("Won"), "lost": gettext_noop("Lost"), "open": gettext_noop("Open")}


def _cell(plan: Plan, name: str, value: Any) -> str:
    """A value as people say it, in the time zone the file was written in."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        local = value.astimezone(plan.time_zone)
        return formats.day(local.date()) if local.time() == time() else formats.exact(value)
    if isinstance(value, date):
        return formats.day(value)
    if isinstance(value, int | Decimal):
        return formats.number(value)
    return _in_words(plan.kind, name, str(value))[:80]


def _in_words(kind: str, name: str, text: str) -> str:
    """What a code of ours is called; other texts as they are."""
    if name == "outcome" and kind in {"leads", "opportunities"}:
        return _(_ENDS[text]) if text in _ENDS else text
    found = _CHOICES.get(name, {}).get(text)
    if name == "stage" and kind == "leads" and (stage := stage_named(fold(text))):
        found = STAGES[stage]
    return found.in_language(formats.language()) if found else text


def job_at_work(import_id: int) -> Job | None:
    """The job that waits to work on an import, or does."""
    return Job.objects.filter(key=f"capture.import:{import_id}", state__in=["waiting", "running"]).first()


def job_of(imported: Import) -> Job | None:
    """The job that works on an import now, or the last one that gave up."""
    key = f"capture.import:{imported.pk}"
    return Job.objects.filter(key=key).exclude(state__in=["done", "cancelled"]).order_by("-id").first()
