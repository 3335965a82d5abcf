"""`filon kpi` and `filon lake`: the figures, and the files they are computed from."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

import click

from filon.cli.frame import command, say

if TYPE_CHECKING:
    from filon.measure.queries import Answer


@click.command("kpi")
@click.argument("name")
@click.option("--from", "first", default="", metavar="DAY", help="First day, such as 2026-01-01. Without: everything.")
@click.option("--to", "last", default="", metavar="DAY", help="First day that is not in the period any more.")
@click.option("--as-of", default="", metavar="TIME", help="Answer from what had been learnt by then.")
@click.option(
    "--by", multiple=True, metavar="DIM", help="Split by month, source, owner, any attribute… May be repeated."
)
@click.option("--basis", default="", metavar="cohort|period", help="Of the leads captured then, or what happened then.")
@click.option("--filter", "condition", default="", metavar="CONDITION", help='Only leads such as: source = "google"')
@command
def kpi(name: str, **asked: Any) -> dict[str, Any]:
    """One figure: funnel, durations, speed, cost, velocity or forecast. The pages and the API show the same."""
    from django.utils import timezone

    from filon.core.access import SYSTEM
    from filon.measure import periods, queries

    at, question = timezone.now(), periods.parse(**asked)
    answer = queries.figure(name, question, by=SYSTEM, at=at, of=queries.reading(question.as_of, at=at, may_wait=True))
    found = answer.as_json()
    _print(answer, found["rows"])
    say(f"as of {found['as_of']}")
    return found


def _print(answer: Answer, rows: list[dict[str, Any]]) -> None:
    """The answer for people: the columns of its page that fit, or a line each when there is a single row."""
    if not rows:
        say("nothing")
        return
    if not answer.dimensions and len(rows) == 1:
        width = max(len(name) for name in rows[0])
        for name, value in rows[0].items():
            say(f"{name:<{width}}  {_text(name, value)}")
        return
    lines = _table(answer, rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    room, shown = shutil.get_terminal_size((100, 24)).columns, 1
    while shown < len(widths) and sum(widths[: shown + 1]) + len(_GAP) * shown <= room:
        shown += 1
    for name, *cells in (line[:shown] for line in lines):
        padded = (text.rjust(width) for text, width in zip(cells, widths[1:shown], strict=True))
        say(_GAP.join((name.ljust(widths[0]), *padded)).rstrip())
    left = len(rows[0]) - len(answer.dimensions) - shown + 1
    if left > 0:
        say(f"{left} more columns with --json")


_GAP: Final = "  "
_LONGEST: Final = 40


def _table(answer: Answer, rows: list[dict[str, Any]]) -> list[list[str]]:
    """Heads and cells: what a line is called, then the columns of the figure's page, or all where it has none."""
    from filon.measure.insight import presentation

    known = [column for column in presentation.columns_of(answer) if column.unit != "interval"]
    if not known:
        names = [name for name in rows[0] if name not in {"from", "to"}]
        called = [f"{row['from']} → {row['to']}" if "from" in row else "" for row in rows]
        cells = [[_text(name, row[name]) for name in names] for row in rows]
        heads = ["", *(name.replace("_", " ") for name in names)]
    else:
        called = [presentation.line_text(answer, line)[:_LONGEST] for line in answer.lines]
        cells = [[presentation.cell(one, line.values, "")["text"] for one in known] for line in answer.lines]
        heads = [presentation.by_text(answer), *(str(one.label) for one in known)]
    return [heads, *([name, *texts] for name, texts in zip(called, cells, strict=True))]


def _text(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    is_rate = "rate" in name.split("_") or name == "within_sla"
    return f"{value:.1%}" if is_rate else f"{value:,.1f}"


@click.group("lake")
def lake() -> None:
    """The files that figures are computed from: a cache of the database."""


@lake.command("rebuild")
@command
def rebuild() -> dict[str, Any]:
    """Make the whole lake anew from the database."""
    from django.utils import timezone

    from filon.measure.lake import files, refresh

    at = timezone.now()
    snapshot = refresh.rebuild(files.here(), at, everything=True)
    seconds = (timezone.now() - at).total_seconds()
    leads, opportunities = refresh.sizes(snapshot)
    say(
        f"{leads:,} leads and {opportunities:,} opportunities in {seconds:.1f} s, true for {snapshot.as_of.isoformat()}"
    )
    return {
        "leads": leads,
        "opportunities": opportunities,
        "position": snapshot.manifest.position.id,
        "as_of": snapshot.as_of.isoformat().replace("+00:00", "Z"),
        "seconds": round(seconds, 3),
    }
