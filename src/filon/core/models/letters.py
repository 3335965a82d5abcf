"""What the product itself writes to one person: an invitation, a reminder, a digest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Letter(models.Model):
    """A message to one address, handed over at most once. `key` names it: written twice, it is one.

    `handing_over` is committed before the relay asks for the content, so that a crash in between leaves it `uncertain`.
    calendar: an iCalendar text, of `method` REQUEST or CANCEL. until: not worth sending later. Texts go once sent.
    """

    class State(models.TextChoices):
        """How far it came."""

        WAITING = "waiting"
        HANDING_OVER = "handing_over"
        SENT = "sent"
        UNCERTAIN = "uncertain"
        FAILED = "failed"

    key = models.CharField(max_length=120, unique=True)
    to_name = models.CharField(max_length=300, default="", blank=True)
    to_email = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, default="", blank=True)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    calendar = models.TextField(default="", blank=True)
    method = models.CharField(max_length=8, default="", blank=True)
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    run = models.CharField(max_length=60, default="", blank=True)
    said = models.CharField(max_length=300, default="", blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], name="core_letter_due", condition=Q(state="waiting")),
            models.Index(fields=["id"], name="core_letter_on_its_way", condition=Q(state="handing_over")),
        ]

    def __str__(self) -> str:
        return self.key
