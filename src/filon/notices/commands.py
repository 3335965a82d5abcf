"""What a colleague does with their notices: reads them, and says which they do not want."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.core.jobs import JobContext
from filon.kit.errors import Refused
from filon.notices.models import Muted, Notice
from filon.notices.rules import MUTABLE

KEPT: Final = timedelta(days=90)
"""How long notices are kept."""


def read(ids: Sequence[int] | None, *, by: Actor, at: datetime) -> int:
    """Mark one's own notices as read, all of them for None; how many. One statement."""
    own = Notice.objects.filter(user_id=_user(by), read_at__isnull=True)
    return (own if ids is None else own.filter(pk__in=ids)).update(read_at=at)


@transaction.atomic
def mute(kinds: Sequence[str], *, by: Actor) -> None:
    """The kinds that one does not want to hear of from now on; the others are told. Raises Refused."""
    user_id = _user(by)
    if not set(kinds) <= set(MUTABLE):
        raise Refused(_("There is no notice of this kind."), code="invalid")
    Muted.objects.filter(user_id=user_id).exclude(kind__in=kinds).delete()
    Muted.objects.bulk_create([Muted(user_id=user_id, kind=kind) for kind in kinds], ignore_conflicts=True)


def forget_old(job: JobContext) -> None:
    """The daily clock: notices of long ago."""
    Notice.objects.filter(created_at__lt=job.at - KEPT).delete()


def _user(by: Actor) -> int:
    if by.kind != "user" or by.id is None:
        raise Refused(_("Notices are for colleagues."), code="no_colleague")
    return by.id
