"""`filon doctor`, `purge`, `backup`, `restore`: what an operator does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from filon.cli.frame import answer, bare_command, command, say


@click.command()
@bare_command
def doctor() -> dict[str, Any]:
    """Check that everything is sound; exit 1 when something is not, with what to do."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from filon.core import health

    found = []
    for check in health.checks(timezone.now()):
        found.append(check)
        state = _("ok") if check.ok else _("NOT OK")
        say(f"{state}  {health.label(check.name)} – {check.advice}")
    ok = all(check.ok for check in found)
    result = {"ok": ok, "checks": [asdict(check) for check in found]}
    if not ok:
        answer(result)
        raise click.exceptions.Exit(1)
    return result


@click.command()
@command
def purge() -> dict[str, Any]:
    """Forget what has been kept long enough: inbox payloads after 90 days, done jobs after 7, ended sessions."""
    from django.utils import timezone

    from filon.core import purge as purging

    gone = purging.purge(timezone.now())
    say(", ".join(f"{name} {count}" for name, count in gone.items()))
    return gone


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where to write.")
@command
def backup(output: Path) -> dict[str, Any]:
    """Write the database and the data folder to one file, while Filon runs."""
    from django.utils import timezone

    from filon.core import backup as backups

    result = backups.back_up(output, at=timezone.now())
    say(f"{result['file']}: {result['bytes'] / 1e6:,.1f} MB. It holds the secret key and personal data: keep it safe.")
    return result


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@bare_command
def restore(file: Path) -> dict[str, Any]:
    """Bring a backup into an empty place: an empty FILON_DATA_DIR, or an empty PostgreSQL database."""
    from filon.core import backup as backups

    result = backups.restore(file)
    say(f"Restored the workspace of {result['at']}. Run: filon migrate, then filon serve")
    return result
