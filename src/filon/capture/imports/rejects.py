"""The reject file: rejected rows with their own columns and the reason, to be mended and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from filon.capture.imports.plan import Plan
from filon.capture.models import Import

EXTRA = ("filon.line", "filon.column", "filon.reason")


def lines(imported: Import) -> Iterator[str]:
    """The file, a line at a time, as CSV with a byte order mark so that Excel reads its accents.

    Cells stand as they came: this file goes back into an import, so formulas are not defused.
    """
    header = Plan.from_json(imported.plan).layout.header
    yield "\ufeff" + _line([*header, *EXTRA])
    for row in imported.rejects.order_by("number").iterator(chunk_size=1000):
        cells = [*row.raw, *[""] * (len(header) - len(row.raw))][: len(header)]
        yield _line([*cells, str(row.line), row.column, row.reason])


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
