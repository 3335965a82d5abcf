"""Whether pages must say that sample data are there: asked of the database every few seconds, not at every page."""

from __future__ import annotations

import time
from typing import Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from filon.capture.models import Import
from filon.ui.context import Banner

_KEPT_S: Final = 15.0


class _Known:
    """What was found last, and until when (monotonic seconds) it is taken for true."""

    until = 0.0
    is_there = False


def forget() -> None:
    """Ask again at the next page: sample data have come or gone."""
    _Known.until = 0.0


def banner(request: HttpRequest) -> Banner | None:
    """The words and the way out, for whoever may take the sample data away; words alone for the others."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.kind != "user":
        return None  # pages for strangers say nothing of the workspace
    if time.monotonic() >= _Known.until:
        _Known.is_there = Import.objects.filter(kind="demo").exclude(state=Import.State.UNDONE).exists()
        _Known.until = time.monotonic() + _KEPT_S
    if not _Known.is_there:
        return None
    return Banner(_("Sample data"), reverse("demo") if actor.may("demo.run") else "", _("empty"))
