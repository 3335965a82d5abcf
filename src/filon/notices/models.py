"""What colleagues are told of, and what they do not want to hear."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from filon.kit import sql
from filon.notices.rules import KINDS, MUTABLE


class Notice(models.Model):
    """One colleague, one fact. count: how many leads it is about, when there is no single one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=9)
    fact_id = models.BigIntegerField()
    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="+")
    count = models.PositiveIntegerField(default=1)
    by_id = models.BigIntegerField(null=True)  # the colleague who did it
    what = models.CharField(max_length=40, default="", blank=True)  # a code that says more: the kind of act, a reason
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "fact_id"], name="notices_once_a_fact"),
            models.CheckConstraint(condition=sql.one_of("kind", KINDS), name="notices_kind_known"),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notices_newest"),
            models.Index(fields=["user"], name="notices_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for user #{self.user_id}"


class Muted(models.Model):
    """A kind of notice, or the letter of the morning, that a colleague does not want."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=9)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notices_muted_once"),
            models.CheckConstraint(condition=sql.one_of("kind", MUTABLE), name="notices_muted_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} muted by user #{self.user_id}"
