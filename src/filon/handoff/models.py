"""Proposals of leads to sales: what was answered, who must say yes or no, by when, and what they said."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from filon.kit import sql


class Agreement(models.Model):
    """A version of what marketing and sales agreed on; the highest is in force. Never changed.

    required: criteria of `rules.CRITERIA`. answer_hours: open hours that sales have.
    """

    version = models.PositiveIntegerField(unique=True)
    required: Any = models.JSONField(default=list)
    answer_hours = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    def __str__(self) -> str:
        return f"agreement, version {self.version}"


class Handoff(models.Model):
    """One proposal: sales owe an answer by `due_at`. `breached_at` stays: an answer after it is late all the same.

    answers: by criterion (see `rules.CRITERIA`), as the SDR wrote them.
    """

    class State(models.TextChoices):
        """What became of it."""

        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    answers: Any = models.JSONField(default=dict)
    agreement = models.PositiveIntegerField(default=0)  # the version by which it was judged
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(max_length=20, default="", blank=True)
    text = models.CharField(max_length=2000, default="", blank=True)
    proposed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    breached_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(state="proposed"), name="handoff_one_open_a_lead"),
            models.CheckConstraint(
                condition=sql.one_of("state", ("proposed", "accepted", "refused", "withdrawn")), name="handoff_state"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("proposed_at")), name="handoff_due_after_proposed"),
            models.CheckConstraint(
                condition=Q(state="proposed", answered_at=None) | (~Q(state="proposed") & Q(answered_at__isnull=False)),
                name="handoff_answered_when_closed",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="handoff_refused_for_a_reason"),
        ]
        indexes = [
            models.Index(fields=["seller", "due_at"], name="handoff_open_of_seller", condition=Q(state="proposed")),
            models.Index(
                fields=["due_at"], name="handoff_due", condition=Q(state="proposed", breached_at__isnull=True)
            ),
            models.Index(fields=["seller", "-proposed_at"], name="handoff_of_seller"),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id}: {self.state}"
