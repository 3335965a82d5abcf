"""Bulk orders in the worker: they go on when the page is closed, and after a kill where they stood."""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import SYSTEM, Actor
from filon.core.jobs import JobContext
from filon.core.models import User
from filon.kit.errors import Refused
from filon.leads.bulk import commands, rules
from filon.leads.models import BulkOrder


def run(job: JobContext) -> None:
    """Carry an order out, with the rights that its author has now."""
    found = BulkOrder.objects.select_related("author").get(pk=job.arguments["order_id"])
    with _language(found.author):
        by = _actor(found.author)
        try:
            while not (by is None or commands.run_part(found.pk, by=by, at=job.now())):
                found.refresh_from_db(fields=["changed", "unchanged", "refused"])
                job.progress(found.changed + found.unchanged + found.refused, found.expected)
        except Refused as refused:  # a right was withdrawn meanwhile
            commands.cancel(found.pk, by=SYSTEM, at=job.now(), why=refused.message)
        if by is None:
            commands.cancel(found.pk, by=SYSTEM, at=job.now(), why=_("Who ordered this does not work here any more."))


def undo(job: JobContext) -> None:
    """Take an order back, with the rights of whoever asked for it."""
    found = BulkOrder.objects.select_related("undone_by").get(pk=job.arguments["order_id"])
    with _language(found.undone_by):
        by = _actor(found.undone_by) or SYSTEM
        while not commands.undo_part(found.pk, by=by, at=job.now()):
            found.refresh_from_db(fields=["undone", "kept"])
            job.progress(found.undone + found.kept, found.changed)


def forget(job: JobContext) -> None:
    """The daily clock: forget what was done long ago."""
    commands.forget_before(job.at - rules.KEPT)


def _actor(user: User | None) -> Actor | None:
    return access.of_user(user) if user is not None and user.is_active else None


def _language(user: User | None) -> AbstractContextManager[None]:
    return translation.override((user.language if user else "") or settings.LANGUAGE_CODE)
