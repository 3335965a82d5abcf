"""Work that waits: reactions to facts, scheduled work, long jobs."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One piece of work, leased by one worker at a time and fenced by its lease number.

    A `dead` job has used up its attempts (or killed its worker that often) and waits for a person.
    """

    class State(models.TextChoices):
        """Where the job is on its way."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        DEAD = "dead"
        CANCELLED = "cancelled"

    name = models.CharField(max_length=80)
    arguments: Any = models.JSONField(default=dict)
    key = models.CharField(max_length=160, null=True)  # noqa: DJ001 — unique while open, and absent for most
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    run_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    lease_until = models.DateTimeField(null=True)
    lease = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=80, default="")
    progress: Any = models.JSONField(default=dict)
    wants_cancel = models.BooleanField(default=False)
    error = models.TextField(default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(state__in=["waiting", "running"]),
                name="core_job_one_open_a_key",
            )
        ]
        indexes = [
            models.Index(fields=["run_at", "id"], name="core_job_waiting", condition=Q(state="waiting")),
            models.Index(fields=["lease_until"], name="core_job_running", condition=Q(state="running")),
            models.Index(fields=["state", "finished_at"], name="core_job_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
