"""`filon bench`: measures itself on made data in a throw-away place."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from filon.cli.frame import command, say


@click.command()
@click.argument("scenarios", nargs=-1)
@click.option("--leads", type=int, default=100_000, show_default=True, help="Leads of the base.")
@click.option("--events", type=int, default=500_000, show_default=True, help="Acts of the base (pages).")
@click.option("--database", default="", metavar="URL", help="A PostgreSQL server to measure on; SQLite without it.")
@command
def bench(scenarios: tuple[str, ...], leads: int, events: int, database: str) -> dict[str, Any]:
    """Measure import, API, events and pages. Nothing of your own workspace is touched."""
    from filon.bench.place import throw_away
    from filon.bench.scenarios import SCENARIOS, Size

    unknown = set(scenarios) - set(SCENARIOS)
    if unknown:
        raise click.UsageError(f"There is no scenario {', '.join(sorted(unknown))}. There are: {', '.join(SCENARIOS)}.")
    figures: list[dict[str, Any]] = []
    for name in scenarios or tuple(SCENARIOS):
        say(f"{name} …")
        with throw_away(database) as place:
            for figure in SCENARIOS[name](place, Size(leads, events)):
                figures.append({**figure, "engine": place.engine})
                say("  " + "  ".join(f"{key}={value}" for key, value in figure.items() if value is not None))
    return {"machine": _machine(), "scenarios": figures}


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": Path("/proc/loadavg").read_text().split()[0] if Path("/proc/loadavg").exists() else None,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
