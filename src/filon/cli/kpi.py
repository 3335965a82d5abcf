"""`filon kpi` and `filon lake`: the figures, and the files they are computed from."""

from __future__ import annotations

from typing import Any

import click

from filon.cli.frame import command, say


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
    """One figure: funnel, durations, speed, cost or velocity. The pages and the API show the same."""
    from django.utils import timezone

    from filon.core.access import SYSTEM
    from filon.measure import periods, queries

    at, question = timezone.now(), periods.parse(**asked)
    answer = queries.figure(name, question, by=SYSTEM, at=at, of=queries.reading(question.as_of, at=at, may_wait=True))
    _print(answer.rows())
    found = answer.as_json()
    say(f"as of {found['as_of']}")
    return found


def _print(rows: list[dict[str, Any]]) -> None:
    """The rows for people: a column each, or a line each when there is a single row."""
    if len(rows) == 1:
        width = max(len(name) for name in rows[0])
        for name, value in rows[0].items():
            say(f"{name:<{width}}  {_text(value)}")
        return
    if not rows:
        say("nothing")
        return
    cells = [[*rows[0]], *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        say("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


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
