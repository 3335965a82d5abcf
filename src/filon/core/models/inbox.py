"""The inbox: whatever comes through a door is stored here before it is understood."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class InboxEntry(models.Model):
    """One thing a door received: a submission, an event, or a chunk of a file (then `payload` holds its row range).

    `status`: `waiting` for the line, `done`, or `quarantined` with its reason until someone replays it.
    """

    class Status(models.TextChoices):
        """Where the entry is on its way."""

        WAITING = "waiting"
        DONE = "done"
        QUARANTINED = "quarantined"

    door = models.CharField(max_length=8)
    kind = models.CharField(max_length=12)
    received_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=6)
    actor_id = models.BigIntegerField(null=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.WAITING)
    payload: Any = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 — unique, and absent for most
    payload_hash = models.CharField(max_length=32, default="")
    answer: Any = models.JSONField(null=True)
    reason = models.CharField(max_length=500, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    import_id = models.BigIntegerField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "inbox entries"
        constraints = [models.UniqueConstraint(fields=["idempotency_key"], name="core_inbox_one_answer_a_key")]
        indexes = [
            models.Index(fields=["id"], name="core_inbox_waiting", condition=Q(status="waiting")),
            models.Index(fields=["id"], name="core_inbox_quarantined", condition=Q(status="quarantined")),
            models.Index(fields=["import_id"], name="core_inbox_import", condition=Q(import_id__isnull=False)),
            models.Index(fields=["received_at"], name="core_inbox_received"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.door}, {self.status}"
