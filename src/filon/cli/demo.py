"""`filon demo`: sample data in, and out again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from filon.cli.frame import Progress, command, say


@click.command()
@click.option("--leads", type=click.IntRange(60, 100_000), default=1200, show_default=True, help="How many leads.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed tells another year.")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M"]), help="The moment at which the year ends, if not now.")
@click.option("--add", "adds", is_flag=True, help="Also beside records of your own.")
@click.option("--clear", "clears", is_flag=True, help="Take the sample data away again.")
@command
def demo(leads: int, seed: int, at: datetime | None, *, adds: bool, clears: bool) -> dict[str, Any]:
    """Fill the workspace with a year of an invented company, the same for the same seed and moment.

    Nothing is sent and no clock starts for that year; the last two working days come in live. It can be taken away
    again, whole.
    """
    from django.utils import timezone

    now = timezone.now() if at is None else timezone.make_aware(at)
    return _clear(now) if clears else _make(leads, seed, now, adds=adds)


def _make(leads: int, seed: int, at: datetime, *, adds: bool) -> dict[str, Any]:
    from filon.core.access import SYSTEM
    from filon.demo import commands

    progress = Progress("sample data", leads)
    for step in commands.make_sample(leads=leads, seed=seed, by=SYSTEM, at=at, adds=adds):
        progress.show(step.done)
    progress.end()
    imported = commands.sample()
    assert imported is not None  # noqa: S101 — it has just been made
    counts = commands.counts(imported)
    say(", ".join(f"{count:,} {name}" for name, count in counts.items()) + ".")
    say("To take it all away again: filon demo --clear")
    return {"import_id": imported.pk, "seed": seed, "at": at.isoformat(), **counts}


def _clear(at: datetime) -> dict[str, Any]:
    from filon.core.access import SYSTEM
    from filon.demo import commands

    progress, gone = Progress("emptying"), 0
    for step in commands.clear_sample(by=SYSTEM, at=at):
        gone = step.done
        progress.show(gone)
    progress.end()
    say(f"{gone:,} sample records taken away.")
    return {"gone": gone}
