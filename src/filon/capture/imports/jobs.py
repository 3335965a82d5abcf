"""Imports in the worker: they go on when the page is closed, tell how far they are, and survive a kill."""

from __future__ import annotations

from django.utils import timezone

from filon.capture.imports import commands, rehearsal, undo
from filon.capture.models import Import
from filon.core import access
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import Cancelled, JobContext
from filon.core.models import User


def run(job: JobContext) -> None:
    """Take a planned file in, from where it stands."""
    imported = Import.objects.get(pk=job.arguments["import_id"])
    if imported.state in {Import.State.DONE, Import.State.CANCELLED}:
        return  # a worker before this one has finished it and died before it could say so
    for step in commands.run_import(imported.pk, by=_author(imported), now=timezone.now):
        job.progress(step.done, imported.expected_rows)
        if job.is_cancelled():
            commands.cancel_import(imported.pk, by=SYSTEM)


def rehearse(job: JobContext) -> None:
    """Count what an import would do."""
    imported = Import.objects.get(pk=job.arguments["import_id"])
    result = rehearsal.Rehearsal()
    for result in rehearsal.rehearse(imported, by=_author(imported), at=timezone.now()):
        job.progress(result.rows, imported.expected_rows, rejected=result.rejected)
        if job.is_cancelled():
            raise Cancelled
    imported.rehearsal = rehearsal.as_json(result)
    imported.save(update_fields=["rehearsal"])


def take_back(job: JobContext) -> None:
    """Undo an import whose facts are revoked already."""
    imported = Import.objects.get(pk=job.arguments["import_id"])
    for step in undo.run_undo(imported.pk, at=timezone.now()):
        job.progress(step.gone, imported.created)


def _author(imported: Import) -> Actor:
    user = User.objects.filter(pk=imported.author_id).first() if imported.author_id else None
    return access.of_user(user) if user else SYSTEM
