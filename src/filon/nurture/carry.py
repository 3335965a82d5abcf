"""What sequences do when an import is taken back: nobody of it walks on, and who was written to stays known."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from filon.nurture.models import Delivery, Enrollment

_NEVER_SENT = (Delivery.State.QUEUED, Delivery.State.HELD)


@transaction.atomic
def give_back(import_id: int, *, at: datetime) -> None:
    """Take the leads that an import made out of their sequences, with the messages that were never sent.

    A message that was sent keeps its lead and person: else the same file, imported again, would send it twice. Three
    statements, before the rows of the import go; safe to run twice.
    """
    Delivery.objects.filter(lead__import_id=import_id, state__in=_NEVER_SENT).delete()
    here = Enrollment.objects.filter(lead__import_id=import_id)
    here.filter(deliveries=None).delete()
    here.filter(state=Enrollment.State.ACTIVE).update(
        state=Enrollment.State.STOPPED, reason="left", due_at=None, ended_at=at
    )
