"""What the author of an import should know before its rows say it one by one: no identifier, no date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filon.capture.imports.commands import path_of
from filon.capture.imports.fields import IDENTIFYING, field_named
from filon.capture.imports.layout import BadRow
from filon.capture.imports.mapping import IGNORED
from filon.capture.imports.plan import Plan
from filon.capture.imports.reading import read_rows
from filon.capture.imports.values import parse_datetime
from filon.capture.models import Import
from filon.kit.identifiers import ValueProblem
from filon.ui import formats

UNDATED: Final = "lead_without_date"
"""The finding of a lead of an old base that gets the date of its import."""
_SAMPLES: Final = 100
_DATED: Final = re.compile(r"\d{1,4}[-/. ]\w{1,12}[-/. ]\d{1,4}")


def before(imported: Import, *, at: datetime) -> list[str]:
    """What the mapping alone tells, in sentences."""
    plan = Plan.from_json(imported.plan)
    told = [identifier(plan)]
    if _may_lack_dates(imported, plan) and "captured_at" not in _taken(plan):
        told.append(
            _("No column says when the leads came: all get the date of the import, %(day)s.") % {"day": formats.day(at)}
        )
        told.append(_dates_elsewhere(imported, plan))
    return [sentence for sentence in told if sentence]


def after(imported: Import, undated: int, *, at: datetime) -> list[str]:
    """What a dry run that found so many rows without a date tells, in sentences."""
    plan = Plan.from_json(imported.plan)
    told = [identifier(plan)]
    if undated:
        told.append(
            ngettext(
                "%(rows)s row does not say when the lead came: it gets the date of the import, %(day)s.",
                "%(rows)s rows do not say when the lead came: they get the date of the import, %(day)s.",
                undated,
            )
            % {"rows": formats.number(undated), "day": formats.day(at)}
        )
        if "captured_at" not in _taken(plan):
            told.append(_dates_elsewhere(imported, plan))
    return [sentence for sentence in told if sentence]


def identifier(plan: Plan) -> str:
    """That no column names who or what a row is of; empty when one does."""
    wanted = IDENTIFYING[plan.kind]
    if not _taken(plan).isdisjoint(wanted):
        return ""
    labels = [_(field.label) for name in wanted if (field := field_named(plan.kind, name))]
    return _(
        "No column was recognised as one of: %(fields)s. Without one, every row is rejected. "
        "Columns of the file: %(columns)s. Say which one it is."
    ) % {"fields": ", ".join(labels), "columns": ", ".join(_quoted(choice.column) for choice in plan.choices)}


def _quoted(column: str) -> str:
    return _("“%(column)s”") % {"column": column}


def _taken(plan: Plan) -> set[str]:
    return {choice.field for choice in plan.choices} | plan.sets.keys()


def _may_lack_dates(imported: Import, plan: Plan) -> bool:
    return plan.kind == "leads" and imported.mode == "history"


def _dates_elsewhere(imported: Import, plan: Plan) -> str:
    found = [_quoted(name) for name in _date_columns(imported, plan)]
    label = _(field.label) if (field := field_named("leads", "captured_at")) else ""
    if not found:
        return _("No other column of the file looks like a date.")
    return _("It may be in: %(columns)s. Map that column to “%(field)s”.") % {
        "columns": ", ".join(found),
        "field": label,
    }


def _date_columns(imported: Import, plan: Plan) -> Iterator[str]:
    """Columns that no field has taken and whose values are dates."""
    read = islice(read_rows(path_of(imported), plan.layout), _SAMPLES)
    rows = [row.cells for row in read if not isinstance(row, BadRow)]
    for place, choice in enumerate(plan.choices):
        field = field_named(plan.kind, choice.field) if choice.field != IGNORED else None
        if field is None or choice.field.startswith("attributes."):
            cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
            if cells and _are_dates(cells, plan):
                yield choice.column


def _are_dates(cells: Sequence[str], plan: Plan) -> bool:
    return sum(_is_date(cell, plan) for cell in cells) >= 0.8 * len(cells)


def _is_date(text: str, plan: Plan) -> bool:
    if not _DATED.match(text):
        return False
    try:
        return parse_datetime(text, zone=plan.time_zone) is not None
    except ValueProblem:
        return False
