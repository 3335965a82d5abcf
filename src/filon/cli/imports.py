"""`filon import`: a file in, rehearsed, or taken back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from filon.cli.frame import Progress, command, say

KINDS = ("leads", "companies", "opportunities", "events", "costs", "products", "users")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--as", "kind", type=click.Choice(KINDS), help="What a row is.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="What a column is. May be repeated.")
@click.option("--set", "sets", multiple=True, metavar="FIELD=VALUE", help="A value for rows that have none.")
@click.option("--preset", default="", help="hubspot, pipedrive, salesforce, excel, or a TOML file.")
@click.option("--mode", type=click.Choice(["live", "history"]), help="history starts nothing. Proposed from the dates.")
@click.option("--system", default="", help="The system the external ids belong to.")
@click.option("--country", default="FR", show_default=True, help="Where phone numbers without prefix are dialled.")
@click.option("--dry-run", is_flag=True, help="Count what would happen; write nothing.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the rejected rows.")
@click.option("--undo", type=int, metavar="IMPORT_ID", help="Take a whole import back.")
@click.option("--resume", type=int, metavar="IMPORT_ID", help="Go on with an import that was stopped or killed.")
@command
def import_(file: Path | None, kind: str | None, undo: int | None, resume: int | None, **chosen: Any) -> dict[str, Any]:
    """Take a file in: CSV in any common encoding and separator, XLSX, JSON lines or Parquet.

    Columns with well-known names map by themselves, unknown ones become custom attributes. A file imported twice
    changes nothing the second time.
    """
    if undo is not None:
        return _undo(undo)
    if resume is not None:
        return _run(resume, chosen["rejects"])
    if file is None or kind is None:
        raise click.UsageError("Name the file and what its rows are: filon import FILE --as leads")
    imported = _plan(file, kind, chosen)
    if chosen["dry_run"]:
        return _rehearse(imported)
    _warn(imported)
    return _run(imported.pk, chosen["rejects"])


def _plan(file: Path, kind: str, chosen: dict[str, Any]) -> Any:
    from django.utils import timezone

    from filon.capture.imports import commands, mapping
    from filon.capture.imports.reading import sniff
    from filon.core.access import SYSTEM

    try:
        header = sniff(file).header
        maps = [mapping.parse_map_option(text, kind, header) for text in chosen["maps"]]  # type: ignore[arg-type]
        sets = [mapping.parse_set_option(text, kind) for text in chosen["sets"]]  # type: ignore[arg-type]
    except mapping.MappingError as error:
        raise click.UsageError(str(error)) from error
    except Exception as error:
        raise click.ClickException(str(error)) from error
    options = commands.Options(
        kind=kind,  # type: ignore[arg-type]
        maps=maps,
        sets=sets,
        preset=chosen["preset"],
        system=chosen["system"],
        mode=chosen["mode"] or "",
        country=chosen["country"],
    )
    with file.open("rb") as source:
        return commands.create_import(source, file.name, options, by=SYSTEM, at=timezone.now())


def _warn(imported: Any) -> None:
    from django.utils import timezone

    from filon.capture.imports import notices

    for sentence in notices.before(imported, at=timezone.now()):
        say(sentence)


def _rehearse(imported: Any) -> dict[str, Any]:
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from filon.capture.imports.rehearsal import Rehearsal, in_words, rehearse
    from filon.core.access import SYSTEM

    at = timezone.now()
    result, progress = Rehearsal(), Progress(_("Dry run"))
    for result in rehearse(imported, by=SYSTEM, at=at):
        progress.show(result.rows)
    progress.end()
    for sentence in in_words(result, imported, at=at):
        say(sentence)
    imported.delete()
    return {
        "dry_run": True,
        "mode": imported.mode,
        "rows": result.rows,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "rejected": result.rejected,
        "would_start": dict(result.started),
        "findings": [{"code": code, "subject": what, "count": n} for (_kind, code, what), n in result.findings.items()],
        "rejects": [{"line": line, "column": column, "reason": reason} for line, column, reason in result.rejects],
    }


def _run(import_id: int, rejects: Path | None) -> dict[str, Any]:
    from django.utils import timezone
    from django.utils.translation import gettext as _
    from django.utils.translation import pgettext

    from filon.capture.imports import commands
    from filon.capture.imports.rehearsal import counted
    from filon.capture.models import Import
    from filon.core.access import SYSTEM

    start = time.perf_counter()
    imported = commands.start_import(import_id, by=SYSTEM)
    modes = {"live": _("live"), "history": _("history")}
    said = {"id": imported.pk, "file": imported.file_name, "kind": imported.kind}
    said["mode"] = modes.get(imported.mode, imported.mode)
    say(_("Import %(id)s: %(file)s as %(kind)s, %(mode)s.") % said)
    progress = Progress(pgettext("progress", "Import"))
    for step in commands.run_import(imported.pk, by=SYSTEM, now=timezone.now):
        progress.show(step.done)
    progress.end()
    done = Import.objects.get(pk=imported.pk)
    if rejects is not None:
        _write_rejects(done, rejects)
    say(counted(done))
    for row in done.rejects.order_by("number")[:5]:
        place = {"line": row.line, "column": row.column, "reason": row.reason}
        say(
            "  "
            + (_("line %(line)s, %(column)s: %(reason)s") if row.column else _("line %(line)s: %(reason)s")) % place
        )
    return {
        "import_id": done.pk,
        "mode": done.mode,
        "rows": done.rows,
        "created": done.created,
        "updated": done.updated,
        "unchanged": done.unchanged,
        "rejected": done.rejected,
        "seconds": round(time.perf_counter() - start, 3),
    }


def _write_rejects(imported: Any, path: Path) -> None:
    from filon.capture.imports.rejects import lines

    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(lines(imported))


def _undo(import_id: int) -> dict[str, Any]:
    from django.utils import timezone
    from django.utils.translation import gettext as _
    from django.utils.translation import pgettext

    from filon.capture.imports import undo
    from filon.core.access import SYSTEM
    from filon.ui import formats

    at = timezone.now()
    undo.start_undo(import_id, by=SYSTEM, at=at)
    progress, step = Progress(pgettext("progress", "Undo")), undo.Undone(0, 0)
    for step in undo.run_undo(import_id, at=at):
        progress.show(step.gone)
    progress.end()
    say(
        _("Import %(id)s is undone: %(gone)s records taken back, %(kept)s kept (worked on since).")
        % {"id": import_id, "gone": formats.number(step.gone), "kept": formats.number(step.kept)}
    )
    return {"import_id": import_id, "gone": step.gone, "kept": step.kept}
