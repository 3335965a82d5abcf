"""`filon export`: the data, whole, re-importable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from filon.cli.frame import Progress, command, say

KINDS = ("leads", "people", "companies", "opportunities", "events", "all")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--segment", default="", metavar="NAME", help="A saved filter (leads).")
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl", "parquet"]), default="csv", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A file; a folder for `all`.")
@command
def export(kind: str, segment: str, format_: str, output: Path) -> dict[str, Any]:
    """Write records to a file that can be imported again; `all` writes one file a kind into a folder."""
    if kind != "all":
        return {"rows": _export(kind, output, format_, segment)}
    output.mkdir(parents=True, exist_ok=True)
    kinds = [name for name in KINDS if name != "all"]
    counts = {name: _export(name, output / f"{name}.{format_}", format_, "") for name in kinds}
    return {"rows": sum(counts.values()), **counts}


def _export(kind: str, path: Path, format_: str, segment: str) -> int:
    from django.utils import timezone

    from filon.core.access import SYSTEM
    from filon.exports.commands import export as write

    progress, count = Progress(kind), 0
    for count in write(kind, path, format_=format_, segment=segment, by=SYSTEM, at=timezone.now()):
        progress.show(count)
    progress.end()
    say(f"{count:,} {kind} in {path}")
    return count
